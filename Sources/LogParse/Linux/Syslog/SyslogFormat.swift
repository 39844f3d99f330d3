import Bytes
import Evidence

/// Logs of syslogd and journalctl: auth.log, secure, syslog, messages, cron.log, kern.log, daemon.log …, in rsyslog's
/// traditional, ISO and RFC 5424 layouts; and journalctl's `short`, `short-precise`, `short-iso`, `short-iso-precise`,
/// `short-full`, `short-unix` and `with-unit`, the last of which names the unit where the others name the program.
///
/// What sshd, sudo, su, PAM, cron and the account tools say is taken apart (`AuthMessage`, `CronMessage`); of all other
/// programs the text is kept.
struct SyslogFormat: LogFormat {
  let name = "linux.syslog"
  let version = 9

  func recognizes(_ sample: FormatSample) -> Confidence? {
    // NULs do not speak against it: a machine that lost its power leaves runs of them in the logs that were being written.
    // `journalctl -x` explains a message below it, in more lines than the message has.
    let lines = sample.lines(60).filter { !($0.hasPrefix("░░") || $0.hasPrefix("-- ")) }.prefix(20)
    guard !lines.isEmpty else { return nil }
    let rows = lines.filter { SyslogLine($0) != nil }.count
    guard rows > 0 else { return nil }
    // Of messages of several lines, as journalctl prints them, the first alone has a time.
    let heads = lines.count { $0[0] != 0x20 && $0[0] != 0x09 }
    guard rows * 2 >= lines.count else {
      return rows * 4 >= heads * 3 && lines.first.flatMap { SyslogLine($0) } != nil ? .medium : nil
    }
    return rows * 4 >= lines.count * 3 ? .high : .medium
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var reader = SyslogReader(context, encodings: stream.encodings, joinsLines: true)
    let stream = try reader.lookAhead(stream)
    do throws(BytesError) {
      try readLines(stream, into: sink) { reader.read($0, into: sink) }
    } catch {
      reader.finish(into: sink)
      throw error
    }
    reader.finish(into: sink)
  }
}
