import Bytes
import Evidence

/// Records of the audit system that come by syslog or the journal, gathered by their serial number as `AuditEvents` does it in
/// auditd's own log: who ran something stands in one record, what it was in another.
///
/// journalctl's text has no numbers. Its records are those of one event as long as they follow each other and none begins anew.
struct SyslogAudit {
  /// Bytes of an event's text that are kept.
  private static let textLimit = 1 << 16

  private struct Open {
    let record: SyslogRecord
    var event: AuditEvent
    var text: String
    var locator: Locator
    let isNumbered: Bool
  }

  private let encodings: [String]
  private var open: [Open] = []

  init(encodings: [String]) { self.encodings = encodings }

  /// - Returns: false for what is no record that others may belong to.
  mutating func take(
    _ body: ByteView, of record: SyslogRecord, serial: Int64? = nil, at locator: Locator, into sink: any ResultSink
  ) -> Bool {
    guard let part = AuditMessage.part(body, of: record, serial: serial), !part.isAlone else { return false }
    let isNumbered = part.serial != 0
    let place = open.lastIndex {
      $0.isNumbered == isNumbered && $0.event.serial == part.serial && $0.event.time == part.time
        && $0.record.host == record.host
    }
    if let place, isNumbered || !Self.begins(part) {
      open[place].event.add(part, nil)
      if open[place].text.utf8.count + body.count < Self.textLimit { open[place].text += "\n" + body.string }
      // Lines of others may lie between; the place is that of the records up to these.
      let own = open[place].locator
      if let start = locator.offset, let offset = own.offset, let length = own.length, start <= offset &+ length &+ 2 {
        open[place].locator = own.reaching(start &+ (locator.length ?? 0))
      }
      // The last of an event's records.
      if part.type == "PROCTITLE" || part.type == "EOE" { give(place, to: sink) }
      return true
    }
    if part.type == "EOE" { return true }
    if !isNumbered { while let old = open.firstIndex(where: { !$0.isNumbered }) { give(old, to: sink) } }
    if open.count >= AuditEvents.limit { give(0, to: sink) }
    var event = AuditEvent(part)
    event.add(part, nil)
    open.append(
      Open(
        record: record, event: event, text: body.slice(0, Self.textLimit).string, locator: locator,
        isNumbered: isNumbered))
    return true
  }

  /// Whatever is open is complete.
  mutating func finish(into sink: any ResultSink) { while !open.isEmpty { give(0, to: sink) } }

  private static func begins(_ part: AuditRecord) -> Bool {
    !(part.type == "EXECVE" || part.type == "CWD" || part.type == "PATH" || part.type == "SOCKADDR"
      || part.type == "PROCTITLE" || part.type == "OBJ_PID" || part.type == "MMAP" || part.type == "FD_PAIR"
      || part.type == "BPRM_FCAPS" || part.type == "CAPSET" || part.type == "EOE")
  }

  private mutating func give(_ place: Int, to sink: any ResultSink) {
    let whole = open.remove(at: place)
    var event = whole.event.event()
    if !whole.isNumbered { event.attributes.removeAll { $0.name == "serial" } }
    var draft = EventDraft(encodings: encodings)
    draft.begin(at: whole.record.time)
    whole.text.withView { whole.record.writeFront($0, to: &draft) }
    // Records without a time of their own have that of the log, or none.
    if event.time == AuditMessage.noTime { event.time = nil }
    draft.put(event)
    draft.finish(dataType: event.dataType)
    var made = draft.event
    made.locator = whole.locator
    sink.event(made)
  }
}
