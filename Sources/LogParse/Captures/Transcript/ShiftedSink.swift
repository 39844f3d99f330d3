import Bytes
import Evidence

/// Takes what the parser of one section says, as of the file that the section lies in.
final class ShiftedSink: ResultSink {
  private let sink: any ResultSink
  private let encodings: [String]
  private var ledger: CoverageLedger
  private var offset: UInt64 = 0
  private var line = 0
  /// What the sections showed of the host's clock.
  private(set) var clock: (time: Timestamp, minutes: Int?)?

  init(_ sink: any ResultSink, encodings: [String]) {
    self.sink = sink
    self.encodings = encodings
    ledger = CoverageLedger(sink, encodings: encodings)
  }

  /// What lies in front of the section is its heading.
  func begin(at offset: UInt64, line: Int) {
    ledger.parsed(upTo: offset)
    self.offset = offset
    self.line = line - 1
  }

  func read(upTo offset: UInt64) { ledger.parsed(upTo: offset) }

  func skip(upTo offset: UInt64, _ reason: String) { ledger.skipped(upTo: offset, reason) }

  func finish(damage: String?, note: String?) { ledger.finish(damage: damage, note: note) }

  func event(_ event: Event) {
    if event.dataType == "linux:host:clock", let time = event.time, clock == nil {
      clock = (time, event.integer("zone_minutes").map { Int(clamping: $0) })
    }
    var event = event
    shift(&event.locator)
    sink.event(event)
  }

  func finding(_ finding: Finding) {
    var finding = finding
    for index in finding.evidence.indices { shift(&finding.evidence[index].locator) }
    sink.finding(finding)
  }

  func coverage(_ coverage: Coverage) {
    let (end, over) = offset.addingReportingOverflow(coverage.end)
    guard !over else { return }
    switch coverage.state {
    case .parsed: ledger.parsed(upTo: end)
    case .scanned: ledger.scanned(upTo: end, coverage.reason ?? "")
    case .skipped: ledger.skipped(upTo: end, coverage.reason ?? "")
    }
  }

  func row(view: String, json: [UInt8]) { sink.row(view: view, json: json) }

  private func shift(_ locator: inout Locator) {
    locator.offset = locator.offset.map { $0 &+ offset }
    locator.line = locator.line.map { $0 &+ line }
    locator.encodings = encodings
  }
}
