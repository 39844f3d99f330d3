import Bytes
import Testing

@testable import Detectors

struct SigmaMeasureTests {
  private let events = (0..<6).map {
    #"{"data_type": "test:event", "time": "2026-03-04T10:00:0\#($0)Z", "message": "m", "kind": "a"}"#
  }.joined(separator: "\n")

  /// Each thread has a part of the events, of which none has enough.
  @Test(arguments: [1, 2, 3])
  func correlationsAreAskedOfAllEvents(_ workers: Int) throws {
    let (rules, _) = sigma(
      correlatedRules
        + "title: C\ncorrelation: {type: event_count, rules: [a], timespan: 1m, condition: {gte: 6}, generate: true}\n")
    let made = Array(events.utf8).withView { SigmaMeasure.run(rules, $0, repeats: 2, workers: workers) }.measure
    let measure = try #require(made)
    #expect(measure.events == 12)
    #expect(measure.findings.map { "\($0.title) \($0.count)" } == ["A 12", "C 2"])
  }

  @Test func aLineThatIsNoEventIsTold() {
    let (rules, _) = sigma(correlatedRules)
    #expect(
      Array("\(events)\nnone".utf8).withView { SigmaMeasure.run(rules, $0, repeats: 1, workers: 2) }.brokenLine == 7)
  }
}
