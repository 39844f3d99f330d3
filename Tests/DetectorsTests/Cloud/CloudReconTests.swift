import Evidence
import Testing

@testable import Detectors

@Suite struct CloudReconTests {
  @Test func aUserWhoAsksEverything() {
    let names = (0..<16).map { $0 == 0 ? "GetCallerIdentity" : "List\($0)" }
    let calls = names.enumerated().map {
      CloudSamples.call($0.element, "s\($0.offset)", instance: nil, second: Int64($0.offset))
    }
    #expect(findings(CloudRecon(artifact: artifact), calls).map(\.severity) == [.low])
    #expect(findings(CloudRecon(artifact: artifact), Array(calls.prefix(9))).isEmpty)
  }

  @Test func aNodeOfAClusterThatStarts() {
    func found(_ names: [String]) -> Int {
      let calls = names.enumerated().map {
        CloudSamples.call($0.element, "s\($0.offset)", second: Int64($0.offset))
      }
      return findings(CloudRecon(artifact: artifact), calls).count
    }
    let start = ["GetCallerIdentity", "DescribeCluster", "GetAuthorizationToken", "DescribeNetworkInterfaces"]
    #expect(found(start + ["DescribeInstances"]) == 0)
    #expect(found(start + ["DescribeInstances", "ListBuckets", "ListUsers"]) == 1)
  }

  @Test func whatAWholeFleetAsksIsItsSoftwares() {
    let names = ["GetCallerIdentity", "DescribeInstances", "DescribeAutoScalingGroups", "GetSecretValue", "ListTags"]
    func calls(_ instance: String, _ names: [String], hours: Int64 = 1) -> [Event] {
      (0..<hours * 2).flatMap { round in
        names.enumerated().map {
          CloudSamples.call($1, "s\($0)", instance: instance, second: round * 1800 + Int64($0))
        }
      }
    }
    let fleet = (1...4).flatMap { calls("i-0aaaaaaaaaaaaaaa\($0)", names) }
    #expect(findings(CloudRecon(artifact: artifact), fleet).isEmpty)
    // One of them asks more than the others.
    let more = calls("i-0aaaaaaaaaaaaaaa1", ["ListBuckets", "ListUsers", "ListRoles", "ListSecrets"])
    #expect(findings(CloudRecon(artifact: artifact), fleet + more).count == 1)
    // Three may all be taken.
    #expect(findings(CloudRecon(artifact: artifact), Array(fleet.prefix(30))).count == 3)
    // One alone that asks the same from morning to night.
    #expect(findings(CloudRecon(artifact: artifact), calls("i-0aaaaaaaaaaaaaaa1", names, hours: 10)).isEmpty)
  }

  @Test func aProgramThatAsksTheSameAllDayHidesNobody() {
    // More questions than are kept, most of them alike.
    let recon = CloudRecon(artifact: artifact)
    for number in 0..<120_000 {
      let second = Int64(number) / 100
      recon.inspect(CloudSamples.call("DescribeTags", from: "192.0.2.10", instance: nil, second: second)) { _ in }
    }
    #expect(!recon.isFull)
    let names = (0..<16).map { $0 == 0 ? "GetCallerIdentity" : "List\($0)" }
    for (number, name) in names.enumerated() {
      recon.inspect(CloudSamples.call(name, "s\(number)", instance: nil, second: 90_000 + Int64(number))) { _ in }
    }
    var found: [Finding] = []
    recon.finish { found.append($0) }
    #expect(found.map(\.message).allSatisfy { $0.contains("from 203.0.113.66 ") } && found.count == 1)
  }
}
