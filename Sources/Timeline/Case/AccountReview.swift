import Evidence

/// Looks at what a host's accounts and its loader are set up to: a second account with root's number, an account without a
/// password, libraries that every program must load.
///
/// A pure function of what it takes, in any order. What a capture and the disk both say is one finding with the evidence of
/// both.
public struct AccountReview {
  /// Of one kind; a hostile file has as many as it likes.
  private static let limit = 1000

  private var roots: [String: [EvidenceReference]] = [:]
  private var open: [String: [EvidenceReference]] = [:]
  private var libraries: [String: [EvidenceReference]] = [:]

  public init() {}

  public mutating func take(_ event: Event, artifact: Digest) {
    let evidence = EvidenceReference(artifact: artifact, locator: event.locator)
    switch event.dataType {
    case "linux:account" where event.integer("uid") == 0:
      if let user = event.text("user"), user != "root" { Self.add(evidence, user, to: &roots) }
    case "linux:account:password" where event.text("password_state") == "empty":
      if let user = event.text("user") { Self.add(evidence, user, to: &open) }
    case "linux:persistence:entry" where event.text("mechanism") == "ld.so.preload":
      if let path = event.text("path") { Self.add(evidence, path, to: &libraries) }
    default: break
    }
  }

  private static func add(
    _ evidence: EvidenceReference, _ name: String, to known: inout [String: [EvidenceReference]]
  ) {
    guard known[name] != nil || known.count < limit else { return }
    if known[name, default: []].count < 16 { known[name, default: []].append(evidence) }
  }

  /// - Parameter isOfTheTime: whether a file of the host was changed during the incident.
  public func findings(isOfTheTime: (_ path: String) -> Bool) -> [Finding] {
    var findings: [Finding] = []
    for (user, evidence) in Self.sorted(roots) {
      findings.append(
        Self.finding(
          "account.second-root", "A second account with the rights of root", .high, ["T1136.001"], user,
          evidence, "The account \(user) has the number 0: whoever logs in as it is root."))
    }
    for (user, evidence) in Self.sorted(open) {
      findings.append(
        Self.finding(
          "account.no-password", "An account without a password", .medium, ["T1078"], user, evidence,
          "The account \(user) has an empty password: where a program lets it in, it asks for none."))
    }
    for (path, evidence) in Self.sorted(libraries) {
      let isGrave =
        AttackMarks.isDropPlace(path) || HostNames.isHider(path) || isOfTheTime(path)
        || isOfTheTime("/etc/ld.so.preload")
      var finding = Finding(
        rule: "persistence.loader-preload", title: "Every program loads a library first",
        severity: isGrave ? .high : .medium, confidence: .medium, attack: ["T1574.006"],
        entities: [Entity(.file, path)], evidence: evidence,
        message: "/etc/ld.so.preload makes every program load \(path). Hardly a system has this file; rootkits that "
          + "hide files and processes come in this way.")
      finding.attributes.add("path", path)
      findings.append(finding)
    }
    return findings
  }

  private static func sorted(
    _ known: [String: [EvidenceReference]]
  ) -> [(name: String, evidence: [EvidenceReference])] {
    known.sorted { $0.key < $1.key }.map { name, evidence in
      (name, evidence.sorted { ($0.artifact.hex, $0.locator.order) < ($1.artifact.hex, $1.locator.order) })
    }
  }

  private static func finding(
    _ rule: String, _ title: String, _ severity: Severity, _ attack: [String], _ user: String,
    _ evidence: [EvidenceReference], _ message: String
  ) -> Finding {
    var finding = Finding(
      rule: rule, title: title, severity: severity, confidence: .medium, attack: attack,
      entities: [Entity(.user, user)], evidence: evidence, message: message)
    finding.attributes.add("user", user)
    return finding
  }
}
