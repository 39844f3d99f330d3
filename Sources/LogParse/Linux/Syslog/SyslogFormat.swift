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
    var hosts = NameCache()
    var programs = NameCache()
    var last = StampCache()
    try readLines(stream, into: sink) { line in
      if line.bytes[0] == 0x2D, line.bytes.hasPrefix("-- ") { return .parsed }
      let isSame = last.isSame(line.bytes)
      guard let entry = SyslogLine(line.bytes, stamp: isSame ? StampCache.byteCount : 0) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not of syslog")
      }
      var time: Timestamp?
      var isInferred = false
      switch entry.time {
      case .known:
        time = last.time
        isInferred = time != nil
      case .whole(let stamp): time = stamp
      case .beyond: break
      case .civil(let civil):
        time = years.settle(civil)
        isInferred = civil.year == nil && time != nil
        if civil.year == nil, civil.precision == .second { last.keep(line.bytes, time) }
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

/// The last time of the traditional layout (`Nov 25 05:20:12 `): a busy host writes many lines within a second.
struct StampCache {
  /// With the blank behind.
  static let byteCount = 16

  private var front: UInt64 = 0
  private var back: UInt64 = 0
  private(set) var time: Timestamp?

  /// Whether the line begins with the time that was kept.
  func isSame(_ line: ByteView) -> Bool {
    front != 0 && line.u64(0) == front && line.u64(7) == back && line[15] == 0x20
  }

  mutating func keep(_ line: ByteView, _ time: Timestamp?) {
    guard line[15] == 0x20, line[0] >= 0x41, let front = line.u64(0), let back = line.u64(7) else { return }
    self.front = front
    self.back = back
    self.time = time
  }
}

/// Keeps the last few names as strings, so that they are not made anew for every line.
struct NameCache {
  struct Name {
    var text: String
    var source: SyslogRecord.Source
  }

  private var bytes: [[UInt8]] = []
  private var names: [Name] = []
  private var next = 0

  mutating func name(_ view: ByteView) -> Name {
    for index in bytes.indices where bytes[index].count == view.count && bytes[index].withView({ $0 == view }) {
      return names[index]
    }
    let text = view.string
    let made = Name(text: text, source: SyslogRecord.source(of: text))
    if names.count < 16 {
      bytes.append(view.array)
      names.append(made)
    } else {
      bytes[next] = view.array
      names[next] = made
      next = (next + 1) % 16
    }
    return made
  }
}
