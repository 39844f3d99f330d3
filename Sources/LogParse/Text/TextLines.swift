import Bytes
import Evidence

/// A line of text and its place. Valid until the next one.
struct TextLine {
  let bytes: ByteView
  let number: Int
  let offset: UInt64
  let byteCount: UInt64
  let encodings: [String]

  var locator: Locator { Locator(offset: offset, length: byteCount, line: number, encodings: encodings) }

  /// One past the last byte, without the line end.
  var end: UInt64 { offset + byteCount }
}

extension Locator {
  /// The same place made longer, up to `end`: a record of several lines is located by its first line and whole length.
  func reaching(_ end: UInt64) -> Locator {
    var longer = self
    if let offset, end > offset { longer.length = max(length ?? 0, end - offset) }
    return longer
  }
}

/// What became of a line.
enum LineOutcome {
  case parsed
  /// Not understood, with the reason in words.
  case skipped(String)
}

/// Hands every line that is not blank to `body` and accounts for all bytes.
///
/// - Parameters:
///   - blanks: whether blank lines are handed out too (they always count as parsed otherwise).
///   - limit: bytes of the longest line that is handed out whole; of a longer one the rest counts as skipped.
func readLines(
  _ stream: any ByteStream, into sink: any ResultSink, blanks: Bool = false, limit: Int = 1 << 20,
  _ body: (TextLine) -> LineOutcome
) throws(BytesError) {
  let reader = LineReader(stream, limit: limit)
  let encodings = stream.encodings
  var ledger = CoverageLedger(sink, encodings: encodings)
  var lines = 0
  while let line = try reader.next() {
    lines = line.number
    var outcome = LineOutcome.parsed
    // A first byte that is no blank settles it for nearly all lines.
    if blanks || line.bytes[0] > 0x20 || !line.bytes.trimmed.isEmpty {
      outcome = body(
        TextLine(
          bytes: line.bytes, number: line.number, offset: line.offset, byteCount: line.byteCount, encodings: encodings))
    }
    switch outcome {
    case .parsed:
      if line.isCut {
        ledger.parsed(upTo: line.offset + UInt64(line.bytes.count))
        ledger.skipped(upTo: reader.offset, "rest of a line longer than \(limit) bytes")
      } else {
        ledger.parsed(upTo: reader.offset)
      }
    case .skipped(let reason): ledger.skipped(upTo: reader.offset, reason)
    }
  }
  ledger.finish(damage: stream.damage, note: lines == 0 && stream.damage == nil ? "empty file" : nil)
}

extension FormatSample {
  /// The first lines that are not blank, without carriage returns; a last line that may be cut is left out unless it is
  /// the only one.
  func lines(_ number: Int) -> [ByteView] {
    var lines: [ByteView] = []
    var rest = head.hasPrefix("\u{FEFF}") ? head.dropFirst(3) : head
    while lines.count < number, !rest.isEmpty {
      let (line, after) = rest.cut(0x0A) ?? (rest, rest.slice(rest.count))
      if rest.firstIndex(of: 0x0A) == nil, !isWhole, !lines.isEmpty { break }
      if !line.trimmed.isEmpty { lines.append(line[line.count - 1] == 0x0D ? line.dropLast(1) : line) }
      rest = after
    }
    return lines
  }

  /// Whether the bytes look like text at all: no NUL in the first KiB.
  var isText: Bool { head.slice(0, 1024).firstIndex(of: 0) == nil }
}
