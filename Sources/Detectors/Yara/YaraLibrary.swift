import CYara

/// The library itself: started once for the process, never stopped.
enum YaraLibrary {
  /// `4.2.3`. Part of every rule's fingerprint: another version may match other bytes.
  static let version = String(cString: shim_version())

  /// yr_initialize. ERROR_SUCCESS, or why nothing can be compiled or scanned.
  static let started: Int32 = yr_initialize()

  /// libyara's error codes (`yara/error.h`) in words.
  static func words(_ code: Int32) -> String {
    switch code {
    case ERROR_SUCCESS: "no error"
    case ERROR_INSUFFICIENT_MEMORY: "not enough memory"
    case ERROR_COULD_NOT_OPEN_FILE: "could not open file"
    case ERROR_COULD_NOT_MAP_FILE: "the mapped file could not be read"
    case ERROR_INVALID_FILE: "not a compiled rules file"
    case ERROR_CORRUPT_FILE: "the compiled rules file is damaged"
    case ERROR_UNSUPPORTED_FILE_VERSION: "compiled by another version of YARA"
    case ERROR_EXEC_STACK_OVERFLOW: "a condition needs too large a stack"
    case ERROR_SCAN_TIMEOUT: "the scan took too long"
    case ERROR_TOO_MANY_SCAN_THREADS: "too many threads scan with the same rules"
    case ERROR_CALLBACK_ERROR: "a callback failed"
    case ERROR_TOO_MANY_MATCHES: "too many matches"
    case ERROR_INTERNAL_FATAL_ERROR: "internal error of libyara"
    case ERROR_TOO_MANY_RE_FIBERS: "a regular expression is too complex"
    case ERROR_INVALID_EXTERNAL_VARIABLE_TYPE: "an external variable has another type"
    case ERROR_REGULAR_EXPRESSION_TOO_COMPLEX: "a regular expression is too complex"
    default: "libyara error \(code)"
    }
  }
}

/// Failures of libyara, or of the caller's files; a rule that does not compile is a `RuleDiagnostic`.
public struct YaraError: Error, Hashable, CustomStringConvertible {
  public enum Code: Hashable, Sendable {
    /// The library does not start, or has no memory.
    case library
    /// A file of compiled rules cannot be used.
    case compiledFile
    /// The scan did not end in time.
    case timeout
    /// The scan could not be finished for another reason.
    case scan
  }

  public var code: Code
  public var reason: String

  public init(_ code: Code, _ reason: String) {
    self.code = code
    self.reason = reason
  }

  public var description: String { reason }

  public static func == (left: YaraError, right: YaraError) -> Bool { left.code == right.code }
  public func hash(into hasher: inout Hasher) { hasher.combine(code) }
}
