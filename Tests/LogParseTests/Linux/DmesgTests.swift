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

  @Test func minutesForReaders() throws {
    let text = "[Nov25 05:20] Linux version 5.15\n[  +0.000010] Command line: x\n[Nov 5 05:21] eth0\n more\n"
    let dump = try EventDump(text, path: "dmesg.txt", zone: .utc)
    #expect(dump.format == "linux.dmesg" && HostileInputTests.isWhole(dump, text.utf8.count))
    #expect(dump.events.map { $0.text("text") } == ["Linux version 5.15", "Command line: x", "eth0\nmore"])
    #expect(dump.events.map { $0.text("seconds_since_last") } == [nil, "0.000010", nil])
    #expect(
      dump.events.map { $0.time?.description.prefix(16) } == [
        "2026-11-25T05:20", "2026-11-25T05:20", "2026-11-05T05:21",
      ])
    #expect(try EventDump("[Nov25] x\n[+1] y\n", path: "x.txt").format == nil)
  }

  @Test func recordsOfTheKernel() throws {
    let text =
      "6,0,0,-;Linux version 5.15\n4,100,1500000,-;evil: taints kernel.\n SUBSYSTEM=pci\n30,101,1500001,c,caller=T1;x\n"
    let dump = try EventDump(text, path: "kmsg")
    #expect(dump.format == "linux.dmesg" && HostileInputTests.isWhole(dump, text.utf8.count))
    #expect(dump.events.map { $0.text("text") } == ["Linux version 5.15", "evil: taints kernel.\nSUBSYSTEM=pci", "x"])
    #expect(dump.events.map { $0.text("seconds_since_boot") } == ["0.000000", "1.500000", "1.500001"])
    #expect(
      dump.events.map { $0.integer("facility") } == [0, 0, 3]
        && dump.events.map { $0.integer("severity") } == [6, 4, 6])
    #expect(try EventDump("1,2,3,44;5\n6,7,8,99;10\n", path: "x.csv").format != "linux.dmesg")
  }

  @Test func packetsThatTheFilterTellsOf() throws {
    let dump = try EventDump(
      "[    1.000000] [UFW BLOCK] IN=ens5 OUT= SRC=203.0.113.9 DST=10.0.0.5 PROTO=TCP DPT=22\n", path: "dmesg.txt")
    let event = try #require(dump.events.first)
    #expect(event.text("src_address") == "203.0.113.9" && event.integer("dst_port") == 22)
    #expect(event.entities.map(\.value) == ["203.0.113.9", "10.0.0.5"])
  }

  @Test func whoSpeaksIsNoneOfTheWords() throws {
    let dump = try EventDump(
      "[    0.000000][    T0] Linux version 6.1\n[    1.500000] [   T12] a\n[    2.5][   C0] b\n[    3.5] [drm] c\n[    4.5] [TC] d\n",
      path: "dmesg.txt")
    #expect(dump.format == "linux.dmesg")
    #expect(dump.events.map { $0.text("text") } == ["Linux version 6.1", "a", "b", "[drm] c", "[TC] d"])
  }
}
