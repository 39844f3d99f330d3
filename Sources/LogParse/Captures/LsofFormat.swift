import Bytes
import Evidence

/// busybox's `lsof` (pid, program, number, file, with tabs between), and lsof's table, with the columns of threads (`TID`, `TASKCMD`), parents and groups when they are there.
///
/// lsof makes every column as wide as its widest cell, so a cell is known by where it stands: several may be empty.
struct LsofFormat: LogFormat {
  let name = "capture.lsof"
  let version = 4

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(20)
    for line in lines where Self.isHeader(line) { return .high }
    return !lines.isEmpty && lines.allSatisfy { Self.busybox($0) != nil } ? .high : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var layout: LsofLayout?
    try readLines(stream, into: sink) { line in
      if Self.isHeader(line.bytes) {
        layout = LsofLayout(ColumnHeader(line.bytes))
        return .parsed
      }
      guard let file = layout == nil ? Self.busybox(line.bytes) : layout?.file(line.bytes) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not an lsof row")
      }
      sink.event(file.event(line.locator))
      return .parsed
    }
  }

  // 465	/usr/bin/java	3	socket:[12345]
  private static func busybox(_ line: ByteView) -> OpenFile? {
    let cells = line.split(0x09, limit: 5)
    guard cells.count == 3 || cells.count == 4, let pid = cells[0].integer, pid > 0, cells[1][0] == 0x2F,
      let name = cells.last, cells.count == 3 || cells[2].integer != nil
    else { return nil }
    var file = OpenFile()
    file.pid = pid
    file.command = PsTime.program(cells[1].string)
    if cells.count == 4 { file.fd = cells[2].string }
    file.name = name.string
    return file
  }

  private static func isHeader(_ line: ByteView) -> Bool {
    line.hasPrefix("COMMAND ") && line.contains(" PID ") && line.contains(" FD ") && line.contains(" NAME")
  }
}

/// Where lsof put its columns.
struct LsofLayout {
  private let header: ColumnHeader
  /// Index of the columns that bound the two halves of a row.
  private let fd: Int
  private let name: Int

  init?(_ header: ColumnHeader) {
    guard let fd = header.index(of: "FD"), let name = header.index(of: "NAME"), fd < name, fd >= 2 else { return nil }
    self.header = header
    self.fd = fd
    self.name = name
  }

  // java      351 356 VM\x20Thr     tomcat    9u     IPv6              12698       0t0        TCP 10.1.0.5:8080 (LISTEN)
  func file(_ line: ByteView) -> OpenFile? {
    let nameStart = header.columns[name].start
    // A name may be missing; a row that ends before its file type is none.
    let front = line.slice(0, nameStart)
    guard front.count + 8 >= nameStart else { return nil }
    var file = OpenFile()
    var column = 0
    for word in front.words(limit: 32) {
      let end = front.offset(of: word) + word.count
      let start = end - word.count
      guard let place = place(ofCellFrom: start, to: end, after: column) else { return nil }
      column = place + 1
      switch header.columns[place].name {
      case "COMMAND": file.command = unescape(word)
      case "PID": file.pid = word.integer
      case "TID": file.tid = word.integer
      case "TASKCMD": file.thread = unescape(word)
      case "PPID": file.ppid = word.integer
      case "PGID": file.pgid = word.integer
      case "USER": file.user = word.string
      case "FD": file.fd = word.string
      case "TYPE": file.type = word.string
      case "DEVICE": file.device = word.string
      case "SIZE/OFF", "SIZE", "OFFSET": file.size = word.string
      case "NODE": file.node = word.string
      default: break
      }
    }
    guard file.pid != nil, file.fd != nil else { return nil }
    file.name = unescape(line.slice(nameStart).trimmed)
    return file
  }

  /// The column of a cell: cells end where their header does, but for those that begin where it does (COMMAND, TASKCMD)
  /// and FD, whose number stands before its mode.
  private func place(ofCellFrom start: Int, to end: Int, after first: Int) -> Int? {
    var best: (column: Int, distance: Int)?
    for index in first..<max(first, name) {
      let column = header.columns[index]
      let distance =
        switch column.name {
        case "COMMAND", "TASKCMD": abs(start - column.start)
        case "FD": start < column.end + 2 && end > column.start - 2 ? 0 : 1000
        default: min(abs(end - column.end), start <= column.start && end >= column.end ? 0 : 1000)
        }
      if best.map({ distance < $0.distance }) ?? true { best = (index, distance) }
    }
    return best?.column
  }

  /// lsof writes blanks and what is not printable as `\x20`.
  private func unescape(_ text: ByteView) -> String {
    guard text.contains("\\x") else { return text.string }
    var bytes: [UInt8] = []
    var place = 0
    while place < text.count {
      if text[place] == 0x5C, text[place + 1] == 0x78, let high = hexDigit(text[place + 2]),
        let low = hexDigit(text[place + 3]), place + 3 < text.count
      {
        bytes.append(high << 4 | low)
        place += 4
      } else {
        bytes.append(text[place])
        place += 1
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
