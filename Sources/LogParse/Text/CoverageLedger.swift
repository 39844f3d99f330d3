import Bytes
import Evidence

/// Accounts for every byte of a stream, in order: neighbouring ranges of one state and reason become one entry.
///
/// Entries go to the sink as soon as they are complete, so the ledger itself stays small. Input that changes its state
/// at every line would give an entry a line: after `limit` entries the rest is one entry that says how much of it was
/// not parsed.
struct CoverageLedger {
  /// Entries written out one by one.
  static let limit = 2000

  private let sink: any ResultSink
  private let encodings: [String]
  private var start: UInt64 = 0
  private var end: UInt64 = 0
  private var state = Coverage.State.parsed
  private var reason: String?
  private var written = 0
  private var skippedInRest: UInt64 = 0
  /// `state` is parsed, for no reason, and more of it changes nothing else.
  private var isPlainlyParsed = true

  init(_ sink: any ResultSink, encodings: [String]) {
    self.sink = sink
    self.encodings = encodings
  }

  /// Where the next entry begins.
  var offset: UInt64 { end }

  /// The bytes from the last mark up to `offset` were parsed.
  mutating func parsed(upTo offset: UInt64) {
    // Said for every line of a log, and nearly always more of the same.
    if isPlainlyParsed, offset > end {
      end = offset
    } else {
      mark(.parsed, nil, upTo: offset)
    }
  }

  /// The bytes from the last mark up to `offset` were not understood.
  mutating func skipped(upTo offset: UInt64, _ reason: String) { mark(.skipped, reason, upTo: offset) }

  /// The bytes from the last mark up to `offset` were searched, not understood.
  mutating func scanned(upTo offset: UInt64, _ reason: String) { mark(.scanned, reason, upTo: offset) }

  private mutating func mark(_ state: Coverage.State, _ reason: String?, upTo offset: UInt64) {
    guard offset > end else { return }
    if written >= Self.limit {
      if state == .skipped { skippedInRest += offset - end }
    } else if state != self.state || reason != self.reason {
      flush()
      self.state = state
      self.reason = reason
      isPlainlyParsed = state == .parsed && reason == nil
    }
    end = offset
  }

  private mutating func flush() {
    guard end > start else { return }
    sink.coverage(Coverage(state, start..<end, encodings: encodings, reason: reason))
    start = end
    written += 1
    if written == Self.limit {
      state = .parsed
      reason = nil
    }
  }

  /// Writes what is left; `damage` is the stream's own account of why it ended early, `note` what else is to be said.
  mutating func finish(damage: String?, note: String? = nil) {
    if skippedInRest > 0 {
      state = .scanned
      reason = "lines of this format and other lines alternate; \(skippedInRest) bytes of them are not parsed"
    }
    flush()
    for words in [damage, note] {
      if let words { sink.coverage(Coverage(.skipped, end..<end, encodings: encodings, reason: words)) }
    }
  }
}
