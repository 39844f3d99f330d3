import Evidence

/// What an intruder was doing; the steps of a story, in the order in which intrusions usually go.
public enum Stage: String, Sendable, CaseIterable, Comparable {
  case reconnaissance
  case exploitation
  case callback
  case payloadDelivery = "payload-delivery"
  case execution
  case remoteControl = "remote-control"
  case commands
  case discovery
  case privilegeEscalation = "privilege-escalation"
  case defenseEvasion = "defense-evasion"
  case credentialAccess = "credential-access"
  case toolTransfer = "tool-transfer"
  case persistence
  case commandAndControl = "command-and-control"
  case lateralMovement = "lateral-movement"
  case collection
  case exfiltration
  case cloudAccess = "cloud-access"
  case containment
  case impact
  case alert
  case other

  public static func < (left: Stage, right: Stage) -> Bool { left.order < right.order }

  var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }

  /// The stage that a finding tells of: by its rule where the rule says more than ATT&CK does, else by its first tactic.
  public init(of finding: Finding) {
    let rule = finding.rule
    func begins(_ prefix: String) -> Bool { rule.hasPrefix(prefix) }
    if rule == JoinedFinding.log4shellSucceeded {
      self = .callback
    } else if rule == "log4shell.callback-port" {
      self = .callback
    } else if begins("log4shell.") {
      self = .exploitation
    } else if let stage = Self.byRule[rule] {
      self = stage
    } else if begins("reverse-shell.") || begins("bind-shell.") || begins("memory.reverse-shell") {
      self = .remoteControl
    } else if begins("guardduty.") {
      self = .alert
    } else if begins("cloud.") || rule == JoinedFinding.credentialsUsedElsewhere
      || rule == JoinedFinding.stolenCredentials
    {
      self = .cloudAccess
    } else {
      self = finding.attack.lazy.compactMap { Stage(technique: $0) }.first ?? .other
    }
  }

  /// Rules whose techniques say less than they do: who looks for set-uid programs has not gained rights yet.
  private static let byRule: [String: Stage] = [
    "behaviour.server-shell": .execution, "behaviour.decode-execute": .execution,
    "behaviour.privilege-discovery": .discovery, "behaviour.hidden-program-socket": .commandAndControl,
    "memory.suspect-connection": .commandAndControl, "memory.jndi-connection": .callback, "web.scan": .reconnaissance,
    "cloud.destruction": .impact, "cloud.ransom-encryption": .impact, "behaviour.archive-upload": .exfiltration,
    JoinedFinding.openFile: .defenseEvasion,
  ]

  public init?(technique: String) {
    if technique == "T1105" {
      self = .toolTransfer
      return
    }
    guard let tactic = AttackCatalog.technique(technique)?.tactics.first else { return nil }
    self =
      switch tactic {
      case .reconnaissance, .resourceDevelopment: .reconnaissance
      case .initialAccess: .exploitation
      case .execution: .execution
      case .persistence: .persistence
      case .privilegeEscalation: .privilegeEscalation
      case .defenseEvasion: .defenseEvasion
      case .credentialAccess: .credentialAccess
      case .discovery: .discovery
      case .lateralMovement: .lateralMovement
      case .collection: .collection
      case .commandAndControl: .commandAndControl
      case .exfiltration: .exfiltration
      case .impact: .impact
      }
  }
}
