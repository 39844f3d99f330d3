import Synchronization

/// Scanners with only some rules of a set, and those that these refer to.
final class YaraSubsets: Sendable {
  /// Some of the rules: entries of the prefilter, and files that can only be run whole.
  struct Part: Hashable, Sendable {
    var entries: [Int]
    var files: [Int]

    var count: Int { entries.count + files.count }

    /// A slow rule among thousands is found after four rounds; with halves it takes a dozen, each as long as a rule may take.
    var eighths: [Part] { halves.flatMap(\.halves).flatMap(\.halves) }

    private var halves: [Part] {
      if count < 2 { return count == 0 ? [] : [self] }
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

  private let sources: [YaraSource]
  private let directory: String?
  private let definitions: [(name: String, value: String)]
  private let prefilter: YaraPrefilter
  /// The last few: objects of one kind need the same.
  private let kept = Mutex<[(part: Part, rules: YaraRules)]>([])
  private static let maximumKept = 4

  init(
    _ sources: [YaraSource], directory: String?, _ definitions: [(name: String, value: String)],
    _ prefilter: YaraPrefilter
  ) {
    self.sources = sources
    self.definitions = definitions
    self.directory = directory
    self.prefilter = prefilter
  }

  /// nil where the rules do not compile apart.
  func scanner(for part: Part, _ options: YaraScanner.Options) throws(YaraError) -> YaraScanner? {
    if let known = kept.withLock({ $0.first { $0.part == part }?.rules }) { return try YaraScanner(known, options) }
    var wanted: [Int: Set<Int>] = [:]
    for number in part.entries {
      let entry = prefilter.entries[number]
      wanted[entry.source, default: []].formUnion(entry.companions + [entry.rule])
    }
    let whole = Set(part.files)
    var units: [(namespace: String, path: String, text: [UInt8])] = []
    for (number, source) in sources.enumerated() {
      if whole.contains(number) {
        units.append((source.namespace, source.path, source.text))
      } else if let places = wanted[number] {
        units.append((source.namespace, source.path, source.text(ofRules: places.sorted())))
      }
    }
    var compiler = YaraCompiler(root: directory)
    compiler.definitions = definitions
    guard let rules = compiler.compile(units).rules else { return nil }
    kept.withLock { kept in
      kept.append((part, rules))
      if kept.count > Self.maximumKept { kept.removeFirst() }
    }
    return try YaraScanner(rules, options)
  }
}
