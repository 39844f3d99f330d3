import CYara
import Evidence
import Foundation

/// Compiles YARA files so that a broken one fails alone, with file, line and words.
public struct YaraCompiler: Sendable {
  /// The externals that public rule sets expect, all text. Defined empty at compile time; a scan sets them.
  public static let externals = ["filename", "filepath", "extension", "filetype", "owner"]

  /// `include` may name files in here only; nil forbids it.
  public var root: String?

  /// Further externals, as `yara -d` defines them: `true`/`false`, whole numbers, fractions, else text.
  public var definitions: [(name: String, value: String)] = []

  public init(root: String? = nil) { self.root = root }

  /// What came of compiling.
  struct Outcome {
    /// nil when the library does not start or nothing is left to compile.
    var rules: YaraRules?
    /// What the rules were compiled from: without the files, and the rules, that do not compile.
    var sources: [YaraSource]
    var diagnostics: [RuleDiagnostic]
  }

  /// Compiles the sources together, or reads from the cache what came of it the last time.
  ///
  /// - Parameter runsAll: whether all rules will be run together, as they are on small objects. Else they are only read,
  ///   which takes less and can be done on two threads, and compiled should it come to it.
  func compile(_ sources: [YaraSource], cache: RuleCache?, runsAll: Bool = true) -> Outcome {
    guard let cache, definitions.isEmpty, !sources.isEmpty else { return compile(sources, runsAll: runsAll).outcome }
    let key = YaraStored.key(sources, root: root)
    if let stored = YaraStored.read(cache, key, sources.count) {
      let left = stored.repair.apply(to: sources)
      var rules: YaraRules?
      if let known = stored.known {
        let handle = lazyHandle(for: left, known.rules, cache, key)
        rules = YaraRules(handle, known.rules, prefilter: known.prefilter)
      }
      return Outcome(rules: rules, sources: left, diagnostics: stored.repair.diagnostics)
    }
    let made: (outcome: Outcome, repair: YaraRepair) = compile(sources, runsAll: runsAll)
    guard let compiled: YaraRules = made.outcome.rules else {
      YaraStored.write(cache, key, nil, made.repair)
      return made.outcome
    }
    let rules = keep(compiled, made.outcome.sources, made.repair, cache, key, isCompiled: runsAll)
    return Outcome(rules: rules, sources: made.outcome.sources, diagnostics: made.outcome.diagnostics)
  }

  /// The rules with what is known of them, which is written while the caller goes on.
  private func keep(
    _ compiled: YaraRules, _ sources: [YaraSource], _ repair: YaraRepair, _ cache: RuleCache, _ key: Digest,
    isCompiled: Bool
  ) -> YaraRules {
    let first: YaraHandle = compiled.handle
    if isCompiled { first.change { YaraStored.write(cache, key, first) } }
    let includes = YaraIncludes(root: root)
    let list: [YaraRuleInfo] = compiled.rules
    let infos = Lazy<[YaraRuleInfo]> { list }
    let prefilter = YaraPrefilter(sources.map { includes.flattened($0) }, list, compiled.patterns)
    let handle: YaraHandle = isCompiled ? first : lazyHandle(for: sources, infos, cache, key)
    let rules = YaraRules(handle, infos, prefilter: prefilter)
    let known = YaraKnown(rules: infos, prefilter: prefilter)
    rules.write { YaraStored.write(cache, key, known, repair) }
    return rules
  }

  /// Rules that are compiled when they are first run, or read from the cache.
  private func lazyHandle(
    for sources: [YaraSource], _ infos: Lazy<[YaraRuleInfo]>, _ cache: RuleCache?, _ key: Digest?
  ) -> YaraHandle {
    // Taken apart from what they are included in, since these may have changed when it comes to it.
    let includes = YaraIncludes(root: root)
    let flat = Lazy<[YaraSource]> { sources.map { includes.flattened($0) } }
    if sources.contains(where: { !$0.includes.isEmpty }) { _ = flat.value }
    var compiler = YaraCompiler(root: root)
    compiler.definitions = definitions
    return YaraHandle { [compiler] in
      if let cache, let key, let stored = YaraStored.read(cache, compiled: key) { return stored }
      let units = flat.value.map { (namespace: $0.namespace, path: $0.path, text: $0.text) }
      guard let made = compiler.product(units, isRun: true).product, let pointer = made.pointer else { return nil }
      guard made.infos == infos.value else {
        yr_rules_destroy(pointer)
        return nil
      }
      if let cache, let key { YaraStored.write(cache, key, pointer) }
      return pointer
    }
  }

