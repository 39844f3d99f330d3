import Bytes
import Evidence

/// A record of the audit system in another log: what journald takes from the kernel (`USER_LOGIN pid=1300 …`), what the kernel
/// writes where no auditd runs (`audit: type=1400 audit(…): …`), and what auditd's plugins hand to syslog (`type=SYSCALL
/// msg=audit(…): …`). Those that others belong to are gathered by `SyslogAudit`.
enum AuditMessage {
  /// - Parameter time: the log's own, for a record without one.
  static func event(_ body: ByteView, time: Timestamp?) -> Event? {
    guard let record = record(body, time: time) else { return nil }
    var audit = AuditEvent(record)
    audit.add(record, nil)
    var event = audit.event()
    if record.serial == 0 { event.attributes.removeAll { $0.name == "serial" } }
    return event
  }

  /// What a record has whose log has no time either.
  static let noTime = Timestamp(nanoseconds: 0)

  /// A record that others may belong to, from the kernel's or an audit program's line.
  ///
  /// - Parameter serial: where the journal has it in a field of its own.
  static func part(_ body: ByteView, of record: SyslogRecord, serial: Int64?) -> AuditRecord? {
    var text = body
    if record.program.source == .kernel {
      // [12345.678901] audit: type=1300 audit(1795584012.123:12): …
      if text[0] == 0x5B, let close = text.slice(0, 32).firstIndex(of: 0x5D) { text = text.slice(close + 1).trimmed }
      guard text.hasPrefix("audit: type=") else { return nil }
    }
    guard var found = Self.record(text, time: record.time ?? noTime) else { return nil }
    if found.serial == 0, let serial { found.serial = serial }
    return found
  }

  private static func record(_ body: ByteView, time: Timestamp?) -> AuditRecord? {
    if body.hasPrefix("type=") || body.hasPrefix("node=") { return AuditRecord(body) }
    if body.hasPrefix("audit: type=") {
      guard let (number, rest) = body.slice(12).cut(0x20), rest.hasPrefix("audit("),
        let stamp = AuditRecord.Stamp(rest.slice(6))
      else { return nil }
      let name = types[number.integer ?? 0].map { ByteView($0) } ?? number
      return AuditRecord(node: nil, type: name, time: stamp.time, serial: stamp.serial, fields: stamp.rest)
    }
    guard let (type, fields) = body.cut(0x20), type.count >= 3, type.count <= 32, fields.firstIndex(of: 0x3D) != nil,
      let time
    else { return nil }
    for byte in type.unsafeBytes where !((0x41...0x5A).contains(byte) || byte == 0x5F || (0x30...0x39).contains(byte)) {
      return nil
    }
    return AuditRecord(node: nil, type: type, time: time, serial: 0, fields: fields)
  }

  /// The kernel writes numbers (include/uapi/linux/audit.h).
  private static let types: [Int64: StaticString] = [
    1100: "USER_AUTH", 1101: "USER_ACCT", 1103: "CRED_ACQ", 1104: "CRED_DISP", 1105: "USER_START", 1106: "USER_END",
    1107: "USER_AVC", 1112: "USER_LOGIN", 1123: "USER_CMD", 1130: "SERVICE_START", 1131: "SERVICE_STOP",
    1300: "SYSCALL", 1302: "PATH", 1305: "CONFIG_CHANGE", 1306: "SOCKADDR", 1307: "CWD", 1309: "EXECVE",
    1303: "IPC", 1318: "OBJ_PID", 1320: "EOE", 1321: "BPRM_FCAPS", 1322: "CAPSET", 1323: "MMAP",
    1325: "NETFILTER_CFG", 1326: "SECCOMP", 1327: "PROCTITLE", 1330: "KERN_MODULE", 1334: "BPF", 1400: "AVC",
    1403: "MAC_POLICY_LOAD", 1404: "MAC_STATUS", 1700: "ANOM_PROMISCUOUS", 1701: "ANOM_ABEND",
  ]
}
