import Bytes
import Evidence
import Testing

@testable import LogParse

/// What `aureport` prints.
@Suite struct AuditReportTests {
  private func events(_ columns: String, _ rows: [String], _ title: String = "X Report") throws -> [Event] {
    let text = "\n\(title)\n====\n# date time \(columns)\n====\n" + rows.map { $0 + "\n" }.joined()
    let dump = try EventDump(text, path: "aureport.txt", zone: .inferred(540))
    #expect(dump.format == "linux.audit_report")
    return dump.events
  }

  @Test func logins() throws {
    let found = try events(
      "auid host term exe success event", ["1. 11/25/26 05:20:30 ops 203.0.113.66 /dev/pts/0 /usr/sbin/sshd no 501"],
      "Login Report")
    let event = try #require(found.first)
    #expect(event.text("remote_address") == "203.0.113.66" && event.text("auid_name") == "ops")
    #expect(event.integer("serial") == 501 && event.text("success") == "no" && event.text("tty") == "/dev/pts/0")
    #expect(
      event.entities == [
        Entity(.user, "ops"), Entity(.address, "203.0.113.66"), Entity(.file, "/usr/sbin/sshd"),
      ])
    #expect(event.time?.zone == .inferred(540) && event.time?.nanoseconds == 1_795_551_630_000_000_000)
    #expect(event.message.hasPrefix("aureport's Login Report: auid=ops host=203.0.113.66"))
  }

  @Test func whatWasTyped() throws {
    let found = try events(
      "event auid term sess comm data", [#"1. 11/25/2026 05:20:30 501 1000 pts0 3 bash "curl x | sh",<ret>"#],
      "TTY Report")
    #expect(found.first?.text("text") == #""curl x | sh",<ret>"# && found.first?.integer("auid") == 1000)
  }

  @Test func rowsThatAreNone() throws {
    let found = try events(
      "exe term host auid event", ["1. 25/11/26 05:20:30 /bin/a (none) ? -1 501", "2. 25/11/26 05", "x"])
    #expect(found.count == 1 && found.first?.text("tty") == nil && found.first?.integer("auid") == nil)
    #expect(found.first?.time?.nanoseconds == 1_795_551_630_000_000_000)
    #expect(EventDump.recognize(Array("# date time\n1. 11/25/26 05:20:30 x\n".utf8), path: "x.txt") == nil)
  }
}
