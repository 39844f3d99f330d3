import Evidence

/// Weighs anew what is grave only beside other signs of an intrusion: a command that administrators type as well, an alarm
/// that somebody put away, a trail that was stopped.
///
/// Each such finding says how grave it would be (`Finding.besideOtherSigns`). One line of a history alone proves nobody's
/// bad will; the same line in the hour of a reverse shell, or naming the attack's own address, does.
struct OtherSigns {
  /// Between two acts of one session.
  private static let session: Double = 3600
  private static let day: Double = 86400
  /// Of a history without times, so many bytes on either side are the same session.
  private static let nearBytes: UInt64 = 1000
  /// Different kinds of acts that make a session an intruder's; without times more of them are needed.
  private static let companions = 2
  private static let untimedCompanions = 3
  /// Accepted after many refused ones.
  private static let guessedLogin = "0295c315-9a1e-4240-9807-9b27c91f34aa"

  /// What an intruder does in an account beside blinding it.
  private static let blinding: Set<String> = [
    "cloud.logging-off", "cloud.identity-change", "cloud.permission-change", "cloud.attack-tool",
  ]

  private struct Slot: Hashable {
    var who: String
    var part: Int64
  }

  private let view: CaseView
  /// Addresses and names that findings which need no other signs call the attack's.
  private var hosts: Set<String>
  /// Programs that run from folders that anybody may write to, by name.
  private var programs: Set<String> = []
  /// When an intruder was at work on the host; nil for a capture without time.
  private var proofs: [Timestamp?] = []
  private var logins: [Finding] = []
  private var acts: [Slot: Set<String>] = [:]
  private var accountActs: [Slot: Set<String>] = [:]
  private var areKeysElsewhere = false
  /// Of each command which of these rules speak of it.
  private var together: [EvidenceReference: Set<String>] = [:]

  static func raise(_ findings: inout [Finding], in view: CaseView, after successes: [Log4ShellJoin.Success]) {
    let weighed = findings.indices.filter { findings[$0].isWeighed }
    guard !weighed.isEmpty else { return }
    let signs = OtherSigns(findings, view, successes)
    for index in weighed {
      guard let severity = findings[index].text(Finding.besideOtherSigns).flatMap(Severity.init),
        severity > findings[index].severity, let sign = signs.sign(beside: findings[index])
      else { continue }
      findings[index].severity = severity
      findings[index].confidence = .high
      findings[index].message += " Grave, for \(sign)."
    }
  }

  private init(_ findings: [Finding], _ view: CaseView, _ successes: [Log4ShellJoin.Success]) {
    self.view = view
    let grave = findings.filter { $0.severity >= .high && !$0.isOfCloud && !$0.rule.hasPrefix("yara:") }
    hosts = AttackMarks(grave).hosts.union(successes.map(\.end.host))
    proofs = successes.map(\.finding.firstSeen)
    for finding in grave {
      switch Stage(of: finding) {
      case .remoteControl, .callback, .execution, .commandAndControl: proofs.append(finding.firstSeen)
      default: if finding.rule == Self.guessedLogin { logins.append(finding) }
      }
    }
    for node in view.processes.byPID.values {
      let program = node.command.prefix { $0 != " " }
      guard AttackMarks.isDropPlace(String(program.prefix(4096))), let name = program.split(separator: "/").last else {
        continue
      }
      programs.insert(String(name))
    }
    for finding in findings where finding.severity >= .medium {
      if finding.isWeighed, !finding.isOfCloud, let place = finding.evidence.first {
        together[place, default: []].insert(finding.rule)
      }
      if finding.isTyped, !finding.isWeighed, finding.rule != "behaviour.download-temporary",
        let slot = Self.slots(finding).first
      {
        acts[slot, default: []].insert(finding.rule)
      }
      if finding.severity >= .high,
        finding.rule == "cloud.instance-credentials-elsewhere"
          || finding.rule.hasPrefix("guardduty.") && finding.rule.contains("InstanceCredentialExfiltration")
      {
        areKeysElsewhere = true
      }
    }
    for finding in findings where Self.blinding.contains(finding.rule) && finding.text("error_code") == nil {
      guard let slot = Self.slots(finding).first, let name = finding.text("event_name") else { continue }
      accountActs[slot, default: []].insert(name)
    }
  }

