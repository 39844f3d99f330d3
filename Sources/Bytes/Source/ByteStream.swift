/// Bytes that come in order, once. What a streaming parser reads from.
///
/// A damaged source is not an error of the reader: it ends early and says so in `damage`, and what was read counts.
public protocol ByteStream: AnyObject {
  /// Fills the front of the buffer; 0 at the end. May return fewer bytes than there is room for.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(BytesError) -> Int

  /// Why the stream ended before its natural end (a `.gz` cut in the middle …); nil while all is well.
  var damage: String? { get }

  /// Encodings undone on the way, outermost first (`["gzip"]`); offsets count bytes after them.
  var encodings: [String] { get }
}

extension ByteStream {
  public var damage: String? { nil }
  public var encodings: [String] { [] }

  /// The next so many bytes, fewer only at the end.
  public func readFront(_ count: Int) throws(BytesError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < bytes.count {
      var failure: BytesError?
      let more = bytes.withUnsafeMutableBytes { buffer in
        do throws(BytesError) {
          return try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
        } catch {
          failure = error
          return 0
        }
      }
      if let failure { throw failure }
      if more == 0 { break }
      filled += more
    }
    bytes.removeLast(bytes.count - filled)
    return bytes
  }
}

/// Failures of the machine or of the caller; damaged evidence is not among them.
public struct BytesError: Error, Hashable, CustomStringConvertible {
  public enum Code: Hashable, Sendable { case cannotOpen, cannotRead, cannotMap, tooLarge }
  public var code: Code
  /// What was being done to what, and the system's own words.
  public var reason: String

  public init(_ code: Code, _ reason: String) {
    self.code = code
    self.reason = reason
  }

  public var description: String { reason }

  /// Two errors are equal when their codes are, so that a test names the kind and not the words.
  public static func == (left: BytesError, right: BytesError) -> Bool { left.code == right.code }
  public func hash(into hasher: inout Hasher) { hasher.combine(code) }
}

/// A stream over bytes already in memory.
public final class MemoryStream: ByteStream {
  private let bytes: [UInt8]
  private var place = 0

  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  public func read(into buffer: UnsafeMutableRawBufferPointer) throws(BytesError) -> Int {
    let number = min(buffer.count, bytes.count - place)
    guard number > 0 else { return 0 }
    bytes.withUnsafeBytes { source in
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[place..<place + number]))
    }
    place += number
    return number
  }
}
