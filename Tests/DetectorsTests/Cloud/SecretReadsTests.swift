import Evidence
import Testing

@testable import Detectors

@Suite struct SecretReadsTests {
  private func severities(_ calls: [Event]) -> [Severity] {
    findings(SecretReads(artifact: artifact), calls).map(\.severity)
  }

  private func reads(_ number: Int, agent: String = "aws-cli/2.19", every seconds: Int64 = 10) -> [Event] {
    (0..<number).map {
      CloudSamples.call(
        "GetSecretValue", "secretsmanager", instance: nil, parameters: "{\"secretId\":\"prod/db\($0)\"}", agent: agent,
        second: 60 + Int64($0) * seconds)
    }
  }

  private let list = CloudSamples.call("ListSecrets", "secretsmanager", instance: nil)

  @Test func oneAfterTheOther() {
    #expect(severities([list] + reads(6)) == [.medium])
    #expect(severities(reads(40)) == [.low])
    #expect(
      severities(
        [CloudSamples.call("ListSecrets", "secretsmanager", instance: nil, agent: "Mozilla/5.0")]
          + reads(6, agent: "Mozilla/5.0")) == [.low])
  }

  @Test func aProgramsOwnFewAreNone() {
    #expect(severities(reads(10)).isEmpty)
    #expect(severities([list] + reads(3) + reads(3)).isEmpty)
    #expect(severities([list] + reads(8, every: 3600)).isEmpty)
  }

  @Test func allAtOnce() {
    func call(_ name: String, _ parameters: String, instance: String? = CloudSamples.instance) -> [Severity] {
      severities([CloudSamples.call(name, "ssm", instance: instance, parameters: parameters)])
    }
    #expect(call("GetParametersByPath", #"{"path":"/","recursive":true}"#) == [.medium])
    #expect(call("GetParametersByPath", #"{"path":"/","recursive":true}"#, instance: nil) == [.low])
    #expect(call("GetParametersByPath", #"{"path":"/app/prod","recursive":true}"#).isEmpty)
    #expect(call("BatchGetSecretValue", #"{"filters":[{"key":"name","values":["prod"]}]}"#) == [.medium])
    #expect(call("BatchGetSecretValue", #"{"secretIdList":["a"]}"#).isEmpty)
    #expect(call("GetPasswordData", #"{"instanceId":"i-1"}"#) == [.medium])
    #expect(call("GetPasswordData", #"{"instanceId":"i-1"}"#, instance: nil).isEmpty)
  }
}
