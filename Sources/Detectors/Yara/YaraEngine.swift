import Bytes
import CYara

/// Scans objects of any size with a rule set, running on large ones only the rules that can hold for them.
///
/// The matches are those of a scan with all rules. What depends on the whole object (`filesize`, offsets, counts, modules)
/// stays exact because the rules that are left see the whole object in one piece; only rules that provably do not hold
/// are left out. One for each thread.
public final class YaraEngine {
  /// Below this the rules are simply run.
  public static let largeObject = 8 << 20

  public let rules: YaraRules
  public var options: YaraScanner.Options { didSet { scanner.options = options } }
  private let directory: String
  private let sources: [YaraSource]
  private let scanner: YaraScanner
  private let prefilter: YaraPrefilter
  private let places: [YaraRules.Key: Int]
  private var index: (possible: [Int], literals: [LiteralIndex.Literal: Int], search: LiteralIndex.Search)?
  private var subset: (remaining: [Int], scanner: YaraScanner)?

  /// nil where the set has no YARA rules.
  public init?(_ set: RuleSet, _ options: YaraScanner.Options = .init()) throws(YaraError) {
    guard let rules = set.yara else { return nil }
    self.rules = rules
    self.options = options
    directory = set.directory
    sources = set.yaraSources
    scanner = try YaraScanner(rules, options)
    prefilter = YaraPrefilter(set.yaraSources, rules)
    places = Dictionary(
      rules.rules.enumerated().map { (YaraRules.Key(namespace: $1.namespace, name: $1.name), $0) },
      uniquingKeysWith: { first, _ in first })
  }

  /// The rules that hold for the object, as `YaraScanner.scan` tells them.
  public func scan(
    _ view: ByteView, _ externals: YaraScanner.Externals = .init(), largeObject: Int = YaraEngine.largeObject
  ) throws(YaraError) -> YaraScanner.Result {
    guard view.count >= largeObject, let chosen = survivors(view, externals) else {
      return try scanner.scan(view, externals)
    }
    guard !chosen.isEmpty || !prefilter.opaque.isEmpty else { return YaraScanner.Result() }
    guard let part = try part(chosen) else { return try scanner.scan(view, externals) }
    part.options = options
    return renamed(try part.scan(view, externals))
  }

  /// Entries of the prefilter that must be run; nil where the filter cannot tell.
  func survivors(_ view: ByteView, _ externals: YaraScanner.Externals) -> [Int]? {
    let possible = prefilter.possible(for: view, externals)
    guard possible.contains(where: { prefilter.entries[$0].literals.contains { $0 != nil } }) else { return possible }
    if index?.possible != possible { index = makeIndex(possible) }
    guard let index else { return nil }
    guard let found = index.search.found(in: view) else { return nil }
    return prefilter.remaining(possible, in: view, externals) { literal in
      index.literals[literal].map { found[$0] } ?? true
    }
  }

  private func makeIndex(
    _ possible: [Int]
  ) -> (possible: [Int], literals: [LiteralIndex.Literal: Int], search: LiteralIndex.Search)? {
    var numbers: [LiteralIndex.Literal: Int] = [:]
    var literals: [LiteralIndex.Literal] = []
    for entry in possible {
      for literal in prefilter.entries[entry].literals.lazy.compactMap({ $0 }).joined()
      where numbers.updateValue(numbers[literal] ?? literals.count, forKey: literal) == nil { literals.append(literal) }
    }
    guard let index = LiteralIndex(literals), let search = LiteralIndex.Search(index) else { return nil }
    return (possible, numbers, search)
  }

  /// A scanner with only these rules and those that they refer to.
  private func part(_ chosen: [Int]) throws(YaraError) -> YaraScanner? {
    if let subset, subset.remaining == chosen { return subset.scanner }
    var wanted: [Int: Set<Int>] = [:]
    for number in chosen {
      let entry = prefilter.entries[number]
      wanted[entry.source, default: []].formUnion(entry.companions + [entry.rule])
    }
    let whole = Set(prefilter.opaque)
    var units: [(namespace: String, path: String, text: [UInt8])] = []
    for (number, source) in sources.enumerated() {
      if whole.contains(number) {
        units.append((source.path, source.path, source.text))
      } else if let places = wanted[number] {
        units.append((source.path, source.path, source.text(ofRules: places.sorted())))
      }
    }
    guard let rules = YaraCompiler(root: directory).compile(units).rules else { return nil }
    let scanner = try YaraScanner(rules, options)
    subset = (chosen, scanner)
    return scanner
  }

  /// The matches with their places among all rules. A rule that came along because another refers to it is told too when
  /// it holds, as it is by a scan with all rules.
  private func renamed(_ result: YaraScanner.Result) -> YaraScanner.Result {
    var result = result
    result.matches = result.matches.compactMap { match in
      var match = match
      guard let place = places[.init(namespace: match.rule.namespace, name: match.rule.name)] else { return nil }
      match.index = place
      return match
    }.sorted { $0.index < $1.index }
    return result
  }
}
