/// Text in UTF-16 with a byte order mark, as PowerShell and Windows' editors save it, handed out as UTF-8; any other stream as
/// it is. What is no character becomes U+FFFD.
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
    inner = try HeadedStream(stream)
    let head = inner.head
    // The mark of UTF-32 begins alike.
    if head.starts(with: [0xFF, 0xFE]), !head.starts(with: [0xFF, 0xFE, 0, 0]) {
      isBigEndian = false
      encodings = before + [Self.little]
    } else if head.starts(with: [0xFE, 0xFF]) {
      isBigEndian = true
      encodings = before + [Self.big]
    } else {
      isBigEndian = nil
      encodings = before
    }
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
