import Evidence

/// By what an event is known to belong to the attack: names that only the attack uses, taken from the findings.
public struct AttackMarks: Sendable {
  /// Addresses and names of the far side.
  public private(set) var hosts: Set<String> = []
  public private(set) var pids: Set<Int64> = []
  public private(set) var files: Set<String> = []
  public private(set) var accessKeys: Set<String> = []
  /// What payloads told the server to call.
  public private(set) var callbacks: Set<Endpoint> = []

  public init(_ findings: [Finding]) {
    // A guess must not make an address the attack's: everything that names it would follow.
    for finding in findings where finding.severity >= .medium && finding.confidence > .low {
      // People change rights and ask around every day; that alone does not make their address and key the attack's.
      if finding.isOfCloud, !finding.provesCloudIntruder { continue }
      let stage = Stage(of: finding)
      add(finding, stage)
    }
    hosts = hosts.filter { !AddressRange.isSpecial($0) }
  }

  private mutating func add(_ finding: Finding, _ stage: Stage) {
    if let end = finding.remoteEnd {
      if stage == .exploitation || stage == .remoteControl || stage == .callback || stage == .commandAndControl
        || stage == .exfiltration || stage == .toolTransfer
      {
        hosts.insert(end.host)
      }
      if stage == .exploitation { callbacks.insert(end) }
    }
    // An alarm names the instance's own public addresses too; of what it saw, the far end alone is the attack's.
    let isAlarm = stage == .alert || finding.rule.hasPrefix("securityhub.")
    if isAlarm, Self.isCredentialAlarm(finding.text("finding_type"), finding.severity.rawValue) {
      hosts.formUnion(finding.alarmEnds.filter { !AddressRange.isPrivate($0) })
    }
    for entity in finding.entities {
      switch entity.kind {
      case .address where !AddressRange.isPrivate(entity.value):
        if !isAlarm { hosts.insert(entity.value) }
      case .process where stage != .exploitation: if let pid = Int64(entity.value) { pids.insert(pid) }
      case .file where Self.isDropPlace(entity.value): files.insert(entity.value)
      case .accessKey: accessKeys.insert(entity.value)
      default: break
      }
    }
    if stage != .exploitation, let pid = finding.pid { pids.insert(pid) }
    if stage == .cloudAccess, let source = finding.text("source_ip", "remote_host"), AddressRange.isAddress(source),
      !AddressRange.isPrivate(source)
    {
      hosts.insert(source)
    }
  }

  /// GuardDuty's alarms whose far end uses credentials that are not its own:
  /// `UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS`.
  static func isCredentialAlarm(_ type: String?, _ severity: String?) -> Bool {
    guard let type, let severity = severity.flatMap(Severity.init) else { return false }
    if type.hasPrefix("AttackSequence:IAM/") { return severity >= .high }
    guard type.contains(":IAMUser/") else { return false }
    return severity >= .high
      || severity >= .medium && ["MaliciousIPCaller", "TorIPCaller"].contains { type.contains($0) }
  }

  /// Folders that anybody may write to, and where schedules lie: a file there that a finding names is the attack's.
  static func isDropPlace(_ path: String) -> Bool {
    ["/tmp/", "/var/tmp/", "/dev/shm/", "/run/shm/", "/var/spool/cron/"].contains { path.hasPrefix($0) }
  }

  /// The path on the host, where an artifact's path (`disk.tar.gz!/tmp/.x`, `[root]/tmp/.x`) ends in such a folder's file.
  static func openFolderPath(in path: String) -> String? {
    for folder in ["/var/tmp/", "/tmp/", "/dev/shm/"] {
      if let range = path.ranges(of: folder).last, range.upperBound < path.endIndex {
        return String(path[range.lowerBound...])
      }
      // Of a root that was collected as a folder.
      if path.hasPrefix(folder.dropFirst()), path.utf8.count >= folder.utf8.count { return "/" + path }
    }
    return nil
  }

  /// Takes out addresses that turned out to be the account's own.
  mutating func forget(hosts own: Set<String>) { hosts.subtract(own) }

  mutating func add(pids more: Set<Int64>) { pids.formUnion(more) }

  mutating func add(files more: Set<String>) { files.formUnion(more) }

  /// Whether the event names any of these.
  func touches(_ event: Event) -> Bool {
    for entity in event.entities {
      switch entity.kind {
      case .address, .domain, .host: if hosts.contains(entity.value) { return true }
      case .process: if let pid = Int64(entity.value), pids.contains(pid) { return true }
      case .file: if files.contains(entity.value) { return true }
      case .accessKey: if accessKeys.contains(entity.value) { return true }
      case .socket: if let (_, far, _) = Connection.parse(entity.value), hosts.contains(far.host) { return true }
      default: continue
      }
    }
    return false
  }
}

extension Finding {
  subscript(_ name: String) -> Value? { attributes.first { $0.name == name }?.value }

  func text(_ names: String...) -> String? {
    for name in names { if let text = self[name]?.text, !text.isEmpty { return text } }
    return nil
  }

  func number(_ names: String...) -> Int64? {
    for name in names {
      switch self[name] {
      case .integer(let number)?: return number
      case .text(let text)?: if let number = Int64(text) { return number }
      default: continue
      }
    }
    return nil
  }

  /// From where an alarm saw credentials used: its far end, or all ends of a sequence.
  var alarmEnds: [String] {
    if let far = text("remote_host") { return AddressRange.isAddress(far) ? [far] : [] }
    guard text("finding_type")?.hasPrefix("AttackSequence:") == true else { return [] }
    return entities.filter { $0.kind == .address }.map(\.value)
  }

  public var pid: Int64? { number("pid") ?? entities.first { $0.kind == .process }.flatMap { Int64($0.value) } }

  /// Where the thing reaches out to: a payload's host and port, a shell's far end.
  public var remoteEnd: Endpoint? {
    if let host = text("remote_host", "remote_address", "host") {
      guard let port = number("remote_port", "port") ?? text("scheme").flatMap({ Self.usualPorts[$0] }) else {
        return nil
      }
      return Endpoint(host: host, port: Int(clamping: min(max(port, 0), 65535)))
    }
    return entities.lazy.filter { $0.kind == .socket }.compactMap { Connection.parse($0.value)?.1 }.first
  }

  /// Whether it rests on what CloudTrail says.
  var isOfCloud: Bool { rule.hasPrefix("cloud.") || text("data_type")?.hasPrefix("aws:cloudtrail:") == true }

  /// Whether it shows somebody at work who should not be: an instance's role that explores away from home, an attacker's
  /// tools. A role that is merely seen at a second address may have a second way out.
  var provesCloudIntruder: Bool { severity >= .high || rule == "cloud.recon" && confidence == .high }

  /// Whether it is of a lookup that somebody sent: what merely looks like its consequence proves nothing of itself.
  var isLog4ShellPayload: Bool { rule.hasPrefix("log4shell.") && Stage(of: self) == .exploitation }

  /// The payload in its clearest form.
  public var payload: String? { text("decoded", "payload", "raw", "command") }

  /// Where no port is written, JNDI's providers use these.
  private static let usualPorts: [String: Int64] = [
    "ldap": 389, "ldaps": 636, "rmi": 1099, "dns": 53, "iiop": 535, "corba": 900, "http": 80, "https": 443,
  ]
}
