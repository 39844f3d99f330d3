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
    var days = DayCache(context)
    var hosts = NameCache()
    var programs = NameCache()
    try readLines(stream, into: sink) { line in
      if line.bytes[0] == 0x2D, line.bytes.hasPrefix("-- ") { return .parsed }
      let known = days.time(line.bytes)
      guard let entry = SyslogLine(line.bytes, stamp: known.isKnown ? DayCache.byteCount : 0, hosts) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not of syslog")
      }
      var time: Timestamp?
      var isInferred = false
      switch entry.time {
      case .known:
        time = known.time
        isInferred = time != nil
      case .whole(let stamp): time = stamp
      case .beyond: break
      case .civil(let civil):
        time = years.settle(civil)
        isInferred = civil.year == nil && time != nil
        if civil.year == nil, civil.precision == .second { days.keep(line.bytes, time) }
      }
      var record = SyslogRecord(
        time: time, host: hosts.name(entry.host).text, program: programs.name(entry.program))
      record.pid = entry.pid
      record.priority = entry.priority
      record.isYearInferred = isInferred
      sink.event(record.event(entry.body, line.locator))
      return .parsed
    }
  }
}
