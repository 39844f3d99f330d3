import Bytes
import Evidence

/// Fields of an entry of the systemd journal, whether exported or as JSON.
struct JournalEntry {
  /// Of one field; more is cut.
  static let valueLimit = 1 << 16

  var time: Timestamp?
  private var fields: [String: String] = [:]

  mutating func set(_ name: ByteView, _ value: ByteView) {
    if name == "__REALTIME_TIMESTAMP" {
      setTime(value)
    } else if fields.count < 256, let key = Self.wanted[name.string] {
      fields[key] = value.slice(0, Self.valueLimit).string
    }
  }

  mutating func setTime(_ value: ByteView) {
    guard let microseconds = value.integer, microseconds > 0 else { return }
    time = Timestamp(
      seconds: microseconds / 1_000_000, nanoseconds: microseconds % 1_000_000 * 1000, precision: .microsecond)
  }

  static func isWanted(_ name: ByteView) -> Bool { wanted[name.string] != nil }

  private static let wanted: [String: String] = [
    "MESSAGE": "message", "_HOSTNAME": "host", "SYSLOG_IDENTIFIER": "identifier", "_COMM": "comm", "_PID": "pid",
    "SYSLOG_PID": "syslog_pid", "PRIORITY": "priority", "SYSLOG_FACILITY": "facility", "_UID": "uid",
    "_EXE": "executable",
    "_CMDLINE": "command_line", "_SYSTEMD_UNIT": "unit", "_BOOT_ID": "boot_id", "_TRANSPORT": "transport",
    "_AUDIT_SESSION": "audit_session", "_AUDIT_LOGINUID": "auid",
    "_AUDIT_ID": "serial", "UNIT": "unit_spoken_of",
  ]

  /// Gives a record of the audit system to those that gather them.
  ///
  /// - Parameter extra: what the source knows besides.
  /// - Returns: false for any other entry.
  func joins(
    _ audits: inout SyslogAudit, _ locator: Locator, extra: [Attribute] = [], into sink: any ResultSink
  ) -> Bool {
    guard fields["transport"] == "audit", let message = fields["message"], var record = record() else { return false }
    record.extra += extra
    let serial = fields["serial"].flatMap { Int64($0) }
    return message.withView { audits.take($0, of: record, serial: serial, at: locator, into: sink) }
  }

  /// Nil where nothing of an entry was found.
  func event(_ locator: Locator) -> Event? {
    record().flatMap { record in (fields["message"] ?? "").withView { record.event($0, locator) } }
  }

  private func record() -> SyslogRecord? {
    guard time != nil || fields["message"] != nil else { return nil }
    var fields = fields
    // What the kernel's audit system says has the name of whoever it speaks of at most.
    let isOfAudit = fields["transport"] == "audit"
    let program = fields["identifier"] ?? (isOfAudit ? "audit" : fields["comm"]) ?? ""
    var record = SyslogRecord(
      time: time, host: fields["host"] ?? "",
      program: NameCache.Name(text: program))
    record.pid = fields["pid"].flatMap { Int64($0) } ?? fields["syslog_pid"].flatMap { Int64($0) }
    if let severity = fields["priority"].flatMap({ Int($0) }), (0...7).contains(severity) {
      let facility = fields["facility"].flatMap { Int($0) } ?? (fields["transport"] == "kernel" ? 0 : 1)
      record.priority = min(max(facility, 0), 23) << 3 | severity
    }
    record.extra.add("uid", fields["uid"].flatMap { Int64($0) })
    record.extra.add("auid", fields["auid"].flatMap { Int64($0) })
    record.extra.add("serial", fields["serial"].flatMap { Int64($0) })
    // What systemd says of a unit is that unit's; its own is init.scope.
    if let unit = fields["unit_spoken_of"], program == "systemd" { fields["unit"] = unit }
    for name in ["executable", "command_line", "unit", "boot_id", "transport"] { record.extra.keep(name, fields[name]) }
    return record
  }
}
