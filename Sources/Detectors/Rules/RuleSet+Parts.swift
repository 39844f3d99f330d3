import Bytes
import Evidence

extension RuleSet {
  /// YARA rules by what their answer depends on.
  public enum Part: CaseIterable, Sendable {
    /// All YARA rules, without Sigma's.
    case yara
    /// Rules whose answer follows from an object's content alone.
    case content
    /// Files of rules that ask for the object's name or path (`filename`, `filepath`, `extension`, `filetype`, `owner`).
    case path
  }

  /// What the rules of a part are known by: unlike the whole set's fingerprint it does not change with other rules.
  public func fingerprint(of part: Part) -> Digest { made(part, nil).fingerprint }

  /// Whether any YARA rule asks for a name or path.
  public var asksForPaths: Bool { yaraSources.contains { asksForPath($0) } }

  /// The rules of a part, compiled apart where they are not all.
  public func part(_ part: Part) -> RuleSet {
    let chosen = sources(of: part)
    if chosen.count == yaraSources.count { return made(part, yara) }
    return made(part, YaraCompiler(root: directory).compile(chosen).rules)
  }

  private func made(_ part: Part, _ rules: YaraRules?) -> RuleSet {
    RuleSet(yara: rules, yaraSources: sources(of: part), sigma: SigmaRules.load([]).0, root: directory)
  }

  private func sources(of part: Part) -> [YaraSource] {
    switch part {
    case .yara: yaraSources
    case .content: yaraSources.filter { !asksForPath($0) }
    case .path: yaraSources.filter { asksForPath($0) }
    }
  }

  /// A file is the unit: its rules may refer to each other, and global ones bind all. Where the rules cannot be told apart
  /// the bare word anywhere counts, also in files that are included.
  private func asksForPath(_ source: YaraSource) -> Bool {
    let names = Set(YaraCompiler.externals)
    if source.isSeparable { return source.rules.contains { !$0.references.isDisjoint(with: names) } }
    let texts = [source.normalized] + YaraIncludes(root: directory).normalized(from: source)
    return texts.contains { text in text.split(separator: " ").contains { names.contains(String($0)) } }
  }
}
