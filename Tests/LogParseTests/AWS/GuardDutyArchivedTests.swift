import Bytes
import Evidence
import Testing

@testable import LogParse

@Suite struct GuardDutyArchivedTests {
  private func finding(_ archived: String, severity: Double = 8) throws -> Finding {
    let text = GuardDutyMalwareTests.finding("\"archived\":\(archived)", "\"y\":1")
      .replacing("\"severity\":8", with: "\"severity\":\(severity)")
    let bytes = Array(text.utf8)
    let sink = CollectingSink()
    let format = try #require(EventDump.recognize(bytes, path: "x.json"))
    try format.parse(MemoryStream(bytes), ParseContext(path: "x.json", zone: .inferred(0), collected: nil), into: sink)
    return try #require(sink.findings.first)
  }

  /// Somebody put it away; what it was stays to be read.
  @Test func whatWasPutAwayIsLow() throws {
    let archived = try finding("true")
    #expect(archived.severity == .low && archived.message.hasSuffix("It is archived in GuardDuty."))
    #expect(archived.attributes.contains(Attribute(Finding.besideOtherSigns, "high")))
    #expect(archived.attributes.contains(Attribute("severity", "high")))
  }

  @Test func whatIsOpenIsAsGraveAsItSays() throws {
    for state in ["false", "null", "\"\""] {
      let open = try finding(state)
      #expect(open.severity == .high && !open.attributes.contains { $0.name == Finding.besideOtherSigns })
    }
    #expect(try finding("true", severity: 2).attributes.allSatisfy { $0.name != Finding.besideOtherSigns })
  }
}
