import Bytes

/// The address of the service that hands an instance its role's keys, in every form that a resolver takes.
///
/// A filter looks for `169.254.169.254`; the same place is `2852039166`, `0xA9FEA9FE`, `0251.0376.0251.0376` and
/// `169.254.43518`.
enum MetadataAddress {
  /// Of instances, of tasks, of pods.
  private static let numbers: Set<UInt32> = [0xA9FE_A9FE, 0xA9FE_AA02, 0xA9FE_AA17]

  private static let names = LiteralSet(
    exact: [],
    ignoringCase: [
      "//instance-data/", "//instance-data.", "metadata.google.internal", "[fd00:ec2::254]",
      "[fd00:ec2::23]", "::ffff:a9fe:a9fe", "::ffff:a9fe:aa02",
    ])

  /// Where the keys lie behind it, up to the role's name.
  private static let paths = LiteralSet(exact: [
    "meta-data/iam/security-credentials", "meta-data/identity-credentials", "service-accounts/default/token",
    "/v2/credentials/",
  ])

  static func occurs(in text: ByteView) -> Bool {
    var place = 0
    while place < text.count {
      // A number begins where no name, number or path's part goes on.
      guard text[place] >= 0x30, text[place] <= 0x39, !isWordByte(text[place - 1]), text[place - 1] != 0x2E else {
        place += 1
        continue
      }
      let start = place
      while place < text.count, isWordByte(text[place]) || text[place] == 0x2E { place += 1 }
      if isMetadata(text.slice(start, min(place, start + 64))) { return true }
    }
    return names.occurs(in: text)
  }

  /// Whether a role's keys are asked for, not the instance's name or place.
  static func namesCredentials(_ text: ByteView) -> Bool { paths.occurs(in: text) }

  /// Up to four numbers, the last of which stands for all bytes that are left; more behind them only in names like
  /// `169.254.169.254.nip.io`.
  private static func isMetadata(_ host: ByteView) -> Bool {
    var parts = host.split(0x2E, limit: 8)
    if parts.count > 4, hexDigit(parts[4][0]) == nil || parts[4].count > 1 { parts = Array(parts.prefix(4)) }
    if parts.last?.isEmpty == true { parts.removeLast() }
    guard (1...4).contains(parts.count) else { return false }
    var address: UInt64 = 0
    for part in parts.dropLast() {
      guard let number = number(part), number < 256 else { return false }
      address = address << 8 | number
    }
    let left = UInt64(8 * (5 - parts.count))
    guard let last = parts.last.flatMap(number), last < 1 << left else { return false }
    return UInt32(exactly: address << left | last).map(numbers.contains) ?? false
  }

  /// Decimal, `0x…` or with a leading zero octal.
  private static func number(_ part: ByteView) -> UInt64? {
    guard part.count > 0, part.count <= 16 else { return nil }
    if part[0] == 0x30, part[1] | 0x20 == 0x78 { return part.slice(2).hexadecimal }
    let base: UInt64 = part[0] == 0x30 && part.count > 1 ? 8 : 10
    var number: UInt64 = 0
    for index in 0..<part.count {
      guard part[index] >= 0x30, UInt64(part[index] - 0x30) < base else { return nil }
      number = number * base + UInt64(part[index] - 0x30)
    }
    return number
  }
}
