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
}
