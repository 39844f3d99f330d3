import Evidence
import Testing

@testable import Timeline

@Suite("Addresses that the account was given")
struct ElasticAddressesTests {
  typealias Samples = CredentialSamples

  private static let second = "198.51.100.77"

  private func elsewhere() -> Finding {
    var finding = Finding(
      rule: "cloud.instance-credentials-elsewhere", title: "", severity: .high, attack: ["T1552.005"],
      firstSeen: CaseSamples.time(500), entities: [Entity(.accessKey, Samples.key), Entity(.address, Self.second)],
      evidence: [EvidenceReference(artifact: CaseSamples.artifact("trail"), locator: CaseSamples.line(500))],
      message: "x.")
    finding.attributes.add("remote_host", Self.second)
    return finding
  }

  private func given(instance: Bool = false, error: String? = nil) -> Event {
    var call = Samples.call(
      450, "AssociateAddress", from: "192.0.2.200", key: "AKIAOPS", error: error,
      parameters: "{\"publicIp\":\"\(Self.second)\",\"instanceId\":\"\(CaseSamples.instance)\"}", session: instance)
    call.locator = CaseSamples.line(450)
    return call
  }

  private func story(_ events: [Event]) -> Incident {
    let uses = [
      Samples.call(100, "ListBuckets", from: "192.0.2.10"), Samples.call(500, "ListUsers", from: Self.second),
    ]
    return CaseSamples.story([elsewhere()], (uses + events).map { ("trail", $0) })
  }

  @Test("An instance that begins to call from one has a new way out")
  func handedOver() {
    let incident = story([given()])
    #expect(incident.credentials.isEmpty && incident.severity == .low)
    #expect(incident.findings.first?.message.contains("The account was given 198.51.100.77 itself.") == true)
  }

  @Test("Without the record, with a failed one, or by the instance's own wish it is somebody else's")
  func notTheAccounts() {
    for events in [[], [given(error: "AccessDenied")], [given(instance: true)]] {
      let incident = story(events)
      #expect(incident.severity == .critical && incident.credentials.map(\.key) == [Samples.key])
    }
  }

  @Test("Of an answer's addresses those of the Internet count")
  func answers() {
    var event = Samples.call(1, "CreateNatGateway", from: "192.0.2.200", session: false)
    event.attributes.add(
      "response_elements", #"{"a":[{"publicIp":"198.51.100.9"},{"publicIp":"10.0.0.1"},{"publicIp":"x"}],"publicIp":""#)
    #expect(ElasticAddresses.given(by: event) == ["198.51.100.9"])
  }
}
