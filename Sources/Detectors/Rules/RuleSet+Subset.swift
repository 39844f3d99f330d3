import Bytes
import Evidence

extension RuleSet {
  /// The fingerprint of each rule by its name (`yara:PATH:NAME`, `sigma:PATH:ID`).
  public var rules: [String: Digest] {
    // Rules of the same name count as one, which changes when one of them does.
    Dictionary(fingerprints.map { ($0.rule, $0.digest) }) { RuleFingerprint.digest([$0.hex, $1.hex]) }
  }

  /// Every file that the set was made of, with its bytes; files of Sigma are read again.
  public var files: [(path: String, bytes: [UInt8])] {
    let folder = RuleFiles(root: directory)
    var files = Dictionary(yaraSources.map { ($0.path, $0.text) }, uniquingKeysWith: { first, _ in first })
    let includes = YaraIncludes(root: directory)
    for source in yaraSources {
      for path in includes.paths(from: source) where files[path] == nil { files[path] = folder.read(path).bytes }
    }
    for header in sigma.headers where files[header.path] == nil { files[header.path] = folder.read(header.path).bytes }
    return files.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// Some of the rules, with those that they rest on: what the whole set finds with these rules, the subset finds too.
  ///
  /// Findings of rules that only came along may be among them.
  ///
  /// - Parameter wanted: names of rules, as in `rules`.
  public func subset(_ wanted: Set<String>) -> RuleSet {
    let sources = yaraSources.compactMap { $0.subset(wanted) }
    let compiled = sources.isEmpty ? nil : YaraCompiler(root: directory).compile(sources, cache: nil).rules
    return RuleSet(
      yara: compiled, yaraSources: compiled == nil ? [] : sources,
      sigma: sigma.subset { wanted.contains("sigma:\($0.path):\($0.id)") }, root: directory)
  }
}

extension YaraSource {
  /// The file with the rules that are wanted and those that they refer to; the whole file where it cannot be taken apart, nil
  /// where nothing of it is wanted.
  fileprivate func subset(_ wanted: Set<String>) -> YaraSource? {
    // Rules that the file includes are not among its own.
    guard isSeparable else { return wanted.contains { $0.hasPrefix("yara:\(path):") } ? self : nil }
    let chosen = rules.indices.filter { wanted.contains("yara:\(path):\(rules[$0].name)") }
    if chosen.isEmpty { return nil }
    if chosen.count == rules.count { return self }
    let positions = Dictionary(rules.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    let globals = rules.indices.filter { rules[$0].isGlobal }
    var places = Set(chosen + globals)
    for place in chosen + globals { places.formUnion(closure(of: place, positions)) }
    return YaraSource(path: path, text: text(ofRules: places.sorted()))
  }
}

extension YaraIncludes {
  /// Paths, below the root, of all files that a source includes, directly or through others.
  func paths(from source: YaraSource) -> [String] {
    guard let root, let top = realPath(root) else { return [] }
    var found: Set<String> = []
    var waiting = source.includes.map { (name: $0, caller: source.path) }
    while let (name, caller) = waiting.popLast() {
      guard let path = resolve(name, from: caller), let bytes = read(name, from: caller),
        found.insert(String(path.dropFirst(top.count + 1))).inserted
      else { continue }
      waiting += YaraSource(path: path, text: bytes).includes.map { (name: $0, caller: path) }
    }
    return found.sorted()
  }
}

extension SigmaRules {
  /// Of rules and correlations, in the order in which results tell them.
  var headers: [SigmaHeader] { rules.map(\.header) + correlations.map(\.header) }

  /// The rules that are wanted. Those that wanted correlations rest on come along silently.
  fileprivate func subset(_ isWanted: (SigmaHeader) -> Bool) -> SigmaRules {
    var needed = Set(correlations.filter { isWanted($0.header) }.flatMap(\.rules))
    // A correlation may rest on earlier ones.
    for correlation in correlations.reversed() where needed.contains(where: { correlation.header.isMeant(by: $0) }) {
      needed.formUnion(correlation.rules)
    }
    func isNeeded(_ header: SigmaHeader) -> Bool { needed.contains { header.isMeant(by: $0) } }
    var subset = SigmaRules()
    for var rule in rules where isWanted(rule.header) || isNeeded(rule.header) {
      if !isWanted(rule.header) { rule.isReported = false }
      subset.rules.append(rule)
    }
    for var correlation in correlations where isWanted(correlation.header) || isNeeded(correlation.header) {
      if !isWanted(correlation.header) { correlation.isReported = false }
      subset.correlations.append(correlation)
    }
    subset.prefilter = SigmaPrefilter(subset.rules)
    return subset
  }
}
