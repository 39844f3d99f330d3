import Bytes
import Evidence

/// Logs of syslogd and journalctl: auth.log, secure, syslog, messages, cron.log, kern.log, daemon.log …, in rsyslog's
/// traditional, ISO and RFC 5424 layouts.
///
/// What sshd, sudo, su, PAM, cron and the account tools say is taken apart (`AuthMessage`, `CronMessage`); of all other
/// programs the text is kept.
struct SyslogFormat: LogFormat {
  let name = "linux.syslog"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(20)
    guard !lines.isEmpty else { return nil }
    let rows = lines.filter { SyslogLine($0) != nil }.count
    guard rows > 0, rows * 2 >= lines.count else { return nil }
    return rows * 4 >= lines.count * 3 ? .high : .medium
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var years = YearSettler(context)
    var names = NameCache()
    try readLines(stream, into: sink) { line in
      if line.bytes.hasPrefix("-- ") { return .parsed }
      guard let entry = SyslogLine(line.bytes) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not of syslog")
      }
      var time: Timestamp?
      var isInferred = false
      switch entry.time {
      case .whole(let stamp): time = stamp
      case .civil(let civil):
        time = years.settle(civil)
        isInferred = civil.year == nil && time != nil
      }
      var record = SyslogRecord(
        time: time, host: names.name(entry.host, .host), program: names.name(entry.program, .program))
      record.pid = entry.pid
      record.priority = entry.priority
      record.isYearInferred = isInferred
      sink.event(record.event(entry.body, line.locator))
      return .parsed
    }
  }
}

/// Keeps the last host and the last few programs as strings, so that they are not made anew for every line.
struct NameCache {
  enum Kind: Int { case host, program }
  private var names: [[(bytes: [UInt8], text: String)]] = [[], []]

  mutating func name(_ bytes: ByteView, _ kind: Kind) -> String {
    for index in names[kind.rawValue].indices
    where names[kind.rawValue][index].bytes.withView({ $0 == bytes }) { return names[kind.rawValue][index].text }
    let made = bytes.string
    if names[kind.rawValue].count >= 16 { names[kind.rawValue].removeFirst() }
    names[kind.rawValue].append((bytes.array, made))
    return made
  }
}
