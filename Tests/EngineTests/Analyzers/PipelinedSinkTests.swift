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
    let pipeline = PipelinedSink(target)
    fill(pipeline, count, length: length)
    pipeline.finish()
    #expect(target.seen == straight.seen)
  }
}
