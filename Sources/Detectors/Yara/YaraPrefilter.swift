import Bytes

/// Finds the rules that cannot hold for an object, at a fraction of what running them costs.
///
/// Two steps: what a condition asks of size and first bytes is looked at; then one pass over the object tells which
/// literals occur, and a rule whose needs are not met by them is out. What is left must still be run.
struct YaraPrefilter: Sendable {
  /// A rule that can be run alone.
  struct Entry: Hashable, Sendable {
    /// Its source file and its place therein.
    var source: Int
    var rule: Int
    var need: YaraNeed
    /// In their order.
    var strings: [Trace]
    /// `entrypoint` is looked up in the first block that libyara is given.
    var needsWholeObject: Bool
    /// Places, in the same file, of the rules that it refers to and of all global ones.
    var companions: [Int]
  }

  /// What a string leaves in an object.
  struct Trace: Hashable, Sendable {
    /// Numbers of literals, one of which stands in every match; nil where nothing can be said.
    var literals: [Int]?
    var reach: YaraReach
  }

  /// One for each rule of each separable file, in the order of files and rules.
  let entries: [Entry]
  /// Files that can only be run whole.
  let opaque: [Int]
  /// Each once.
  let literals: [MaskedLiteral]
  /// How many files there are.
  let sourceCount: Int
  /// The entry of a file's first rule, for references.
  private let firstEntry: [Int: Int]

  init(_ sources: [YaraSource], _ rules: [YaraRuleInfo], _ patterns: [YaraRules.Key: [YaraPattern]]) {
    var entries: [Entry] = []
    var opaque: [Int] = []
    var compiled: [String: [String]] = [:]
    for rule in rules { compiled[rule.namespace, default: []].append(rule.name) }
    // Where the compiler saw other rules than we did, nothing is concluded.
    let parts = Parallel.map(Array(sources.enumerated()), workers: 2) { number, source in
      source.isSeparable && compiled[source.namespace] ?? [] == source.rules.map(\.name)
        ? Self.entries(of: source, number, patterns) : nil
    }
    var numbers: [MaskedLiteral: Int] = [:]
    var literals: [MaskedLiteral] = []
    for (number, part) in parts.enumerated() {
      guard let part else {
        opaque.append(number)
        continue
      }
      for (traced, found) in part {
        var entry = traced
        for place in entry.strings.indices {
          entry.strings[place].literals = found[place]?.map { literal -> Int in
            if let known = numbers[literal] { return known }
            numbers[literal] = literals.count
            literals.append(literal)
            return literals.count - 1
          }
        }
        entries.append(entry)
      }
    }
    self.init(entries: entries, opaque: opaque, literals: literals, sourceCount: sources.count)
  }

  init(entries: [Entry], opaque: [Int], literals: [MaskedLiteral], sourceCount: Int) {
    self.entries = entries
    self.opaque = opaque
    self.literals = literals
    self.sourceCount = sourceCount
    firstEntry = Dictionary(entries.enumerated().map { ($1.source, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Entries without the numbers of their strings' literals, and these literals.
  private static func entries(
    of source: YaraSource, _ number: Int, _ patterns: [YaraRules.Key: [YaraPattern]]
  ) -> [(Entry, [YaraLiterals])] {
    let rules = source.rules
    let positions = Dictionary(rules.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    let globals = rules.indices.filter { rules[$0].isGlobal }
    let common = Set(globals.flatMap { source.closure(of: $0, positions) } + globals)
    return rules.enumerated().map { place, rule in
      let companions = common.union(source.closure(of: place, positions))
      let key = YaraRules.Key(namespace: source.namespace, name: rule.name)
      let (literals, reaches) = Self.literals(rule, patterns[key] ?? [])
      let need = YaraConditionReader(rule.condition, names: rule.strings.map(\.name)).need()
      let entry = Entry(
        source: number, rule: place, need: need.resolved(positions, before: place),
        strings: reaches.map { Trace(literals: nil, reach: $0) },
        needsWholeObject: rule.references.contains("entrypoint"), companions: companions.subtracting([place]).sorted())
      return (entry, literals)
    }
  }

  private static func literals(
    _ rule: YaraSource.Rule, _ patterns: [YaraPattern]
  ) -> (literals: [YaraLiterals], reaches: [YaraReach]) {
    // The compiler shows regular expressions, hex strings and the Base64 forms of texts, each once, in order.
    let shown = rule.strings.map { $0.value.kind != .text || !$0.modifiers.isDisjoint(with: ["base64", "base64wide"]) }
    let agrees = shown.lazy.filter { $0 }.count == patterns.count
    var next = 0
    var literals: [YaraLiterals] = []
    var reaches: [YaraReach] = []
    for (place, string) in rule.strings.enumerated() {
      var pattern: YaraPattern?
      if shown[place] {
        if agrees { pattern = patterns[next] }
        next += 1
      }
      literals.append(YaraLiteralFinder.literals(of: string, pattern: pattern))
      let reach = YaraLiteralFinder.reach(of: string, pattern: pattern)
      reaches.append(shown[place] && pattern == nil ? YaraReach(distance: nil, hasFilledByte: false) : reach)
    }
    return (literals, reaches)
  }

  /// An entry and those of the rules that come along with it.
  func family(_ index: Int) -> [Int] {
    guard let first = firstEntry[entries[index].source] else { return [index] }
    return [index] + entries[index].companions.map { first + $0 }
  }

  /// Entries that size and fixed offsets do not rule out, every string being taken to occur.
  ///
  /// - Parameter subject: nil for objects that have neither a size nor a beginning, as processes do: what asks for them is
  ///   undefined, and so false.
  func possible(for subject: YaraSubject?, _ externals: YaraScanner.Externals) -> [Int] {
    var memory: [Int: Bool] = [:]
    return entries.indices.filter { holds($0, (subject, externals), &memory, depth: 0) { _ in true } }
  }

  /// Of these entries, those that the literals do not rule out.
  ///
  /// - Parameter occurs: whether a literal, by its number, stands in the object.
  func remaining(
    _ possible: [Int], in subject: YaraSubject?, _ externals: YaraScanner.Externals,
    _ occurs: (Int) -> Bool
  ) -> [Int] {
    var memory: [Int: Bool] = [:]
    return possible.filter { holds($0, (subject, externals), &memory, depth: 0, occurs) }
  }

  private func holds(
    _ index: Int, _ object: (subject: YaraSubject?, externals: YaraScanner.Externals), _ memory: inout [Int: Bool],
    depth: Int,
    _ occurs: (Int) -> Bool
  ) -> Bool {
    if let known = memory[index] { return known }
    // Rules only refer to earlier ones; the limit is for files that libyara would not have taken.
    guard depth < 64 else { return true }
    let entry = entries[index]
    let result = entry.need.holds { leaf in
      switch leaf {
      case .string(let place):
        guard entry.strings.indices.contains(place), let literals = entry.strings[place].literals else { return true }
        return literals.contains { occurs($0) }
      case .earlier(let place):
        guard let first = firstEntry[entry.source], place < entry.rule else { return true }
        return holds(first + place, object, &memory, depth: depth + 1, occurs)
      case .size(let how, let number): return object.subject?.hasSize(how, number) ?? false
      case .integer(let width, let isBigEndian, let offset, let how, let number):
        return object.subject?.mayHold(width, isBigEndian, at: offset, how, number) ?? false
      case .external(let name, let text):
        // Without an object at hand its names are not known either.
        return object.subject == nil ? true : object.externals[name].map { $0 == text } ?? true
      default: return true
      }
    }
    memory[index] = result
    return result
  }
}