  /// What makes the finding as grave as it says, in words; nil for nothing.
  private func sign(beside finding: Finding) -> String? {
    if finding.rule.hasPrefix("guardduty.") { return signOfAlarm(finding) }
    if finding.isOfCloud { return signInAccount(finding) }
    let words = Self.words(finding.payload ?? "")
    if let host = words.first(where: hosts.contains) { return "it names \(host), which belongs to the attack" }
    if finding.rule == "behaviour.download-execute", let name = words.first(where: programs.contains) {
      return "\(name) runs from a folder that anybody may write to"
    }
    if let place = finding.evidence.first, together[place, default: []].count > 1 {
      return "one command does more that intruders do"
    }
    if finding.rule == "behaviour.metadata-credentials", areKeysElsewhere {
      return "the instance's credentials were used from elsewhere"
    }
    if proofs.contains(where: { isNear(finding.firstSeen, $0, within: Self.session) }) {
      return "an intruder was at work on the host at that time"
    }
    if let time = finding.firstSeen,
      logins.contains(where: { login in
        login.lastSeen.map { (-60...Self.day).contains(seconds(from: $0, to: time)) } ?? false
      })
    {
      return "a login was guessed before"
    }
    guard finding.isTyped else { return nil }
    let others = Self.slots(finding).reduce(into: Set<String>()) { $0.formUnion(acts[$1] ?? []) }
    let enough = finding.firstSeen == nil ? Self.untimedCompanions : Self.companions
    return others.subtracting([finding.rule]).count >= enough ? "the same session did more that intruders do" : nil
  }

  /// An alarm that was put away counts again where the intruder may have done so, or met its far end.
  private func signOfAlarm(_ finding: Finding) -> String? {
    if let host = finding.text("remote_host"), hosts.contains(host) { return "\(host) belongs to the attack" }
    let isHidden = view.index.calls.contains { call in
      ["ArchiveFindings", "CreateFilter", "UpdateFilter"].contains(call.event.text("event_name") ?? "")
        && call.event.text("error_code") == nil && view.marks.hosts.contains(call.event.text("source_ip") ?? "")
    }
    return isHidden ? "whoever attacked put GuardDuty's findings away" : nil
  }

  /// Who stops one trail may be its owner; who in the same day makes identities or blinds more is not believed.
  private func signInAccount(_ finding: Finding) -> String? {
    let others = Self.slots(finding).reduce(into: Set<String>()) { $0.formUnion(accountActs[$1] ?? []) }
    let more = others.subtracting([finding.text("event_name") ?? ""]).sorted()
    return more.isEmpty ? nil : "the same identity called \(more.prefix(4).joined(separator: ", ")) too"
  }

  private func isNear(_ time: Timestamp?, _ proof: Timestamp?, within limit: Double) -> Bool {
    guard let time else { return true }
    // A capture without times shows what was there at the end.
    guard let proof = proof ?? view.index.lastSeen else { return true }
    return abs(seconds(from: time, to: proof)) <= limit + max(time.slack, proof.slack)
  }

  /// Who and about when, its own slot first and then those beside it.
  private static func slots(_ finding: Finding) -> [Slot] {
    let place = finding.evidence.first
    let artifact = place?.artifact.hex ?? ""
    if finding.isOfCloud {
      let who = finding.entities.first { $0.kind == .accessKey }?.value ?? finding.text("remote_host") ?? artifact
      return around(who, finding.firstSeen.map { $0.nanoseconds / Int64(day * 1e9) })
    }
    let who = finding.entities.first { $0.kind == .user }?.value ?? artifact
    if let time = finding.firstSeen { return around(who, time.nanoseconds / Int64(session / 2 * 1e9)) }
    return around("\(who) \(artifact)", Int64(clamping: (place?.locator.offset ?? 0) / nearBytes))
  }

  private static func around(_ who: String, _ part: Int64?) -> [Slot] {
    guard let part else { return [Slot(who: who, part: .min)] }
    return [part, part &- 1, part &+ 1].map { Slot(who: who, part: $0) }
  }

  /// Names, paths' last parts and hosts, without the ports behind them.
  private static func words(_ text: String) -> [String] {
    text.prefix(4096).split { !($0.isLetter || $0.isNumber || $0 == "." || $0 == "-" || $0 == "_") }.map(String.init)
  }
}

extension Finding {
  /// Whether other signs may make it graver.
  fileprivate var isWeighed: Bool { self[Finding.besideOtherSigns] != nil }

  /// Whether it is of a history's line: processes of one machine are no session.
  fileprivate var isTyped: Bool {
    (rule.hasPrefix("behaviour.") || rule.hasPrefix("reverse-shell.")) && pid == nil
  }
}
