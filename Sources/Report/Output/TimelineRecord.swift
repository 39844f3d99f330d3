import Bytes
import Evidence
import Timeline

/// One event as it stands in `timeline.jsonl` and `timeline.csv`, ready to be sorted: written once, when it is read.
///
/// The fields are Timesketch's: `message`, `datetime`, `timestamp` (microseconds), `timestamp_desc` and `data_type`, then
/// where it comes from, then the record's own. Both times are always written, because the importer computes a missing one
/// in the server's zone (timesketch/lib/utils.py).
struct TimelineRecord: ~Copyable {
  static let csvHeader =
    "message,datetime,timestamp,timestamp_desc,data_type,artifact,locator,source,entities,seen_also"
  /// Lucene's longest keyword. A longer one would make the whole event be refused.
  static let maximumBytes = 32_766

  private(set) var bytes: [UInt8] = []
  private var writer = JSONWriter()

  /// The artifact that an event was read from.
  struct Origin {
    /// In hexadecimal.
    var digest: String
    var path: String
  }

  /// Source (1 byte), identity (8; 0 for none), length of the line (4), line, row without its end.
  mutating func encode(
    _ event: Event, _ time: Timestamp, from origin: Origin, tags: [String], _ fields: inout TimelineFields
  ) {
    let moment = time.timesketch
    let place = event.locator.text
    let message = Self.cut(event.message.isEmpty ? event.dataType : event.message)
    let dataType = Self.cut(event.dataType.isEmpty ? "unknown" : event.dataType)
    writer.removeAll()
    writer.object { json in
      json.field("message", message)
      json.field("datetime", moment)
      json.field("timestamp", time.microseconds)
      json.field("timestamp_desc", event.timeMeaning.rawValue)
      json.field("data_type", dataType)
      json.field("artifact", origin.digest)
      json.field("locator", Self.cut(place))
      json.field("source", Self.cut(origin.path))
      if !event.entities.isEmpty { json.field("entities", event.entities.map { Self.cut($0.text) }) }
      if !tags.isEmpty { json.field("tag", tags.map { Self.cut($0) }) }
      fields.write(event.attributes, to: &json)
    }
    writer.newline()
    bytes.removeAll(keepingCapacity: true)
    bytes.append(UInt8(clamping: Source(dataType: event.dataType).order))
    withUnsafeBytes(of: (event.identity ?? 0).littleEndian) { bytes.append(contentsOf: $0) }
    withUnsafeBytes(of: UInt32(clamping: writer.count).littleEndian) { bytes.append(contentsOf: $0) }
    writer.withUnsafeBytes { bytes.append(contentsOf: $0) }
    CSV.append(message, to: &bytes)
    bytes.append(0x2C)
    CSV.append(moment, to: &bytes)
    bytes.append(0x2C)
    bytes.append(contentsOf: String(time.microseconds).utf8)
    for cell in [event.timeMeaning.rawValue, dataType, origin.digest, place, origin.path] {
      bytes.append(0x2C)
      CSV.append(cell, to: &bytes)
    }
    bytes.append(0x2C)
    CSV.append(event.entities.map(\.text).joined(separator: "; "), to: &bytes)
  }

  /// The line with the places of its copies: one more member before the closing brace.
  static func line(_ line: [UInt8], also: [String]) -> [UInt8] {
    guard !also.isEmpty, let brace = line.lastIndex(of: 0x7D) else { return line }
    var writer = JSONWriter()
    writer.value(also)
    return Array(line[..<brace]) + Array(#","seen_also":"#.utf8) + writer.bytes + [0x7D, 0x0A]
  }

  /// The row with its last cell and its end.
  static func row(_ row: ByteView, also: [String]) -> [UInt8] {
    var out = row.array
    out.append(0x2C)
    if !also.isEmpty { CSV.append(also.joined(separator: "; "), to: &out) }
    out.append(contentsOf: [0x0D, 0x0A])
    return out
  }

  static func parts(of record: ByteView) -> (source: Int, line: ByteView, row: ByteView)? {
    guard let length = record.u32(9) else { return nil }
    return (Int(record[0]), record.slice(13, 13 + Int(length)), record.slice(13 + Int(length)))
  }

  /// At most so many bytes, ended between characters, with a mark that there was more.
  static func cut(_ text: String, to limit: Int = maximumBytes) -> String {
    guard text.utf8.count > limit else { return text }
    let mark = " [cut]"
    var end = text.utf8.index(text.utf8.startIndex, offsetBy: limit - mark.utf8.count)
    while end > text.utf8.startIndex, text.utf8[end] & 0xC0 == 0x80 { end = text.utf8.index(before: end) }
    return String(text[..<end]) + mark
  }
}

/// RFC 4180, with cells that a spreadsheet would take for a formula made harmless (CWE-1236).
enum CSV {
  static func append(_ cell: String, to out: inout [UInt8]) {
    let isFormula = startsFormula(cell)
    // Lead bytes of C1 controls and of the line separators make the slow way look closer.
    let mustQuote =
      isFormula
      || cell.utf8.contains { $0 < 0x20 || $0 == 0x22 || $0 == 0x2C || $0 == 0x7F || $0 == 0xC2 || $0 == 0xE2 }
    guard mustQuote else {
      out.append(contentsOf: cell.utf8)
      return
    }
    out.append(0x22)
    if isFormula { out.append(0x27) }
    for scalar in cell.unicodeScalars {
      switch scalar.value {
      case 0x22: out.append(contentsOf: [0x22, 0x22])
      case 0x09, 0x0A, 0x0D: out.append(UInt8(scalar.value))
      default: out.append(contentsOf: isControl(scalar) ? Array("\u{FFFD}".utf8) : Array(String(scalar).utf8))
      }
    }
    out.append(0x22)
  }

  /// What terminals obey, and what readers that split lines as Python does take for the end of one.
  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.value == 0x2028 || scalar.value == 0x2029
  }

  /// Spreadsheets skip blanks before `=`, `+`, `-` and `@`, and take their full-width forms too.
  private static func startsFormula(_ cell: String) -> Bool {
    for scalar in cell.unicodeScalars {
      switch scalar.value {
      case 0x20, 0xA0, 0x3000, 0xFEFF, 0x00, 0x0B, 0x0C: continue
      case 0x3D, 0x2B, 0x2D, 0x40, 0x09, 0x0A, 0x0D, 0xFF1D, 0xFF0B, 0xFF0D, 0xFF20: return true
      default: return false
      }
    }
    return false
  }
}
