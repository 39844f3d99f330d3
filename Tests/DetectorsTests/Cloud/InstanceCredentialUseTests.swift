import Evidence
import Testing

@testable import Detectors

@Suite struct InstanceCredentialUseTests {
  private typealias Samples = CloudSamples

  private func severities(_ calls: [Event]) -> [Severity] {
    findings(InstanceCredentialUse(artifact: artifact), calls).map(\.severity)
  }

  private let endpoint = [Attribute("vpc_endpoint", "vpce-0aa")]

  @Test func whatIsNotSuspiciousMayBeASecondAddressOfTheNAT() {
    #expect(severities(Samples.agent() + [Samples.call("GetSecretValue", second: 60)]) == [.medium])
    #expect(severities(Samples.agent() + [Samples.call("ListBuckets", second: 60)]) == [.high])
    // What the instance itself asks too says nothing.
    let both = ["192.0.2.10", "203.0.113.66"].map { Samples.call("ListBuckets", from: $0, second: 60) }
    #expect(severities(Samples.agent() + both) == [.medium])
    // Another instance's agent reports from there.
    let neighbour = Samples.call(
      "UpdateInstanceInformation", "ssm", from: "203.0.113.67", instance: "i-0123456789abcdef0", second: 5)
    #expect(severities(Samples.agent() + [neighbour, Samples.call("GetObject", second: 60)]).isEmpty)
  }

  @Test func manyProxiesAreOneThief() throws {
    let calls = (1...9).map { Samples.call("ListBuckets", from: "203.0.\($0).66", second: 60 + Int64($0)) }
    let found = findings(InstanceCredentialUse(artifact: artifact), Samples.agent() + calls)
    let one = try #require(found.first)
    #expect(found.count == 1 && one.severity == .high && one.message.contains("8 more places"))
    #expect(InstanceCredentialUse.places(in: one).count == 9)
    #expect(one.entities.filter { $0.kind == .address }.count == 9)
    // A few are told one by one.
    let few = findings(InstanceCredentialUse(artifact: artifact), Samples.agent() + calls.prefix(3))
    #expect(few.map { InstanceCredentialUse.places(in: $0).count } == [1, 1, 1])
  }

  @Test func twoAddressFamiliesAreNotCompared() {
    func call(_ name: String) -> Event { Samples.call(name, from: "2600:1f18:aa:bb00::15", second: 60) }
    #expect(severities(Samples.agent() + [call("GetSecretValue")]).isEmpty)
    #expect(severities(Samples.agent() + [call("ListBuckets")]) == [.medium])
  }

  @Test func anInstanceThatWasStartedAnewHasMoved() {
    func later(_ name: String, key: String) -> Event { Samples.call(name, key: key, second: 90_000) }
    #expect(severities(Samples.agent() + [later("PutObject", key: "ASIANEW")]).isEmpty)
    #expect(severities(Samples.agent() + [later("ListBuckets", key: "ASIANEW")]) == [.medium])
    // The old key does not move with it.
    #expect(severities(Samples.agent() + [later("ListBuckets", key: "ASIAEXAMPLE")]) == [.high])
  }

  @Test func endpointsAreTheInstancesHome() {
    let home = Samples.agent(from: "10.0.2.15", more: endpoint)
    #expect(severities(home + [Samples.call("GetCallerIdentity", "sts"), Samples.call("ListBuckets")]) == [.medium])
    let more = [Samples.call("ListUsers", "iam"), Samples.call("ListBuckets"), Samples.call("ListSecrets", "sm")]
    #expect(severities(home + more) == [.high])
    // For what no endpoint serves it goes out by a NAT.
    #expect(severities(home + [Samples.call("PutMetricData", "monitoring", from: "198.51.100.7")]).isEmpty)
    // What goes around an endpoint that serves it does not come from that network.
    let own = Samples.call("GetObject", from: "10.0.2.15", more: endpoint)
    #expect(severities(home + [own, Samples.call("ListBuckets")]) == [.high])
    // A gateway's endpoint alone is every instance's.
    #expect(severities([own, Samples.call("GetCallerIdentity", "sts", from: "198.51.100.7")]).isEmpty)
  }

  @Test func anEndpointInSomebodyElsesNetwork() {
    func call(_ name: String, account: String) -> Event {
      let more = [Attribute("vpc_endpoint", "vpce-0bb"), Attribute("vpc_endpoint_account", account)]
      return Samples.call(name, from: "172.31.9.9", second: 60, more: more)
    }
    #expect(severities(Samples.agent() + [call("ListBuckets", account: "999988887777")]) == [.high])
    #expect(severities(Samples.agent() + [call("GetObject", account: "999988887777")]) == [.medium])
    #expect(severities(Samples.agent() + [call("ListBuckets", account: "111122223333")]).isEmpty)
    // One account's network that all use.
    let instances = ["i-0aaaaaaaaaaaaaaa1", "i-0aaaaaaaaaaaaaaa2", "i-0aaaaaaaaaaaaaaa3"]
    let shared = instances.flatMap { instance in
      [
        Samples.call("UpdateInstanceInformation", "ssm", from: "192.0.2.10", instance: instance),
        Samples.call(
          "GetObject", from: "172.31.9.9", instance: instance,
          more: [Attribute("vpc_endpoint", "vpce-0bb"), Attribute("vpc_endpoint_account", "999988887777")]),
      ]
    }
    #expect(severities(shared).isEmpty)
  }

  @Test func theFilesOfRegionsAreReadTogether() {
    let home = Digest(of: [1])
    let far = Digest(of: [2])
    let alone = Samples.agent() + [Samples.call("ListBuckets", second: 60)]
    let whole = WholeCaseDetectors()
    for event in Samples.agent() { whole.inspect(event, of: home) }
    for artifact in [far, Digest(of: [3])] { whole.inspect(Samples.call("ListBuckets", second: 60), of: artifact) }
    let artifacts = findings(InstanceCredentialUse(artifact: far), alone)
    let found = whole.finish(replacing: artifacts)
    #expect(found.map(\.rule) == [InstanceCredentialUse.rule] && found.first?.severity == .high)
    #expect(found.first?.evidence.map(\.artifact) == [far])
    // The others' findings stay.
    var other = artifacts[0]
    other.rule = "cloud.exposure"
    #expect(WholeCaseDetectors().finish(replacing: artifacts + [other]).map(\.rule) == ["cloud.exposure"])
  }

  @Test func whoKeepsNotAllSaysSo() {
    let far = Digest(of: [2])
    let calls = Samples.agent() + [Samples.call("ListBuckets", second: 60)]
    let told = findings(InstanceCredentialUse(artifact: far), calls)
    let whole = WholeCaseDetectors()
    // More instances than are kept, with nothing to tell of them.
    for number in 0..<50_100 {
      let instance = "i-\(String(number + 0x1000_0000, radix: 16))"
      whole.inspect(Samples.call("GetObject", from: "10.0.2.15", instance: instance, second: Int64(number)), of: far)
    }
    #expect(whole.limits.count == 1 && whole.limits.first?.hasPrefix(InstanceCredentialUse.rule) == true)
    // What was seen of one artifact stands then.
    #expect(whole.finish(replacing: told).contains { $0.severity == .high })
    #expect(WholeCaseDetectors().limits.isEmpty)
  }
}
