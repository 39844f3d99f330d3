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
}
