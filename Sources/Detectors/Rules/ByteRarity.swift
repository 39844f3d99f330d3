import Foundation

/// How rarely bytes are met in the memory of machines, so that of a long pattern the part is looked for that tells most.
///
/// Only how quickly something is found depends on it, never what.
enum ByteRarity {
  /// In sixteenths of a bit: how often each byte stands in those 292 MB of a Linux server's memory that are no pages of
  /// zeros. Half of all bytes are zero even there.
  private static let measured: [Int16] = [
    16, 102, 117, 126, 125, 125, 141, 146, 122, 150, 145, 156, 142, 153, 134, 116,
    128, 160, 155, 145, 157, 152, 167, 168, 141, 159, 166, 172, 165, 172, 170, 130,
    114, 158, 159, 168, 130, 150, 174, 172, 142, 159, 170, 162, 164, 154, 150, 151,
    137, 138, 159, 166, 163, 159, 167, 170, 142, 154, 164, 162, 167, 160, 169, 173,
    130, 128, 156, 155, 129, 140, 160, 162, 102, 138, 165, 166, 131, 152, 164, 165,
    142, 174, 163, 150, 141, 145, 161, 167, 149, 166, 175, 162, 161, 157, 171, 134,
    145, 123, 155, 138, 138, 122, 135, 149, 140, 133, 160, 145, 138, 148, 134, 132,
    132, 170, 132, 132, 121, 139, 149, 154, 150, 159, 172, 153, 163, 173, 176, 110,
    131, 160, 175, 135, 137, 136, 170, 123, 149, 116, 103, 124, 174, 137, 173, 173,
    144, 176, 181, 177, 103, 164, 178, 173, 157, 171, 176, 180, 175, 174, 174, 176,
    148, 177, 181, 180, 166, 178, 168, 179, 157, 181, 181, 172, 174, 177, 178, 176,
    151, 179, 176, 178, 174, 177, 163, 173, 148, 161, 140, 159, 175, 174, 164, 164,
    124, 156, 165, 153, 158, 166, 161, 150, 149, 166, 167, 180, 87, 162, 176, 164,
    144, 171, 164, 173, 176, 178, 178, 176, 156, 174, 178, 172, 174, 177, 172, 164,
    145, 167, 165, 178, 171, 174, 172, 168, 127, 147, 167, 162, 157, 164, 167, 157,
    145, 168, 169, 163, 170, 175, 159, 165, 150, 169, 165, 147, 148, 148, 134, 66,
  ]

  static let scale = 16

  /// How much a byte tells, in sixteenths of a bit.
  static func bits(_ byte: MaskedByte) -> Int { Int(byMask[Int(byte.mask) << 8 | Int(byte.value)]) }

  /// The share of all bytes that a byte covers.
  static func share(_ byte: MaskedByte) -> Double { shares[Int(byte.mask) << 8 | Int(byte.value)] }

  /// By mask and value; as each bit is forgotten in turn, the shares of the two bytes that become one add up.
  private static let shares: [Double] = {
    var shares = [Double](repeating: 1, count: 1 << 16)
    for byte in 0..<256 { shares[0xFF00 | byte] = exp2(-Double(measured[byte]) / Double(scale)) }
    for mask in (0..<255).reversed() {
      let bit = 1 << (~mask).trailingZeroBitCount
      for value in 0..<256 where value & ~mask == 0 {
        let fuller = (mask | bit) << 8
        shares[mask << 8 | value] = shares[fuller | value] + shares[fuller | value | bit]
      }
    }
    return shares
  }()

  private static let byMask: [Int16] = shares.map { Int16(clamping: Int(-log2(min($0, 1)) * Double(scale))) }

  /// Of each byte of a row. One that stood shortly before tells little more: padding and tables repeat themselves.
  private static func told(_ row: ArraySlice<MaskedByte>) -> [Int] {
    func repeats(_ place: Int, _ distance: Int) -> Bool {
      place - distance >= row.startIndex && row[place - distance] == row[place]
    }
    return row.indices.map { place in
      let isRepeated = repeats(place, 1) || repeats(place, 2) || repeats(place, 4)
      return isRepeated ? Self.bits(row[place]) / 4 : Self.bits(row[place])
    }
  }

  /// How much a row of bytes tells, in sixteenths of a bit.
  static func bits(_ row: ArraySlice<MaskedByte>) -> Int { told(row).reduce(0, +) }

  /// Of a row of bytes the part that can be looked for and tells most.
  static func mostTelling(_ row: [MaskedByte]) -> ArraySlice<MaskedByte> {
    let length = MaskedLiteral.maximumLength
    guard row.count > length else { return trimmed(row[...]) }
    let told = told(row[...])
    var sum = told[..<length].reduce(0, +)
    var best = (start: 0, sum: sum)
    for end in length..<row.count {
      sum += told[end] - told[end - length]
      if sum > best.sum { best = (end - length + 1, sum) }
    }
    return trimmed(row[best.start..<best.start + length])
  }

  /// Without the unknown bytes at either end.
  private static func trimmed(_ row: ArraySlice<MaskedByte>) -> ArraySlice<MaskedByte> {
    guard let first = row.firstIndex(where: { $0.mask != 0 }), let last = row.lastIndex(where: { $0.mask != 0 }) else {
      return []
    }
    return row[first...last]
  }
}
