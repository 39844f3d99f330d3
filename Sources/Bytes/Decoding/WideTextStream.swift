/// Text in UTF-16, with a byte order mark as PowerShell and Windows' editors save it or without, handed out as UTF-8; any other
/// stream as it is. What is no character becomes U+FFFD.
public final class WideTextStream: ByteStream {
  private let inner: HeadedStream
  private let isBigEndian: Bool?
  public let encodings: [String]
  private var cut: String?
  public var damage: String? { inner.damage ?? cut }

  private var input: [UInt8] = []
  private var output: [UInt8] = []
  private var taken = 0
  private var ended = false
  /// The first half of a character beyond the basic plane.
  private var high: UInt32?
  private static let chunk = 1 << 16

  public init(_ stream: any ByteStream) throws(BytesError) {
    let before = stream.encodings
    inner = try HeadedStream(stream, headCount: Self.headCount)
    let head = inner.head
    // The mark of UTF-32 begins alike.
    if head.starts(with: [0xFF, 0xFE]), !head.starts(with: [0xFF, 0xFE, 0, 0]) {
      isBigEndian = false
      encodings = before + [Self.little]
    } else if head.starts(with: [0xFE, 0xFF]) {
      isBigEndian = true
      encodings = before + [Self.big]
    } else if let order = Self.orderOfUnmarked(head) {
      isBigEndian = order
      encodings = before + [order ? Self.big : Self.little]
    } else {
      isBigEndian = nil
      encodings = before
    }
  }

  /// Bytes that are looked at where there is no mark.
  private static let headCount = 512

  /// Whether text without a mark has the high byte first; nil where it is no wide text.
  ///
  /// Logs are in ASCII for the most part, so of nearly every two bytes one is zero and the other a letter, and always on the
  /// same side. Records of numbers hold bytes that no text does, and zeros on both sides.
  private static func orderOfUnmarked(_ head: [UInt8]) -> Bool? {
    let pairs = head.count / 2
    // Fewer would be taken for text too easily.
    guard pairs >= 16 else { return nil }
    var (little, big) = (0, 0)
    for place in stride(from: 0, to: pairs * 2, by: 2) {
      if head[place + 1] == 0, isPlain(head[place]) { little += 1 }
      if head[place] == 0, isPlain(head[place + 1]) { big += 1 }
      if head[place] == 0, head[place + 1] == 0 { return nil }
    }
    if little * 10 >= pairs * 9, big == 0 { return false }
    return big * 10 >= pairs * 9 && little == 0 ? true : nil
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    (0x20...0x7E).contains(byte) || byte == 0x0A || byte == 0x0D || byte == 0x09
  }

  private static let little = "utf16le"
  private static let big = "utf16be"

  /// Whether a place was counted in text that was read through this.
  public static func isNamed(in encodings: [String]) -> Bool { encodings.last == little || encodings.last == big }

  public func read(into buffer: UnsafeMutableRawBufferPointer) throws(BytesError) -> Int {
    guard let isBigEndian else { return try inner.read(into: buffer) }
    while taken == output.count, !ended { try fill(isBigEndian) }
    let count = min(buffer.count, output.count - taken)
    output.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[taken..<taken + count])) }
    taken += count
    return count
  }

  private func fill(_ isBigEndian: Bool) throws(BytesError) {
    output.removeAll(keepingCapacity: true)
    taken = 0
    // A byte may be left of the read before.
    let kept = input.count
    input += [UInt8](repeating: 0, count: Self.chunk)
    var failure: BytesError?
    let count = input.withUnsafeMutableBytes { buffer in
      do throws(BytesError) {
        return try inner.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[kept...]))
      } catch {
        failure = error
        return 0
      }
    }
    if let failure { throw failure }
    input.removeLast(input.count - kept - count)
    if count == 0 {
      ended = true
      if high != nil || !input.isEmpty {
        put(0xFFFD)
        cut = "the text ends within a character"
      }
      return
    }
    for place in stride(from: 0, to: input.count - 1, by: 2) {
      let (first, second) = (UInt32(input[place]), UInt32(input[place + 1]))
      take(isBigEndian ? first << 8 | second : second << 8 | first)
    }
    input = input.count % 2 == 0 ? [] : [input[input.count - 1]]
  }

  private func take(_ unit: UInt32) {
    if let first = high {
      high = nil
      if (0xDC00...0xDFFF).contains(unit) { return put(0x10000 + (first - 0xD800) << 10 + (unit - 0xDC00)) }
      put(0xFFFD)
    }
    switch unit {
    case 0xD800...0xDBFF: high = unit
    case 0xDC00...0xDFFF: put(0xFFFD)
    default: put(unit)
    }
  }

  private func put(_ value: UInt32) {
    switch value {
    case ..<0x80: output.append(UInt8(truncatingIfNeeded: value))
    case ..<0x800:
      output.append(UInt8(truncatingIfNeeded: 0xC0 | value >> 6))
      output.append(UInt8(truncatingIfNeeded: 0x80 | value & 0x3F))
    case ..<0x10000:
      output.append(UInt8(truncatingIfNeeded: 0xE0 | value >> 12))
      output.append(UInt8(truncatingIfNeeded: 0x80 | value >> 6 & 0x3F))
      output.append(UInt8(truncatingIfNeeded: 0x80 | value & 0x3F))
    default:
      output.append(UInt8(truncatingIfNeeded: 0xF0 | value >> 18))
      output.append(UInt8(truncatingIfNeeded: 0x80 | value >> 12 & 0x3F))
      output.append(UInt8(truncatingIfNeeded: 0x80 | value >> 6 & 0x3F))
      output.append(UInt8(truncatingIfNeeded: 0x80 | value & 0x3F))
    }
  }
}
