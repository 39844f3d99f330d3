import Bytes
import Evidence
import Testing

@testable import LogParse

/// Captures that look like another format's.
@Suite struct LookalikeTests {
  private func name(_ text: String, _ path: String = "x.txt") -> String? {
    EventDump.recognize(Array(text.utf8), path: path)?.name
  }

  @Test func aKernelsBannerIsNoLogin() {
    #expect(
      name("Linux web-1 6.1.61 #1 SMP PREEMPT_DYNAMIC Wed Nov  8 00:39:18 UTC 2023 x86_64 GNU/Linux\n")
        == "capture.uname")
    #expect(name("Wed Nov 25 02:25:29 PM KST 2026\n") == "capture.date")
    #expect(name("Wed, 25 Nov 2026 14:25:29 +0900\n") == "capture.date")
  }

  @Test func aTableOfNumbersIsNoCrontab() {
    #expect(
      name(
        "F   UID   PID  PPID PRI  NI    VSZ   RSS WCHAN  STAT TTY        TIME COMMAND\n"
          + "4     0     1     0  20   0  98000  9000 -      Ss   ?          0:01 /sbin/init\n"
          + "1     0     2     0  20   0      0     0 -      S    ?          0:00 [kthreadd]\n") == "capture.ps")
    #expect(name("61 5 1 1 1 x\n") == nil)
    #expect(name("*/70 5 1-31/2 1,12 7 /usr/bin/x\n") == "linux.crontab")
  }

  @Test func filesOfNeighbouringInodesAreNoHistory() {
    let listing = "1234567 4 -rwsr-xr-x 2 root root 4096 Nov 25 05:20 /tmp/.x\n"
    #expect(name(listing + listing.replacing("1234567", with: "1234568")) == "capture.paths")
    #expect(name("lrwxrwxrwx 1 root root 0 Nov 25 14:20 /proc/1/exe -> /sbin/init\n") == "capture.paths")
    #expect(name("ops pts/2 Nov 25 14:21 (10.1.0.9)\n") == "capture.who")
  }

  @Test func theKernelsTimesHaveACommaWhereSyslogHasAPoint() {
    #expect(name("2026-11-25T05:20:12,345678+00:00 Linux version 6.1.0\n") == "linux.dmesg")
    #expect(name("2026-11-25T05:20:12.345678+00:00 web-1 kernel: Linux version 6.1.0\n") == "linux.syslog")
  }

  @Test func knownHostsAreKnownByWhatStandsInFront() {
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1wYxTq2y8vH1m5G1mGQXq8m8oJfC5y5qg0V1d7Zk3p"
    #expect(name("10.1.0.9 \(key)\n|1|abc=|def= \(key)\n") == "linux.known_hosts")
    #expect(name("\(key) ops@web-1\n") == "linux.authorized_keys")
    #expect(name("no-pty \(key) ops@web-1\n") == "linux.authorized_keys")
  }

  /// A short listing once ended the process that read it.
  @Test func everyColumnOfWMayBeMissing() throws {
    for header in ["USER     TTY      FROM              IDLE WHAT", "USER     TTY        IDLE WHAT"] {
      for row in ["ops", "ops pts/2", "ops pts/2 10.1.0.9", "ops pts/2 10.1.0.9 5:54 sudo -i"] {
        _ = try EventDump("\(header)\n\(row)\n", path: "w.txt")
      }
    }
  }

  @Test func aCrashLeavesZerosInFrontOfALine() throws {
    let line = "198.51.100.7 - - [25/Nov/2026:05:20:30 +0900] \"GET /a HTTP/1.1\" 200 82 \"-\" \"M\"\n"
    let bytes = Array(line.utf8) + [UInt8](repeating: 0, count: 300) + Array(line.utf8)
    let dump = try EventDump(bytes, path: "access.log")
    #expect(dump.format == "web.access" && dump.events.count == 2)
    #expect(dump.events.last?.locator.offset == UInt64(line.utf8.count + 300))
    #expect(dump.coverages.map(\.reason) == [nil, "NUL bytes", nil])
    // Wide characters and records are no text with zeros.
    #expect(EventDump.recognize(Array(line.utf8).flatMap { [$0, 0] }, path: "access.log") == nil)
    #expect(EventDump.recognize([UInt8](repeating: 0, count: 4096), path: "home/ops/.bash_history") == nil)
  }

  @Test func recordsThatCloudWatchExported() throws {
    let record =
      #"{"timestamp":1795584100123,"webaclId":"arn:x","action":"ALLOW","httpRequest":{"clientIp":"203.0.113.66"}}"#
    let dump = try EventDump(
      "2026-11-25T05:20:12.123Z \(record)\n2026-11-25T05:20:13.123Z \(record)\n", path: "000000")
    #expect(dump.format == "aws.waf" && dump.events.count == 2)
    #expect(dump.coverages.map(\.state) == [.parsed])
    #expect(dump.events.first?.locator.offset == 25)
  }

  @Test func aDayEndsAtTwentyFour() throws {
    let dump = try EventDump("Nov 24 24:00:00 web-1 sshd[1]: x\nNov 25 00:00:01 web-1 sshd[1]: y\n", path: "auth.log")
    #expect(dump.events.map { $0.time?.description } == ["2026-11-25T00:00:00Z", "2026-11-25T00:00:01Z"])
    #expect(try EventDump("Nov 24 24:00:01 web-1 sshd[1]: x\n", path: "auth.log").events.isEmpty)
  }

  /// Files of a host's root that have some of a format's words and are none of it.
  @Test func filesThatLookLikeCaptures() {
    func name(_ text: String, _ path: String) -> String? { EventDump.recognize(Array(text.utf8), path: path)?.name }
    // A script in one line.
    let script = "var a=1;function f(){g on x type y (z)}"
    #expect(name(String(repeating: script, count: 1000) + "\n", "var/www/html/app.min.js") == nil)
    #expect(name("/dev/sda on /mnt type ext4 (rw)\n", "mount.txt") == "capture.filesystem")
    // A mail.
    #expect(name("Return-Path: <ops@example.org>\nReceived: by web-1\nFrom: ops@example.org\n\nHi\n", "msg.txt") == nil)
    #expect(
      name("2: eth0: <BROADCAST,UP,LOWER_UP> mtu 9001 qdisc mq\n    link/ether 02:00:00:00:00:01\n", "ip.txt")
        == "capture.interface")
    // JSON of which the first record is longer than what is looked at.
    let long = String(repeating: "x", count: 1 << 17)
    #expect(name("{\"@timestamp\":\"2026-11-25T05:20:12Z\",\"message\":\"\(long)\"}\n", "app.log") == nil)
    // log4j's own ISO 8601 is no dmesg's.
    #expect(name("2026-11-25T05:20:12,345 INFO [main] a.B - x\n", "x.log") == "app.log")
    #expect(name("2026-11-25T05:20:12,345678+00:00 Linux version 6.1\n", "dmesg.txt") == "linux.dmesg")
  }
}
