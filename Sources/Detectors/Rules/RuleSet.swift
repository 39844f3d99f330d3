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
  /// Where what compiling gives is kept.
  let cache: RuleCache?
  /// Sigma rules, correlations and filters.
  public let sigma: SigmaRules
  /// One for each rule, in the order of files and rules.
  public var fingerprints: [RuleFingerprint] { prints.value.each }
  /// Of all rules together: the part of a result's key that stands for the rules.
  public var fingerprint: Digest { prints.value.whole }
  /// Made when they are first asked for: all files must be taken apart for them.
  private let prints: Lazy<(each: [RuleFingerprint], whole: Digest)>

  /// Loads every `.yar` and `.yara` file below a directory as YARA, every `.yml` and `.yaml` file as Sigma.
  ///
  /// A rule that does not compile is left out and told of, and so is a file whose rules cannot be told apart; nothing of
  /// them counts for the fingerprint.
  ///
  /// - Parameters:
  ///   - cache: where compiled rules are kept between runs.
  ///   - waits: false returns while they are still being written there (`YaraRules.settle`).
  ///   - runsAll: whether there are objects on which all rules are run together; else they are compiled when it comes to it.
  public static func load(
    directory: String, cache: RuleCache? = nil, waits: Bool = true, runsAll: Bool = true
  ) -> (RuleSet, [RuleDiagnostic]) {
    let files = RuleFiles(root: directory)
    var diagnostics: [RuleDiagnostic] = []
    let paths = files.paths([["yar", "yara"], ["yml", "yaml"], ["yarc"]])
    diagnostics += paths[2].map(isCompiled)
    let read = Parallel.map(paths[0], workers: 2) { path -> (YaraSource?, RuleDiagnostic?) in
      let (bytes, diagnostic) = files.read(path)
      if let bytes, bytes.starts(with: "YARA".utf8), bytes.contains(0) { return (nil, Self.isCompiled(path)) }
      return (bytes.map { YaraSource(path: path, text: YaraIncludes.plain($0)) }, diagnostic)
    }
    diagnostics += read.compactMap(\.1)
    let all = read.compactMap(\.0)
    var sources = files.withoutIncluded(all)
    var compiled = YaraCompiler(root: directory).compile(sources, cache: cache, runsAll: runsAll)
    // A file that is no longer included, because something in it or beside it is broken, is a file of its own.
    var known = Set(sources.map(\.path))
    for _ in 0..<Self.maximumFreed {
      let freed = files.freed(all, known, compiled.sources)
      if freed.isEmpty { break }
      known.formUnion(freed)
      diagnostics += compiled.diagnostics.filter { $0.level == .error }
      let left = Dictionary(compiled.sources.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
      sources = all.compactMap { left[$0.path] ?? (freed.contains($0.path) ? $0 : nil) }
      compiled = YaraCompiler(root: directory).compile(sources, cache: cache, runsAll: runsAll)
    }
    let told = Set(diagnostics)
    diagnostics += compiled.diagnostics.filter { !told.contains($0) }
    if waits { compiled.rules?.settle() }
    var documents: [(path: String, text: [UInt8])] = []
    for path in paths[1] {
      let (bytes, diagnostic) = files.read(path)
      if let bytes { documents.append((path, bytes)) }
      if let diagnostic { diagnostics.append(diagnostic) }
    }
    let (sigma, problems) = SigmaRules.load(documents)
    let set = RuleSet(
      yara: compiled.rules, yaraSources: compiled.rules == nil ? [] : compiled.sources, sigma: sigma, root: directory,
      cache: cache)
    return (set, diagnostics + problems)
  }

  private static func isCompiled(_ path: String) -> RuleDiagnostic {
    RuleDiagnostic(.warning, file: path, "compiled rules are not read from a folder: only their sources")
  }

  /// Files may include each other so deep.
  private static let maximumFreed = 16

  init(yara: YaraRules?, yaraSources: [YaraSource], sigma: SigmaRules, root: String, cache: RuleCache? = nil) {
    directory = root
    self.cache = cache
    self.sigma = sigma
    self.yara = yara
    self.yaraSources = yaraSources
    // What files include may change, and is read now.
    let included = yaraSources.map { $0.includes.isEmpty ? [] : YaraIncludes(root: root).normalized(from: $0) }
    prints = Lazy { Self.prints(yara, yaraSources, included, sigma) }
  }

  private static func prints(
    _ yara: YaraRules?, _ yaraSources: [YaraSource], _ included: [[String]], _ sigma: SigmaRules
  ) -> (each: [RuleFingerprint], whole: Digest) {
    // All files are taken apart, on two threads.
    _ = Parallel.map(yaraSources, workers: 2) { $0.rules.count }
    var fingerprints: [RuleFingerprint] = []
    var material = ["rules", YaraLibrary.version, "sigma", String(SigmaDetector.version)]
    for (source, included) in zip(yaraSources, included) {
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
    return (fingerprints, RuleFingerprint.digest(material))
  }
}

extension RuleFiles {
  /// A file that others include is compiled with them; alone it would only say everything twice. Files that include
  /// each other in a circle stay, so that the compiler can say so.
  func withoutIncluded(_ sources: [YaraSource]) -> [YaraSource] {
    let includes = includes(of: sources)
    let included = Set(includes.values.joined())
    let reached = Self.reached(from: includes.keys.filter { !included.contains($0) }, includes)
    return sources.filter { !reached.contains($0.path) }
  }

  /// Files that were left to others, and that none of these includes any more as they were compiled.
  ///
  /// - Parameters:
  ///   - known: those that were to be compiled.
  ///   - left: of these what could be used.
  func freed(_ all: [YaraSource], _ known: Set<String>, _ left: [YaraSource]) -> Set<String> {
    guard all.count > known.count else { return [] }
    let includes = includes(of: all).merging(includes(of: left)) { _, left in left }
    let reached = Self.reached(from: left.map(\.path), includes).union(known)
    // Of these too some are compiled with others.
    return Set(withoutIncluded(all.filter { !reached.contains($0.path) }).map(\.path))
  }

  private func includes(of sources: [YaraSource]) -> [String: [String]] {
    var includes: [String: [String]] = [:]
    for source in sources {
      includes[source.path] = source.includes.compactMap { relative($0, from: source.path) }.filter {
        $0 != source.path
      }
    }
    return includes
  }

  private static func reached(from paths: [String], _ includes: [String: [String]]) -> Set<String> {
    var reached: Set<String> = []
    var waiting = paths
    while let path = waiting.popLast() {
      for other in includes[path] ?? [] where reached.insert(other).inserted { waiting.append(other) }
    }
    return reached
  }

  /// The path, relative to the root, of a file named by `include`.
  func relative(_ name: String, from caller: String) -> String? {
    guard let top = realPath(root), let real = YaraIncludes(root: root).resolve(name, from: caller) else { return nil }
    return String(real.dropFirst(top.utf8.count + 1))
  }
}
