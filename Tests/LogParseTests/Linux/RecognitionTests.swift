import Bytes
import Evidence
import Foundation
import Testing

@testable import LogParse

/// Texts that look like a format and are another, or none.
@Suite struct RecognitionTests {
  private func name(_ text: String, _ path: String = "x.txt") -> String? {
    EventDump.recognize(Array(text.utf8), path: path)?.name
  }

  @Test(arguments: [
    ("just some prose\nof two lines\n", "x.txt"), ("#!/bin/sh\nset -e\nexit 0\n", "opt/job.sh"),
    ("key=value\nother=thing\n", "app.conf"), ("a,b,c\n1,2,3\n", "table.csv"), ("{\"a\": 1}\n", "x.json"),
    ("127.0.0.1 localhost\n", "etc/hosts"), ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJrm host\n", "etc/ssh/host.pub"),
    ("PIDGEON COMMAND is no header\n", "x.txt"), ("/* a comment */\nint main() {}\n", "a.c"),
  ])
  func whatIsNone(_ text: String, _ path: String) { #expect(name(text, path) == nil) }

  @Test func theNameSettlesOnlyWhatContentLeavesOpen() {
    #expect(name("id\nwhoami\n", "home/ops/.bash_history") == "linux.bash_history")
    #expect(name("id\nwhoami\n", "notes.txt") == nil)
    #expect(name("#1795584053\nid\n", "notes.txt") == "linux.bash_history")
    // A capture is what it holds, whatever it is called.
    #expect(
      name("UID PID PPID C STIME TTY TIME CMD\nroot 1 0 0 05:20 ? 00:00:08 init\n", "lsof_output.txt") == "capture.ps")
  }

  @Test func applicationsThatWriteTheirLevelWhereSyslogHasTheHost() {
    #expect(name("2026-11-25T05:20:12Z INFO main: started\n") == "app.log")
    #expect(name("2026-11-25T05:20:12.001Z [main] INFO a.b.C: started\n") == "app.log")
    #expect(name("2026-11-25T05:20:12Z web-1 main: started\n") == "linux.syslog")
  }

  @Test func aFailedCommandSaysSo() throws {
    let dump = try EventDump("/bin/sh: 1: lsof: not found\n", path: "lsof_output.txt")
    #expect(dump.format == "capture.empty")
    #expect(dump.coverages.map(\.reason) == ["the command was not found on the host"])
  }

  @Test func damageOfTheStreamIsTold() throws {
    final class Cut: ByteStream {
      private let inner = MemoryStream(Array("root:x:0:0::/root:/bin/sh\n".utf8))
      var damage: String? { "truncated gzip input" }
      var encodings: [String] { ["gzip"] }
      func read(into buffer: UnsafeMutableRawBufferPointer) throws(BytesError) -> Int { try inner.read(into: buffer) }
    }
    let sink = CollectingSink()
    try PasswdFormat().parse(Cut(), ParseContext(path: "etc/passwd"), into: sink)
    #expect(sink.events.first?.locator.text == "gzip!line=1;bytes=0+25")
    #expect(sink.coverages.map(\.state) == [.parsed, .skipped])
    #expect(sink.coverages.last?.reason == "truncated gzip input")
  }

  @Test func aHashIsNeverRepeated() throws {
    let text = "ops:$6$salt$secretsecret:20778:0:99999:7:::\nold:aaSECRETsecre:20778:0:99999:7:::\n"
    let shadow = try EventDump(text, path: "shadow_output.txt").text
    let passwd = try EventDump("ops:$1$s$secretsecret:0:0::/root:/bin/sh\n", path: "etc/passwd").text
    for text in [shadow, passwd] {
      #expect(!text.contains("secret") && !text.contains("SECRET"))
      #expect(text.contains("password_state=\"set\""))
    }
    #expect(shadow.contains("SHA-512") && shadow.contains("DES"))
  }

  @Test func namesAndVersionsAreDistinct() {
    let names = (LogFormats.linux + LogFormats.captures).map(\.name)
    #expect(Set(names).count == names.count)
  }
}
