import Bytes
import Evidence

/// The rules of a directory, read once and ready to run.
public struct RuleSet: Sendable {
  /// Where the rules were read from.
  public let directory: String
  /// nil where there are no YARA rules, or none compiles.
  public let yara: YaraRules?
  /// The YARA files that were compiled, in their order.
  public let yaraSources: [YaraSource]
  /// Sigma rules, correlations and filters.
  public let sigma: SigmaRules
  /// One for each rule, in the order of files and rules.
  public let fingerprints: [RuleFingerprint]
  /// Of all rules together: the part of a result's key that stands for the rules.
  public let fingerprint: Digest

  /// Loads every `.yar` and `.yara` file below a directory as YARA, every `.yml` and `.yaml` file as Sigma.
  ///
  /// A file that does not compile is left out and told of; nothing that it holds counts for the fingerprint.
  public static func load(directory: String) -> (RuleSet, [RuleDiagnostic]) {
    let files = RuleFiles(root: directory)
    var diagnostics: [RuleDiagnostic] = []
    var sources: [YaraSource] = []
    for path in files.paths(["yar", "yara"]) {
      let (bytes, diagnostic) = files.read(path)
      if let bytes { sources.append(YaraSource(path: path, text: bytes)) }
      if let diagnostic { diagnostics.append(diagnostic) }
    }
    sources = files.withoutIncluded(sources)
    let (yara, complaints) = YaraCompiler(root: directory).compile(sources)
    diagnostics += complaints
    let broken = Set(complaints.lazy.filter { $0.level == .error }.map(\.file))
    sources.removeAll { broken.contains($0.path) }
    var documents: [(path: String, text: [UInt8])] = []
    for path in files.paths(["yml", "yaml"]) {
      let (bytes, diagnostic) = files.read(path)
      if let bytes { documents.append((path, bytes)) }
      if let diagnostic { diagnostics.append(diagnostic) }
    }
    let (sigma, problems) = SigmaRules.load(documents)
    let set = RuleSet(yara: yara, yaraSources: yara == nil ? [] : sources, sigma: sigma, root: directory)
    return (set, diagnostics + problems)
  }

  init(yara: YaraRules?, yaraSources: [YaraSource], sigma: SigmaRules, root: String) {
    directory = root
    self.sigma = sigma
    self.yara = yara
    self.yaraSources = yaraSources
    let includes = YaraIncludes(root: root)
    var fingerprints: [RuleFingerprint] = []
    var material = ["rules", YaraLibrary.version, "sigma", String(SigmaDetector.version)]
    for source in yaraSources {
      let included = includes.normalized(from: source)
      let own = source.fingerprints(included: included)
      fingerprints += own
      if !source.isSeparable {
        // What a file includes becomes rules of its own, which depend on all that it holds.
        let known = Set(own.map(\.rule))
        for rule in yara?.rules ?? [] where rule.namespace == source.path {
          let name = "yara:\(source.path):\(rule.name)"
          guard !known.contains(name) else { continue }
          fingerprints.append(
            RuleFingerprint(
              rule: name, material: ["yara", YaraLibrary.version, source.path, source.normalized] + included))
        }
      }
      material += [source.path, source.normalized] + included
    }
    fingerprints += sigma.fingerprints
    material += sigma.fingerprints.map(\.digest.hex)
    self.fingerprints = fingerprints
    fingerprint = RuleFingerprint.digest(material)
  }
}

extension RuleFiles {
  /// A file that others include is compiled with them; alone it would only say everything twice. Files that include
  /// each other in a circle stay, so that the compiler can say so.
  func withoutIncluded(_ sources: [YaraSource]) -> [YaraSource] {
    var includes: [String: [String]] = [:]
    for source in sources {
      includes[source.path] = source.includes.compactMap { relative($0, from: source.path) }.filter {
        $0 != source.path
      }
    }
    let included = Set(includes.values.joined())
    var reached: Set<String> = []
    var waiting = includes.keys.filter { !included.contains($0) }
    while let path = waiting.popLast() {
      for other in includes[path] ?? [] where reached.insert(other).inserted { waiting.append(other) }
    }
    return sources.filter { !reached.contains($0.path) }
  }

  /// The path, relative to the root, of a file named by `include`.
  func relative(_ name: String, from caller: String) -> String? {
    guard let top = realPath(root), let real = YaraIncludes(root: root).resolve(name, from: caller) else { return nil }
    return String(real.dropFirst(top.utf8.count + 1))
  }
}

extension YaraIncludes {
  /// Texts of all files that a source includes, directly or through others, without comments and layout.
  func normalized(from source: YaraSource) -> [String] {
    var texts: [String] = []
    var seen: Set<String> = []
    var waiting = source.includes.map { (name: $0, caller: source.path) }
    while let (name, caller) = waiting.popLast() {
      guard let path = resolve(name, from: caller), seen.insert(path).inserted, let bytes = read(name, from: caller)
      else {
        continue
      }
      let file = YaraSource(path: path, text: bytes)
      texts.append(file.normalized)
      waiting += file.includes.map { (name: $0, caller: path) }
    }
    return texts.sorted()
  }
}
