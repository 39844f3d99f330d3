import Evidence
import Testing

@testable import Engine

struct PipelinedSinkTests {
  /// Keeps what comes as one list, for its order.
  private final class OrderSink: ResultSink {
    var seen: [String] = []
    func event(_ event: Event) { seen.append("event \(event.message)") }
    func finding(_ finding: Finding) { seen.append("finding \(finding.message)") }
    func coverage(_ coverage: Coverage) { seen.append("coverage \(coverage.reason ?? "")") }
    func row(view: String, json: [UInt8]) { seen.append("row \(view) \(json.count)") }
  }

  private func fill(_ sink: any ResultSink, _ count: Int, length: UInt64) {
    for number in 0..<count {
      sink.event(
        Event(time: nil, dataType: "t", message: "\(number)", locator: Locator(offset: 0, length: length, line: number))
      )
      if number % 7 == 0 {
        sink.finding(Finding(rule: "r", title: "t", severity: .low, evidence: [], message: "\(number)"))
      }
      if number % 11 == 0 { sink.coverage(Coverage(.skipped, 0..<1, reason: "\(number)")) }
      if number % 13 == 0 { sink.row(view: "\(number)", json: [0x7B, 0x7D]) }
    }
  }

  /// A few stay on one thread; records that say they are huge go one by one.
  @Test(arguments: [(0, 10), (3, 10), (63, 10), (64, 10), (5000, 10), (500, UInt64.max)])
  func everythingComesInItsOrder(_ count: Int, _ length: UInt64) {
    let straight = OrderSink()
    fill(straight, count, length: length)
    let target = OrderSink()
    let pipeline = PipelinedSink([{ $0.give(to: target) }])
    fill(pipeline, count, length: length)
    pipeline.finish()
    #expect(target.seen == straight.seen)
  }

  /// Each step has seen a batch before the next one does; what the first finds stands behind its event.
  @Test(arguments: [(3, 10), (64, 10), (10_000, 10), (500, UInt64.max)])
  func stepsFollowEachOther(_ count: Int, _ length: UInt64) {
    let target = OrderSink()
    var last: [String] = []
    let pipeline = PipelinedSink([
      { batch in
        batch.forEachEvent { event, place in
          guard event.message.hasSuffix("5") else { return }
          for part in ["a", "b"] {
            batch.add(
              Finding(rule: "r", title: "t", severity: .low, evidence: [], message: "\(event.message)\(part)"),
              to: place)
          }
        }
      },
      { $0.give(to: target) },
      { batch in batch.forEachEvent { event, _ in last.append(event.message) } },
    ])
    fill(pipeline, count, length: length)
    pipeline.finish()
    var expected: [String] = []
    for number in 0..<count {
      expected.append("event \(number)")
      if number % 10 == 5 { expected += ["finding \(number)a", "finding \(number)b"] }
      if number % 7 == 0 { expected.append("finding \(number)") }
      if number % 11 == 0 { expected.append("coverage \(number)") }
      if number % 13 == 0 { expected.append("row \(number) 2") }
    }
    #expect(target.seen == expected)
    #expect(last == (0..<count).map(String.init))
  }
}
