/// Why a file cannot be read as a memory image. Damage behind a readable beginning is no error: it is in the report.
public struct MemoryImageError: Error, Hashable, CustomStringConvertible {
  public enum Code: Hashable, Sendable {
    /// No format of memory images begins like this.
    case unrecognized
    /// The format is known, this kind of it is not (a 32-bit core, an unknown version …).
    case unsupported
    /// Nothing of memory could be found behind the format's header.
    case damaged
  }
  public var code: Code
  public var reason: String

  public init(_ code: Code, _ reason: String) {
    self.code = code
    self.reason = reason
  }

  public var description: String { reason }

  /// Two errors are equal when their codes are, so that a test names the kind and not the words.
  public static func == (left: MemoryImageError, right: MemoryImageError) -> Bool { left.code == right.code }
  public func hash(into hasher: inout Hasher) { hasher.combine(code) }
}
