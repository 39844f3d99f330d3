import Evidence
import Testing

@testable import Detectors

@Suite struct ComputeBurstTests {
  private func start(_ region: String, _ type: String, error: String? = nil, second: Int64 = 0) -> Event {
    var call = CloudSamples.call(
      "RunInstances", "ec2", instance: nil, error: error, parameters: #"{"instanceType":"\#(type)"}"#, second: second)
    call.attributes = call.attributes.filter { $0.name != "region" } + [Attribute("region", region)]
    return call
  }

  private func found(_ calls: [Event]) -> [Severity] {
    findings(ComputeBurst(artifact: artifact), calls).map(\.severity)
  }

  @Test func minersFillEveryRegion() {
    let regions = ["us-east-1", "us-west-2", "eu-west-1"]
    #expect(found(regions.map { start($0, "p4d.24xlarge") }) == [.high])
    #expect(
      found(
        regions.map { start($0, "c5.xlarge") } + [start("eu-north-1", "c5.xlarge", error: "Client.VcpuLimitExceeded")])
        == [.high])
  }

  @Test func aServiceInSeveralRegionsIsNone() {
    let regions = ["us-east-1", "us-west-2", "eu-west-1", "ap-northeast-2"]
    #expect(found(regions.map { start($0, "m5.large") }).isEmpty)
    #expect(found(["us-east-1", "us-west-2"].map { start($0, "p4d.24xlarge") }).isEmpty)
    // One region a day.
    #expect(found(regions.enumerated().map { start($1, "p4d.24xlarge", second: Int64($0) * 86_400) }).isEmpty)
    // Not enough machines of a kind in one zone is AWS's want, and nothing was started.
    #expect(
      found(regions.map { start($0, "p4d.24xlarge", error: "Server.InsufficientInstanceCapacity") }).isEmpty)
  }
}
