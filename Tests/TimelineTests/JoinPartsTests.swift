import Evidence
import Testing

@testable import Timeline

@Suite("Parts of the joins")
struct JoinPartsTests {
  @Test("Ends are read with and without brackets, and IPv4 in IPv6 clothes is IPv4")
  func endpoints() {
    #expect(Endpoint(text: "[::ffff:10.0.2.15]:80")?.text == "10.0.2.15:80")
    #expect(Endpoint(text: "[2001:DB8::1]:443")?.text == "[2001:db8::1]:443")
    #expect(Connection.parse("10.0.0.1:1->[2001:db8::2]:22/tcp")?.1.port == 22)
    for text in ["", ":", "host", "host:", "host:99999", "host:-1", "a:1:b", "->", "a:1->", "->b:2/tcp"] {
      #expect(Endpoint(text: text) == nil, "\(text)")
      #expect(Connection.parse(text) == nil, "\(text)")
    }
  }

  @Test("Address ranges")
  func ranges() {
    #expect(AddressRange.isPrivate("172.16.0.1") && AddressRange.isPrivate("172.31.9.9"))
    #expect(!AddressRange.isPrivate("172.32.0.1") && !AddressRange.isPrivate("203.0.113.66"))
    #expect(
      AddressRange.isSpecial("169.254.169.254") && AddressRange.isSpecial("::1") && !AddressRange.isSpecial("::ffff"))
    #expect(AddressRange.isAddress("1.2.3.4") && AddressRange.isAddress("2001:db8::1"))
    for text in ["1.2.3", "1.2.3.256", "a.b.c.d", "1.2.3.4/24", "", ";", "x:y", "1.2.3.4 "] {
      #expect(!AddressRange.isAddress(text), "\(text)")
    }
  }

  @Test("Stages follow the rule, then the technique; a sub-technique that is not listed counts as its parent")
  func stages() {
    func stage(_ rule: String, _ attack: [String] = []) -> Stage {
      Stage(of: Finding(rule: rule, title: "", severity: .high, attack: attack, evidence: [], message: ""))
    }
    #expect(stage("log4shell.waf-label") == .exploitation)
    #expect(stage("memory.reverse-shell", ["T1059.004"]) == .remoteControl)
    #expect(stage("yara:x", ["T1053.003"]) == .persistence)
    #expect(stage("x", ["T1105"]) == .toolTransfer)
    #expect(stage("cloud.destruction", ["T1485"]) == .impact && stage("cloud.recon", ["T1087"]) == .cloudAccess)
    #expect(stage("x", ["T9999", "T1070.999"]) == .defenseEvasion)
    #expect(stage("x") == .other)
    #expect(AttackCatalog.technique("") == nil && AttackCatalog.technique(".") == nil)
  }

  @Test("Relevance: evidence of findings first, then what touches the attack")
  func relevance() {
    let index = CaseIndex(findings: [CaseSamples.payload(10)])
    let waf = CaseSamples.artifact("waf")
    var proof = CaseSamples.request(10, "/login")
    proof.locator = CaseSamples.line(1)
    #expect(index.take(proof, waf) == 9)
    #expect(index.take(CaseSamples.request(11, "/"), waf) == 7)
    #expect(index.take(CaseSamples.request(12, "/", client: "198.51.100.9"), waf) == 0)
  }

  @Test("Places by record number do not run into each other")
  func places() {
    let artifact = CaseSamples.artifact("a")
    var first = Locator()
    first.other = ["record": "1"]
    var second = Locator()
    second.other = ["record": "2"]
    #expect(EvidencePlace(artifact, first) != EvidencePlace(artifact, second))
    #expect(EvidencePlace(artifact, first) == EvidencePlace(artifact, first))
  }
}
