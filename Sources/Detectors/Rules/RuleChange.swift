import Evidence

/// What became of a rule set: which rules are new or other than they were, and which findings of old still stand.
///
/// A finding stands when its rule is in the new set with the fingerprint that it had in the old one; a rule is asked again
/// only when it is not. So old findings that stand, and those of the changed rules alone, are together what the whole new set
/// would find.
public struct RuleChange: Sendable {
  /// Rules that must be asked again, by name (`yara:PATH:NAME`, `sigma:PATH:ID`).
  public let changed: Set<String>
  /// Rules that are no more.
  public let removed: Set<String>

  private let order: [String: Int]
  private let standing: Set<String>

  /// - Parameter old: the fingerprint of each rule of the old set, as `RuleSet.rules` gave it.
  public init(from old: [String: Digest], to set: RuleSet) {
    let new = set.rules
    let changed = Set(new.keys.filter { old[$0] != new[$0] })
    let removed = Set(old.keys.filter { new[$0] == nil })
    self.changed = changed
    self.removed = removed
    var order: [String: Int] = [:]
    var standing: Set<String> = []
    for rule in set.yara?.rules ?? [] {
      let name = Self.name(rule: rule.name, namespace: rule.namespace)
      order[name] = order[name] ?? order.count
      if !changed.contains(name) { standing.insert(name) }
    }
    // A finding of Sigma names its rule by id alone, and two files may hold the same id.
    let stale = removed.union(changed).filter { $0.hasPrefix("sigma:") }
    for header in set.sigma.headers {
      order[header.id] = order[header.id] ?? order.count
      if !stale.contains(where: { $0.hasSuffix(":\(header.id)") }) { standing.insert(header.id) }
    }
    self.order = order
    self.standing = standing
  }

  /// Whether an old finding is also one of the new set.
  public func stands(_ finding: Finding) -> Bool { standing.contains(Self.name(of: finding)) }

  /// The place of a finding's rule among all rules of the new set: results tell their findings in this order.
  public func order(of finding: Finding) -> Int { order[Self.name(of: finding)] ?? .max }

  private static func name(rule: String, namespace: String) -> String { "yara:\(namespace):\(rule)" }

  private static func name(of finding: Finding) -> String {
    guard finding.rule.hasPrefix("yara:"),
      case .text(let namespace)? = finding.attributes.first(where: { $0.name == "yara_namespace" })?.value
    else { return finding.rule }
    return name(rule: String(finding.rule.dropFirst(5)), namespace: namespace)
  }
}
