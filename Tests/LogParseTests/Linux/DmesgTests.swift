import Evidence
import Testing

@testable import LogParse

@Suite struct DmesgTests {
  private func name(_ rest: String) -> String? {
    EventDump.recognize(Array("[Wed Nov 25 05:21:00 2026] \(rest)\n".utf8), path: "x.txt")?.name
  }

  @Test(arguments: [
    "[UFW BLOCK] IN=ens5 OUT= SRC=203.0.113.9 DST=10.0.0.5", "[drm] Initialized", "[Firmware Bug]: TSC", "usb 1-1: new",
  ])
  func linesOfTheKernel(_ text: String) throws {
    #expect(name(text) == "linux.dmesg")
    let dump = try EventDump("[Wed Nov 25 05:21:00 2026] \(text)\n", path: "x.txt")
    #expect(dump.events.map { $0.text("text") } == [text])
    #expect(dump.events.first?.time?.description == "2026-11-25T05:21:00Z")
  }

  @Test(arguments: [
    "[error] [client 203.0.113.9] File does not exist", "[core:notice] [pid 7] AH00094: x", "[pid 7] x",
    "[client 203.0.113.9] x", "[proxy:trace1] x", "[::1]:57000 Accepted", "203.0.113.9:57000 [200]: GET /",
  ])
  func linesOfServers(_ text: String) { #expect(name(text) != "linux.dmesg") }

  @Test(arguments: [
    ("kern  :warn  : [    1.000000] x", 0, 4), ("<4>[    1.000000] x", 0, 4), ("<30>[    1.000000] x", 3, 6),
    ("daemon:info  : [Wed Nov 25 05:21:00 2026] x", 3, 6), ("kern  :err   : 2026-11-25T05:20:12,345678+00:00 x", 0, 3),
  ])
  func ranks(_ line: String, _ facility: Int64, _ severity: Int64) throws {
    let dump = try EventDump("\(line)\n", path: "dmesg.txt")
    #expect(dump.format == "linux.dmesg" && dump.events.map { $0.text("text") } == ["x"])
    #expect(dump.events.first?.attributes.contains(Attribute("facility", facility)) == true)
    #expect(dump.events.first?.attributes.contains(Attribute("severity", severity)) == true)
  }

  @Test func ranksThatAreNone() throws {
    for line in ["[    1.000000] kern  :warn  : x", "<999>[    1.000000] x", "odd   :warn  : [    1.000000] x"] {
      let dump = try EventDump("\(line)\n", path: "dmesg.txt")
      #expect(dump.events.first?.attributes.contains { $0.name == "severity" } != true, "\(line)")
    }
  }

  @Test func linesWithoutATimeGoOn() throws {
    let dump = try EventDump("[    1.000000] a\n  of b\n[    2.000000] c\n", path: "x.txt")
    #expect(dump.format == "linux.dmesg")
    #expect(dump.events.map { $0.text("text") } == ["a\nof b", "c"])
    #expect(dump.coverages.allSatisfy { $0.state == .parsed })
    #expect(
      EventDump.recognize(Array("b\n[    1.000000] a\n[    2.000000] c\n".utf8), path: "x.txt")?.name != "linux.dmesg")
    #expect(EventDump.recognize(Array("[    1.000000] a\nb\n".utf8), path: "x.txt")?.name != "linux.dmesg")
  }
}