  /// Compiles the sources together, each in a namespace of its own.
  ///
  /// First all in one go; only when that fails, each alone to find the broken ones, and in these the broken rules; then
  /// the rest again. A set without errors costs one compilation, a set with errors about three.
  func compile(_ sources: [YaraSource], runsAll: Bool = true) -> (outcome: Outcome, repair: YaraRepair) {
    var repair = YaraRepair()
    repair.diagnostics = Self.openComments(sources)
    let whole = compileTogether(sources, runsAll: runsAll)
    if whole.rules != nil || YaraLibrary.started != ERROR_SUCCESS || sources.isEmpty {
      repair.diagnostics += whole.diagnostics
      return (Outcome(rules: whole.rules, sources: sources, diagnostics: repair.diagnostics), repair)
    }
    for source in sources {
      repair.examine(source) { source in
        let alone = product([Self.unit(source)], isRun: false)
        if alone.product != nil { return YaraRepair.Verdict(isGood: true) }
        return YaraRepair.Verdict(isGood: false, diagnostics: alone.diagnostics, included: alone.included)
      }
    }
    let left = repair.apply(to: sources)
    let rest: (rules: YaraRules?, diagnostics: [RuleDiagnostic]) =
      left.isEmpty ? (nil, []) : compileTogether(left, runsAll: runsAll)
    repair.diagnostics += rest.diagnostics
    return (Outcome(rules: rest.rules, sources: left, diagnostics: repair.diagnostics), repair)
  }

  /// The compiler takes the rest of such a file for the comment and is content with what stands before it.
  private static func openComments(_ sources: [YaraSource]) -> [RuleDiagnostic] {
    sources.lazy.compactMap { source in
      source.openComment.map { line in
        RuleDiagnostic(
          .error, file: source.path, line: line, "a comment that is not closed: what stands behind it is left out")
      }
    }.prefix(maximumDiagnostics).map { $0 }
  }

  typealias Unit = (namespace: String, path: String, text: [UInt8])

  private static func unit(_ source: YaraSource) -> Unit { (source.namespace, source.path, source.text) }

  private func compileTogether(
    _ sources: [YaraSource], runsAll: Bool
  ) -> (rules: YaraRules?, diagnostics: [RuleDiagnostic]) {
    let units = sources.map { Self.unit($0) }
    if runsAll { return compile(units) }
    let parts = Parallel.map(Self.halves(units), workers: 2) { product($0, isRun: false) }
    let diagnostics = Array(parts.map { $0.diagnostics }.joined().prefix(maximumDiagnostics))
    let products = parts.compactMap { $0.product }
    guard !products.isEmpty, products.count == parts.count else { return (nil, diagnostics) }
    let infos = Array(products.map(\.infos).joined())
    var patterns: [YaraRules.Key: [YaraPattern]] = [:]
    for product in products { patterns.merge(product.patterns) { first, _ in first } }
    let lazily = Lazy<[YaraRuleInfo]> { infos }
    let handle = lazyHandle(for: sources, lazily, nil, nil)
    return (YaraRules(handle, lazily, patterns: patterns), diagnostics)
  }

  /// Two parts with about as much text. Files do not see each other as long as each has a namespace of its own; else they
  /// are left together.
  private static func halves(_ units: [Unit]) -> [[Unit]] {
    let half = units.reduce(0) { $0 + $1.text.count } / 2
    var sum = 0
    let first = units.prefix { unit in
      defer { sum += unit.text.count }
      return sum < half
    }
    guard half > 1 << 16, !first.isEmpty, first.count < units.count,
      Set(units.map(\.namespace)).count == units.count
    else { return [units] }
    return [Array(first), Array(units.dropFirst(first.count))]
  }

  /// One compilation; nil rules at the first file with an error.
  func compile(_ units: [(namespace: String, path: String, text: [UInt8])]) -> (
    rules: YaraRules?, diagnostics: [RuleDiagnostic]
  ) {
    let (made, diagnostics, _) = product(units, isRun: true)
    guard let made, let pointer = made.pointer else { return (nil, diagnostics) }
    let infos = Lazy<[YaraRuleInfo]> { made.infos }
    return (
      YaraRules(YaraHandle(owning: pointer), infos, patterns: made.patterns), diagnostics
    )
  }
}
