/// What was done with a range of an artifact's bytes. Every byte has such an entry: silence never means clean.
public struct Coverage: Hashable, Sendable {
  public enum State: String, Sendable, CaseIterable {
    /// Read as what it is, into events.
    case parsed
    /// Only searched (text detectors, YARA), not understood.
    case scanned
    /// Not looked at; `reason` says why.
    case skipped
  }

  public var state: State
  /// In the artifact after `encodings`; half open.
  public var start: UInt64
  public var end: UInt64
  /// Encodings undone before counting, as in `Locator`.
  public var encodings: [String]
  /// Why it is not parsed, in words for the report: `truncated gzip stream`, `no parser for this format`.
  public var reason: String?

  public init(_ state: State, _ range: Range<UInt64>, encodings: [String] = [], reason: String? = nil) {
    self.state = state
    start = range.lowerBound
    end = range.upperBound
    self.encodings = encodings
    self.reason = reason
  }

  public var byteCount: UInt64 { end - start }
}
