import Bytes
import Evidence

/// Events of the audit system whose records are still coming: those of one serial number and time belong together.
struct AuditEvents {
  /// Events held open for records still to come.
  static let limit = 64

  private var open: [AuditEvent] = []

  mutating func take(_ record: AuditRecord, _ line: TextLine, into sink: any ResultSink) {
    let place = open.lastIndex { $0.serial == record.serial && $0.time == record.time }
    if record.type == "EOE" {
      if let place { sink.event(open.remove(at: place).event()) }
      return
    }
    if let place {
      open[place].add(record, line)
      return
    }
    if open.count >= Self.limit { sink.event(open.removeFirst().event()) }
    var made = AuditEvent(record)
    made.add(record, line)
    open.append(made)
    // Records of user space stand alone and have no end record.
    if record.isAlone, let last = open.popLast() { sink.event(last.event()) }
  }

  /// Whatever is open is complete.
  mutating func finish(into sink: any ResultSink) {
    for event in open { sink.event(event.event()) }
    open.removeAll(keepingCapacity: true)
  }
}
