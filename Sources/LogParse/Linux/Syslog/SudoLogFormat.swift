import Bytes
import Evidence

/// The log that sudo writes itself (`Defaults logfile=…`): entries of one or more lines, the second and further indented by
/// four blanks; the year and the host are there where sudoers asks for them (`log_year`, `log_host`).
struct SudoLogFormat: LogFormat {
  let name = "linux.sudo_log"
  let version = 2

  /// Of an entry's text; a longer one is cut to it.
  private static let textLimit = 1 << 16

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(12)
    guard let first = lines.first, SudoLogEntry(first) != nil else { return nil }
    let rows = lines.filter { SudoLogEntry($0) != nil || $0.hasPrefix("    ") }.count
    return rows * 4 >= lines.count * 3 ? .high : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var years = YearSettler(context)
    let stream = try years.lookAhead(stream) { SudoLogEntry($0)?.time }
    var pending: (record: SyslogRecord, text: String, locator: Locator)?
    func finish() {
      if let pending { sink.event(pending.text.withView { pending.record.event($0, pending.locator) }) }
      pending = nil
    }
    try readLines(stream, into: sink) { line in
      if let entry = SudoLogEntry(line.bytes) {
        finish()
        let time = years.settle(entry.time)
        var record = SyslogRecord(time: time, host: entry.host.string, program: NameCache.Name(text: "sudo"))
        record.isYearInferred = entry.time.year == nil && time != nil
        pending = (
          record, entry.user.string + " : " + entry.text.slice(0, Self.textLimit).string, line.locator
        )
        return .parsed
      }
      guard var now = pending, line.bytes.hasPrefix("    ") else { return .skipped("line is not of sudo's log") }
      pending = nil
      let more = line.bytes.trimmed
      if now.text.utf8.count + more.count < Self.textLimit { now.text += " " + more.string }
      now.locator = now.locator.reaching(line.end)
      pending = now
      return .parsed
    }
    finish()
  }
}

/// An entry's first line. Valid while the line is.
private struct SudoLogEntry {
  var time: CivilTime
  var user: ByteView
  var host: ByteView
  var text: ByteView

  // Nov 25 05:20:12 : ops : TTY=pts/0 ; PWD=/home/ops ; USER=root ; COMMAND=/usr/bin/ls
  // Nov 25 05:20:12 2026 : ops : HOST=web-1 : 3 incorrect password attempts ; TTY=pts/0 ; …
  init?(_ line: ByteView) {
    guard line[0] >= 0x41, line[15] == 0x20, let colon = line.slice(0, 32).firstIndex(of: ByteView(" : ")) else {
      return nil
    }
    let words = line.slice(0, colon).words(limit: 5)
    guard let (time, zone, used) = CivilTime.ctime(words), zone == nil, used == words.count, used == 3 || used == 4,
      CivilTime.month(words[0]) != nil, CivilTime.weekday(words[0]) == nil
    else { return nil }
    let rest = line.slice(colon + 3)
    guard let end = rest.firstIndex(of: ByteView(" : ")), end > 0 else { return nil }
    self.time = time
    user = rest.slice(0, end)
    text = rest.slice(end + 3)
    host = text.slice(0, 0)
    if text.hasPrefix("HOST="), let place = text.firstIndex(of: ByteView(" : ")) {
      host = text.slice(5, place)
      text = text.slice(place + 3)
    }
  }
}
