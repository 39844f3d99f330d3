import Evidence
import Testing

@testable import Detectors

@Suite struct ConsoleGuessingTests {
  private func signIns(_ failed: Int, _ letIn: Int, from second: Int64 = 0, factor: Bool = false) -> [Severity] {
    let no = [Attribute("error_message", "Failed authentication")]
    let yes = factor ? [Attribute("additional_event_data", #"{"MFAUsed":"Yes"}"#)] : []
    let calls =
      (0..<failed).map {
        CloudSamples.call("ConsoleLogin", "signin", instance: nil, key: "", second: Int64($0), more: no)
      }
      + (0..<letIn).map {
        CloudSamples.call("ConsoleLogin", "signin", instance: nil, key: "", second: 100 + second + Int64($0), more: yes)
      }
    return findings(ConsoleGuessing(artifact: artifact), calls).map(\.severity)
  }

  @Test func manyRefusedAndThenOneLetIn() {
    #expect(signIns(12, 1) == [.high])
    #expect(signIns(12, 1, factor: true) == [.medium])
    #expect(signIns(40, 0) == [.low])
  }

  @Test func peopleWhoMistypeAreNone() {
    #expect(signIns(4, 1).isEmpty)
    #expect(signIns(12, 0).isEmpty)
    // A company's one way out.
    #expect(signIns(15, 30).isEmpty)
    // Who comes the day after has nothing to do with it.
    #expect(signIns(12, 1, from: 86_400).isEmpty)
  }
}
