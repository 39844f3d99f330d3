import Bytes
import Evidence
import Testing

struct ResultLineTests {
  private let digest = Digest(of: Array("x".utf8))

  @Test func eventsAreReadBackAsWritten() {
    let event = Event(
      time: Timestamp(nanoseconds: 1_795_584_157_978_000_000, precision: .millisecond, zone: .stated(540)), .start,
      dataType: "aws:waf:request", message: "hostile \u{1B}[2J\n\"text\"",
      entities: [Entity(.address, "203.0.113.66"), Entity(.url, "http://a:b@c/?x=y")],
      attributes: [
        Attribute("uri", "/login.do"), Attribute("n", -5), Attribute("flag", .flag(true)),
        Attribute("headers", .texts(["A: b", ""])),
      ], locator: Locator(offset: 1, length: 2, line: 3, encodings: ["gzip"]))
    var out = JSONWriter()
    ResultLine.write(event, to: &out)
    guard case .event(let read)? = out.bytes.withView({ ResultLine.read($0) }) else {
      Issue.record("not read back")
      return
    }
    #expect(read == event)
  }

  @Test(
    arguments: [
      ("sshd", 392, "Accepted \"x\"", "sshd (pid 392): Accepted \"x\""), ("sudo", nil, "a : TTY=b", "sudo: a : TTY=b"),
      (nil, 7, "no one", "no one"), ("sshd", -1, nil, "sshd (pid -1): "),
    ] as [(String?, Int64?, String?, String)])
  func whatAProgramSaidIsPutTogetherWhenAskedFor(_ program: String?, _ pid: Int64?, _ text: String?, _ message: String)
  {
    var attributes: [Attribute] = []
    attributes.add("program", program)
    attributes.add("pid", pid)
    attributes.add("text", text)
    let event = Event(time: nil, dataType: "d", message: nil, attributes: attributes, locator: .whole)
    #expect(event.message == message)
    var out = JSONWriter()
    ResultLine.write(event, to: &out)
    guard case .event(let read)? = out.bytes.withView({ ResultLine.read($0) }) else {
      Issue.record("not read back")
      return
    }
    #expect(read == event && read.hashValue == event.hashValue && read.message == message)
    var other = event
    other.message = "told otherwise"
    #expect(other != event && other.message == "told otherwise")
  }

  @Test func findingsAreReadBackAndKeepTheirIds() {
    let finding = Finding(
      rule: "log4shell.jndi-lookup", title: "t", severity: .high, attack: ["T1190"],
      firstSeen: Timestamp(nanoseconds: 1), entities: [Entity(.process, "465")],
      evidence: [EvidenceReference(artifact: digest, path: "a/b", locator: Locator(offset: 0, length: 4))],
      message: "m",
      attributes: [Attribute("pid", 465)])
    var out = JSONWriter()
    ResultLine.write(finding, to: &out)
    guard case .finding(let read)? = out.bytes.withView({ ResultLine.read($0) }) else {
      Issue.record("not read back")
      return
    }
    #expect(read == finding && read.id == finding.id)
  }

  @Test func idsAreVersion5AndDependOnArtifactPlaceAndRuleOnly() {
    func id(_ rule: String, _ offset: UInt64, _ message: String) -> String {
      Finding(
        rule: rule, title: "t", severity: .low,
        evidence: [EvidenceReference(artifact: digest, locator: Locator(offset: offset, length: 1))], message: message
      ).id
    }
    #expect(id("a", 1, "x") == id("a", 1, "y"))
    #expect(id("a", 1, "x") != id("a", 2, "x") && id("a", 1, "x") != id("b", 1, "x"))
    #expect(Array(id("a", 1, "x"))[14] == "5")
    // RFC 9562, appendix A.4: the name www.example.com in the DNS namespace.
    let dns: [UInt8] = [0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8]
    #expect(StableID.uuid(namespace: dns, name: "www.example.com") == "2ed6657d-e927-568b-95e1-2665a8aea6a2")
  }

  @Test func coverageIsReadBackAndRefusesRangesThatRunBackwards() {
    var out = JSONWriter()
    let coverage = Coverage(.skipped, 5..<9, encodings: ["gzip"], reason: "cut")
    ResultLine.write(coverage, to: &out)
    guard case .coverage(let read)? = out.bytes.withView({ ResultLine.read($0) }) else {
      Issue.record("not read back")
      return
    }
    #expect(read == coverage)
    #expect(#"{"coverage":{"state":"parsed","start":9,"end":5}}"#.withView { ResultLine.read($0) } == nil)
  }
}
