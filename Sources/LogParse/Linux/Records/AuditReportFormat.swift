import Bytes
import Evidence

/// The tables that `aureport` prints of the audit log: a title, the columns' names behind a hash, and numbered rows. Dates are the
/// locale's (`%x`), in C's and America's month first; times are local to the host.
struct AuditReportFormat: LogFormat {
  let name = "linux.audit_report"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    return sample.lines(8).contains { Self.columns($0) != nil } ? .high : nil
  }

  // # date time exe term host auid event
  private static func columns(_ line: ByteView) -> [String]? {
    guard line.hasPrefix("# date time ") else { return nil }
    let words = line.slice(0, 256).words(limit: 16)
    return words.count > 3 ? words.dropFirst().map(\.string) : nil
  }

  // 1. 11/25/26 05:20:30 /usr/bin/bash pts0 203.0.113.66 1000 501
  private static func row(_ line: ByteView) -> (date: NumericDate, clock: ByteView, rest: ByteView)? {
    guard (0x30...0x39).contains(line[0]) else { return nil }
    let words = line.words(limit: 4)
    guard words.count == 4, words[0][words[0].count - 1] == 0x2E, CivilTime.number(words[0].dropLast(1)) != nil,
      let date = NumericDate(words[1]), words[2].firstIndex(of: 0x3A) != nil
    else { return nil }
    return (date, words[2], words[3])
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let stream = try FrontStream(stream)
    let order =
      NumericDate.order(of: stream.lines(4000, { Self.row($0)?.date }), collected: context.collected) ?? .monthFirst
    var title = ""
    var columns: [String] = []
    try readLines(stream, into: sink) { line in
      if let found = Self.columns(line.bytes) {
        columns = found
        return .parsed
      }
      if !columns.isEmpty, let (date, clock, rest) = Self.row(line.bytes) {
        guard let event = Self.event(title, columns, date.civil(order), clock, rest, context.zone, line.locator) else {
          return .skipped("row has not as many cells as the report has columns")
        }
        sink.event(event)
        return .parsed
      }
      if line.bytes[0] == 0x3D { return .parsed }
      if line.bytes.hasSuffix("Report") {
        title = line.bytes.slice(0, 64).string
        columns = []
        return .parsed
      }
      return line.bytes.hasPrefix("<no events") ? .parsed : .skipped("line is not a row of aureport's")
    }
  }

  private static let names = [
    "exe": "executable", "comm": "program", "file": "path", "term": "tty", "event": "serial", "sess": "ses",
    "syscall": "syscall_name", "data": "text", "addr": "host", "type": "record",
  ]

  private static func event(
    _ title: String, _ columns: [String], _ date: CivilTime, _ clock: ByteView, _ rest: ByteView,
    _ zone: Timestamp.Zone, _ locator: Locator
  ) -> Event? {
    let names = columns.dropFirst(2)
    // What was typed stands at the end, with blanks in it.
    let cells = rest.words(limit: names.count)
    guard cells.count == names.count, let found = CivilTime.timeOfDay(clock) else { return nil }
    var time = date
    (time.hour, time.minute, time.second) = (found.hour, found.minute, found.second)
    (time.nanosecond, time.precision) = (found.nanosecond, found.precision)
    var attributes: [Attribute] = []
    var entities: [Entity] = []
    attributes.add("report", title)
    var words: [String] = []
    for (column, cell) in zip(names, cells) where !(cell == "?") && !(cell == "(none)") && !(cell == "-1") {
      let text = cell.slice(0, 1 << 16).string
      words.append("\(column)=\(text)")
      let name = Self.names[column] ?? column
      switch name {
      case "host":
        let address = IPAddress.normal(cell)
        attributes.add("remote_address", address)
        attributes.add("remote_host", address == nil ? text : nil)
        if let address, IPAddress.isSpecific(address) { entities.append(Entity(.address, address)) }
      case "acct":
        attributes.add("user", text)
        entities.append(Entity(.user, text))
      case "auid":
        let number = cell.integer
        attributes.add("auid", number)
        if number == nil {
          attributes.add("auid_name", text)
          if !(cell == "unset") { entities.append(Entity(.user, text)) }
        }
      case "path", "executable":
        attributes.add(name, text)
        if cell[0] == 0x2F { entities.append(Entity(.file, text)) }
      case "pid", "serial", "ses":
        attributes.add(name, cell.integer)
        if name == "pid", cell.integer != nil { entities.append(Entity(.process, text)) }
      default: attributes.add(name, text)
      }
    }
    let subject = title.isEmpty ? "aureport" : "aureport's \(title)"
    return Event(
      time: time.timestamp(zone), dataType: "linux:audit:report",
      message: "\(subject): \(words.joined(separator: " "))",
      entities: entities, attributes: attributes, locator: locator)
  }
}
