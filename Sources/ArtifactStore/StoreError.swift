import Bytes

/// A failure of the store or the machine it is on. Damaged evidence is not one: that is coverage.
public struct StoreError: Error, Hashable, CustomStringConvertible {
  public enum Code: Hashable, Sendable {
    /// The path given is not there, not readable, or not what was asked for: the caller can mend it.
    case badSource
    /// Not a store, or one of a version that this program does not know.
    case notAStore
    /// The disk is full or failed. Nothing half-written is left; running again resumes.
    case cannotWrite
    /// The store may be read and not written to: another's, or on a medium that is read-only. The caller can name a copy.
    case readOnly
    case cannotRead
    /// An object's bytes are not what its name says, or the custody chain is broken.
    case integrity
    case notFound
    /// Others are at work in the store, and it must be left alone.
    case busy
    /// The user asked to stop.
    case interrupted
  }

  public var code: Code
  /// One line for the user: what failed, why, and what to do.
  public var reason: String

  public init(_ code: Code, _ reason: String) {
    self.code = code
    self.reason = reason
  }

  public var description: String { reason }

  public static func == (left: StoreError, right: StoreError) -> Bool { left.code == right.code }
  public func hash(into hasher: inout Hasher) { hasher.combine(code) }
}

/// Throws for a system call that failed, naming what was being done.
func check(_ result: some BinaryInteger, _ code: StoreError.Code, _ doing: @autoclosure () -> String) throws(StoreError)
{
  if result < 0 { throw StoreError(code, "\(doing()): \(systemMessage())") }
}
