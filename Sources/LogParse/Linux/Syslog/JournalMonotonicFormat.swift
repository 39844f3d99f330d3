import Bytes
import Evidence

/// `journalctl -o short-monotonic`, and `short-delta`, which adds how long after the entry before: `[   12.345678] web-1
/// sshd[392]: Accepted …` (systemd's src/shared/logs-show.c). Unlike dmesg's, its lines name the host, and not the kernel alone
/// speaks.
///
/// Seconds since boot give no time: when the host booted is not in this file, and each `-- Boot …` begins anew. They are kept in
/// `seconds_since_boot`, and the boot's number in `boot`.
struct JournalMonotonicFormat: LogFormat {
  let name = "linux.journal_monotonic"
  let version = 3

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(16).filter { !$0.hasPrefix("-- ") }
    let entries = lines.compactMap { MonotonicLine($0) }
    guard let first = entries.first, entries.count * 4 >= lines.count * 3 else { return nil }
    // A driver's name stands in the host's place of some of the kernel's own lines, but not of all of them.
    guard entries.allSatisfy({ $0.entry.host == first.entry.host }) else { return nil }
    return entries.contains { $0.entry.pid != nil || $0.entry.program == "kernel" } ? .high : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var programs = NameCache()
    var hosts = NameCache()
    var boot: String?
    try readLines(stream, into: sink) { line in
      if line.bytes.hasPrefix("-- ") {
        // -- Boot 6c7c6013a26343b29e964691ff25d04c --
        let words = line.bytes.words(limit: 4)
        if words.count >= 3, words[1] == "Boot" { boot = words[2].slice(0, 64).string }
        return .parsed
      }
      guard let found = MonotonicLine(line.bytes) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not of journalctl")
      }
      let entry = found.entry
      var record = SyslogRecord(
        time: nil, host: hosts.name(entry.host).text, program: programs.name(entry.program))
      record.pid = entry.pid
      record.extra.add("seconds_since_boot", found.sinceBoot.string)
      record.extra.add("boot", boot)
      sink.event(record.event(entry.body, line.locator))
      return .parsed
    }
  }
}

/// One line, taken apart. Valid while the line is.
private struct MonotonicLine {
  let sinceBoot: ByteView
  /// Behind the time it is a line of syslog's.
  private(set) var entry = SyslogLine()

  // [   12.345678] web-1 sshd[392]: Accepted publickey …        [   12.345678 <    0.000012 >] web-1 kernel: …
  init?(_ line: ByteView) {
    guard line[0] == 0x5B, let close = line.slice(0, 64).firstIndex(of: 0x5D), line[close + 1] == 0x20 else {
      return nil
    }
    let stamp = line.slice(1, close).words(limit: 5)
    guard let first = stamp.first, stamp.count == 1 || stamp[1][0] == 0x3C, let (whole, part) = first.cut(0x2E),
      CivilTime.number(whole) != nil, part.count == 6, CivilTime.number(part) != nil
    else { return nil }
    sinceBoot = first
    // `(systemd)`, `/usr/sbin/cron`
    guard entry.read(line, stamp: close + 2, hostCount: 0), case let letter = entry.program[0],
      (0x41...0x5A).contains(letter & 0xDF) || letter == 0x28 || letter == 0x2F
    else { return nil }
  }
}
