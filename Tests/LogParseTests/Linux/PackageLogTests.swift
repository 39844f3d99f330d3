import Evidence
import Testing

@testable import LogParse

@Suite struct PackageLogTests {
  @Test func yumsLogOfSeveralYears() throws {
    let text = ["Jun 10", "Mar 05", "Nov 20"].map { "\($0) 05:20:12 Installed: nmap-6.40-7.el7.x86_64\n" }.joined()
    let dump = try EventDump(text, path: "var/log/yum.log")
    #expect(dump.events.compactMap { $0.time?.description.prefix(7) } == ["2025-06", "2026-03", "2026-11"])
    #expect(dump.events.map { $0.text("year") } == ["inferred", "inferred", "inferred"])
  }

  @Test func aYearThatIsWrittenIsNotInferred() throws {
    let dump = try EventDump("2025-11-25T05:20:12+0000 SUBDEBUG Installed: nc-1.2-3.x86_64\n", path: "dnf.rpm.log")
    #expect(dump.events.first?.time?.description == "2025-11-25T05:20:12Z")
    #expect(dump.events.first?.text("year") == nil)
  }
}
