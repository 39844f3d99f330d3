import Evidence
import Testing

@testable import Timeline

@Suite struct ExposedKeysTests {
  private let memory = CaseSamples.artifact("memory")

  private func finding(_ key: String?) -> Finding {
    var finding = Finding(
      rule: "exposure.aws-secret-key", title: "", severity: .low, attack: ["T1552"],
      evidence: [EvidenceReference(artifact: memory, locator: Locator(offset: 4096, length: 40))],
      message: "It lies open.")
    finding.attributes.add("secret_kind", "aws-secret-key")
    finding.attributes.add("fingerprint", "0011aabb")
    finding.attributes.add("access_key", key)
    return finding
  }

  private func keys(_ key: String) -> KeyUses {
    var keys = KeyUses()
    for (second, address) in [(20, "203.0.113.66"), (10, "192.0.2.10"), (30, "203.0.113.66")] as [(Int64, String)] {
      let call = Event(
        time: CaseSamples.time(second), dataType: "aws:cloudtrail:event", message: "",
        attributes: [Attribute("access_key", key), Attribute("source_ip", address)], locator: CaseSamples.line(1))
      keys.take(Sighting(event: call, artifact: CaseSamples.artifact("trail")))
    }
    return keys
  }

  @Test func aKeyInMemoryIsJoinedWithItsUses() throws {
    var list = ExposureList()
    list.add(finding("ASIA3XFRBF53EXAMPLE7"))
    let exposure = try #require(list.sorted.first)
    #expect(exposure.accessKey == "ASIA3XFRBF53EXAMPLE7" && exposure.artifact == memory)
    let joined = ExposedKeys.uses(of: exposure, keys("ASIA3XFRBF53EXAMPLE7"), [])
    #expect(joined.uses.map(\.address) == ["192.0.2.10", "203.0.113.66"] && joined.uses.map(\.calls) == [1, 2])
  }

  @Test func anotherKeysUsesAreNotItsOwn() throws {
    var list = ExposureList()
    list.add(finding("ASIA3XFRBF53EXAMPLE7"))
    list.add(finding(nil))
    #expect(list.sorted.count == 1)
    let exposure = try #require(list.sorted.first)
    #expect(ExposedKeys.uses(of: exposure, keys("AKIAOTHEREXAMPLEKEY1"), []).uses.isEmpty)
    var findings = [finding("ASIA3XFRBF53EXAMPLE7")]
    ExposedKeys.join(&findings, with: [])
    #expect(findings[0].severity == .low)
  }
}
