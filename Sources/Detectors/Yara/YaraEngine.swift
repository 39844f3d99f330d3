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
  let scanner: YaraScanner
  let prefilter: YaraPrefilter
  private let places: [YaraRules.Key: Int]
  var index: (possible: [Int], literals: [LiteralIndex.Literal: Int], search: LiteralIndex.Search)?
  private var subset: (part: Part, scanner: YaraScanner)?

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
  ///
  /// A scan that does not end in time is repeated in halves, until the rules that take too long are known by name and all
  /// others have been run.
  public func scan(
    _ view: ByteView, _ externals: YaraScanner.Externals = .init(), largeObject: Int = YaraEngine.largeObject
  ) throws(YaraError) -> YaraScanner.Result {
    let chosen = view.count >= largeObject ? survivors(view, externals) : nil
    let part = Part(entries: chosen ?? Array(prefilter.entries.indices), files: prefilter.opaque)
    if part.count == 0 { return YaraScanner.Result() }
    do throws(YaraError) {
      guard chosen != nil, let scanner = try scanner(for: part) else { return try scanner.scan(view, externals) }
      return renamed(try scanner.scan(view, externals))
    } catch {
      guard error.code == .timeout else { throw error }
      return try scanInHalves(part) { scanner throws(YaraError) in try scanner.scan(view, externals) }
    }
  }

  /// More scans than this for one object, and the rules that are left count as too slow.
  private static let maximumRetries = 64

  func scanInHalves(
    _ whole: Part, _ scan: (YaraScanner) throws(YaraError) -> YaraScanner.Result
  ) throws(YaraError) -> YaraScanner.Result {
    var result = YaraScanner.Result()
    var waiting = whole.halves
    var retries = 0
    while let part = waiting.popLast() {
      retries += 1
      guard retries <= Self.maximumRetries else {
        result.tooSlow += names(part)
        continue
      }
      do throws(YaraError) {
        guard let scanner = try scanner(for: part) else { throw YaraError(.scan, "rules cannot be compiled apart") }
        let found = try scan(scanner)
        result.matches += found.matches
        result.overflowed += found.overflowed
      } catch {
        guard error.code == .timeout else { throw error }
        if part.count > 1 { waiting += part.halves } else { result.tooSlow += names(part) }
      }
    }
    result.tooSlow.sort()
    return renamed(result)
  }

  /// Some of the rules: entries of the prefilter, and files that can only be run whole.
  struct Part: Equatable {
    var entries: [Int]
    var files: [Int]

    var count: Int { entries.count + files.count }

    var halves: [Part] {
      if count < 2 { return [self] }
      if entries.isEmpty {
        return [
          Part(entries: [], files: Array(files.prefix(count / 2))),
          Part(entries: [], files: Array(files.dropFirst(count / 2))),
        ]
      }
      if !files.isEmpty { return [Part(entries: entries, files: []), Part(entries: [], files: files)] }
      let half = entries.count / 2
      return [
        Part(entries: Array(entries.prefix(half)), files: []), Part(entries: Array(entries.dropFirst(half)), files: []),
      ]
    }
  }

  private func names(_ part: Part) -> [String] {
    part.entries.map { sources[prefilter.entries[$0].source].rules[prefilter.entries[$0].rule].name }
      + part.files.map { sources[$0].path }
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

  func makeIndex(
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

  /// A scanner with only these rules and those that they refer to; nil where they do not compile apart.
  func scanner(for part: Part) throws(YaraError) -> YaraScanner? {
    if let subset, subset.part == part {
      subset.scanner.options = options
      return subset.scanner
    }
    var wanted: [Int: Set<Int>] = [:]
    for number in part.entries {
      let entry = prefilter.entries[number]
      wanted[entry.source, default: []].formUnion(entry.companions + [entry.rule])
    }
    let whole = Set(part.files)
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
    subset = (part, scanner)
    return scanner
  }

  /// The matches with their places among all rules. A rule that came along because another refers to it is told too when
  /// it holds, as it is by a scan with all rules.
  func renamed(_ result: YaraScanner.Result) -> YaraScanner.Result {
    var result = result
    var told: Set<Int> = []
    result.matches = result.matches.compactMap { match in
      var match = match
      guard let place = places[.init(namespace: match.rule.namespace, name: match.rule.name)],
        told.insert(place).inserted
      else { return nil }
      match.index = place
      return match
    }.sorted { $0.index < $1.index }
    return result
  }
}
