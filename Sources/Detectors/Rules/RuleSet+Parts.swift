import Bytes
import Evidence

extension RuleSet {
  /// Rules by what their answer depends on.
  public enum Part: String, CaseIterable, Sendable {
    /// Sigma's rules.
    case sigma
    /// All YARA rules.
    case yara
    /// Rules whose answer follows from an object's content alone.
    case content
    /// Files of rules that ask for the object's name or path (`filename`, `filepath`, `extension`, `filetype`, `owner`).
    case path
  }

  /// What the rules of a part are known by: unlike the whole set's fingerprint it does not change with other rules.
  public func fingerprint(of part: Part) -> Digest { made(part, nil).fingerprint }

  /// The fingerprint of each rule of a part by its name, without compiling anything.
  public func rules(of part: Part) -> [String: Digest] {
    let paths = Set(sources(of: part).map(\.path))
    return rules.filter { name, _ in
      if name.hasPrefix("sigma:") { return part == .sigma }
      // `yara:PATH:NAME`; no name of a rule holds a colon.
      return name.lastIndex(of: ":").map { paths.contains(String(name[..<$0].dropFirst(5))) } ?? false
    }
  }

  /// Whether any YARA rule asks for a name or path.
  public var asksForPaths: Bool { yaraSources.contains { asksForPath($0) } }

  /// The rules of a part, compiled apart where they are not all.
  public func part(_ part: Part) -> RuleSet {
    let chosen = sources(of: part)
    if chosen.isEmpty { return made(part, nil) }
    if chosen.count == yaraSources.count { return made(part, yara) }
    return made(part, YaraCompiler(root: directory).compile(chosen, cache: cache).rules)
  }

  private func made(_ part: Part, _ rules: YaraRules?) -> RuleSet {
    RuleSet(
      yara: rules, yaraSources: sources(of: part), sigma: part == .sigma ? sigma : SigmaRules(), root: directory,
      cache: cache)
  }

  private func sources(of part: Part) -> [YaraSource] {
    switch part {
    case .sigma: []
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
