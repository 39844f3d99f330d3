import Bytes
import Evidence

/// A line of text and its place. Valid until the next one.
struct TextLine {
  fileprivate(set) var bytes: ByteView
  fileprivate(set) var number: Int
  fileprivate(set) var offset: UInt64
  fileprivate(set) var byteCount: UInt64
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
/// A machine that loses its power leaves runs of NULs in the files that were being written, in front of what was written
/// afterwards: these are told and passed over.
///
/// A line that `body` skips goes to the sink as a text where it may hold an attack (`SkippedLine`).
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
  // One for all lines: only the numbers change.
  var text = TextLine(bytes: ByteView(""), number: 0, offset: 0, byteCount: 0, encodings: encodings)
  var handedOn = 0
  while let line = try reader.next() {
    text.bytes = line.bytes
    text.number = line.number
    text.offset = line.offset
    text.byteCount = line.byteCount
    // What was being written when the power failed ends in NULs, and the next line stands behind them without an end between.
    while text.bytes.count >= zeroRunLine, let zeros = text.bytes.zeroRun {
      text.byteCount = UInt64(zeros.lowerBound)
      let whole = text.bytes
      text.bytes = whole.slice(0, zeros.lowerBound)
      if !text.bytes.trimmed.isEmpty {
        if case .skipped(let reason) = body(text) {
          ledger.skipped(upTo: text.offset + text.byteCount, reason)
        } else {
          ledger.parsed(upTo: text.offset + text.byteCount)
        }
      }
      text.bytes = whole.dropFirst(zeros.upperBound)
      text.offset += UInt64(zeros.upperBound)
      text.byteCount = line.byteCount - (text.offset - line.offset)
      ledger.skipped(upTo: text.offset, "NUL bytes")
    }
    let outcome: LineOutcome
    // A first byte that is no blank settles it for nearly all lines.
    if text.bytes[0] == 0, !text.bytes.isEmpty {
      let zeros = text.bytes.leadingZeros
      let rest = text.bytes.dropFirst(zeros)
      ledger.skipped(upTo: text.offset + UInt64(zeros), "NUL bytes")
      text.bytes = rest
      text.offset += UInt64(zeros)
      text.byteCount -= UInt64(zeros)
      outcome = rest.trimmed.isEmpty ? .skipped("NUL bytes") : body(text)
    } else if blanks || text.bytes[0] > 0x20 || !text.bytes.trimmed.isEmpty {
      outcome = body(text)
    } else {
      outcome = .parsed
    }
    if case .skipped(let reason) = outcome {
      ledger.skipped(upTo: reader.offset, reason)
      if handedOn < SkippedLine.limit, let event = SkippedLine.event(text) {
        handedOn += 1
        sink.event(event)
      }
    } else if line.isCut {
      ledger.parsed(upTo: line.offset + UInt64(line.bytes.count))
      ledger.skipped(upTo: reader.offset, "rest of a line longer than \(limit) bytes")
    } else {
      ledger.parsed(upTo: reader.offset)
    }
  }
  ledger.finish(damage: stream.damage, note: text.number == 0 && stream.damage == nil ? "empty file" : nil)
}

/// Bytes of a line that is searched for NULs in it: what a block's rest is filled with is seldom shorter.
private let zeroRunLine = 256

extension FormatSample {
  /// The first lines that are not blank, without carriage returns and without NULs in front; a last line that may be cut is
  /// left out unless it is the only one.
  func lines(_ number: Int) -> [ByteView] {
    var lines: [ByteView] = []
    var rest = front
    while lines.count < number, !rest.isEmpty {
      let (line, after) = rest.cut(0x0A) ?? (rest, rest.slice(rest.count))
      if rest.firstIndex(of: 0x0A) == nil, !isWhole, !lines.isEmpty { break }
      let text = line[0] == 0 ? line.dropFirst(line.leadingZeros) : line
      if !text.trimmed.isEmpty { lines.append(text[text.count - 1] == 0x0D ? text.dropLast(1) : text) }
      rest = after
    }
    return lines
  }

  /// Whether the bytes look like text at all: no NUL in the first KiB but in runs as a crash leaves them, at the front or
  /// behind a line end, and a few that somebody wrote. Records of fixed size and wide characters have others.
  var isText: Bool {
    var rest = head
    var seen = 0
    while let zero = rest.slice(0, max(1024 - seen, 0)).firstIndex(of: 0) {
      let zeros = rest.slice(zero).leadingZeros
      guard zeros >= NULRun.fewest, zero == 0 ? seen == 0 : rest[zero - 1] == 0x0A else {
        return Self.isTextWithZeros(rest.slice(0, max(1024 - seen, 0)))
      }
      let after = rest.slice(zero + zeros)
      // Nothing but zeros, as far as can be seen, is no text; lines with zeros behind them are.
      if after.isEmpty, zero > 0 || seen > 0 { return true }
      guard !after.trimmed.isEmpty, after[0] >= 0x20 || after[0] == 0x0A || after[0] == 0x09 else { return false }
      seen += zero
      rest = after
    }
    return true
  }

  /// Whether it is text but for a few NULs: one in a line must not hide the others. Binary formats have NULs by the
  /// dozen or other bytes that no text holds, or no lines.
  private static func isTextWithZeros(_ front: ByteView) -> Bool {
    var (zeros, runs, controls, lines) = (0, 0, 0, 0)
    var previous: UInt8 = 1
    for byte in front.unsafeBytes {
      switch byte {
      case 0:
        zeros += 1
        if previous != 0 { runs += 1 }
      case 0x0A: lines += 1
      case 0x01...0x08, 0x0B, 0x0E...0x1A, 0x1C...0x1F, 0x7F: controls += 1
      default: break
      }
      previous = byte
    }
    return lines > 0 && zeros * 4 <= front.count && controls * 50 <= front.count && runs <= max(4, front.count / 50)
  }
}

extension ByteView {
  /// The first run of so many NULs that nobody wrote them.
  fileprivate var zeroRun: Range<Int>? {
    var from = 0
    while let start = firstIndex(of: 0, from: from) {
      let count = slice(start).leadingZeros
      if count >= NULRun.fewest { return start..<start + count }
      from = start + count
    }
    return nil
  }
}
