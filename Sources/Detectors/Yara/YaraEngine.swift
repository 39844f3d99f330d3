import Bytes
import CYara
import Foundation

/// Scans objects of any size with a rule set, running on large ones only the rules that can hold for them, and those only
/// where their strings can stand.
///
/// The matches are those of a scan of the whole object with all rules, for any number of workers:
/// * a rule is left out only where it provably does not hold (`YaraPrefilter`);
/// * a rule whose every string has a literal is given only the surroundings of those literals, as far as the string's
///   match can depend on anything (`YaraReach`), so strings, offsets and counts are the same;
/// * what a condition asks of the object itself (`filesize`, integers at offsets, hashes, modules) it asks of the whole,
///   in one piece (`YaraWindows`);
/// * a rule that uses `entrypoint`, a pattern bound to the object's beginning or end, or a hex string with an unlimited
///   jump is given the whole object, as are files that cannot be taken apart.
///
/// One for each thread.
public final class YaraEngine {
  /// Below this all rules are run, unless none can hold (`YaraGate`).
  public static let largeObject = 8 << 20

  public let rules: YaraRules
  public var options: YaraScanner.Options { didSet { made?.options = options } }
  /// Threads that look at one object together.
  public var workers = min(2, ProcessInfo.processInfo.activeProcessorCount)
  let sources: [YaraSource]
  private var made: YaraScanner?
  let prefilter: YaraPrefilter
  /// Places among all rules, for telling what was found by parts.
  private let places: Lazy<[YaraRules.Key: Int]>
  let subsets: YaraSubsets
  var index: YaraIndex?
  /// Entries that were too slow for one of several objects, and are left out for the others.
  var slow: Set<Int> = []
  /// For objects that are not large, and for streams.
  var gate = YaraGate()
  /// Of the stream that is looked at.
  private(set) lazy var window = YaraWindow()

  /// nil where the set has no YARA rules.
  public convenience init?(
    _ set: RuleSet, _ options: YaraScanner.Options = .init()
  ) throws(YaraError) {
    guard let rules = set.yara else { return nil }
    let includes = YaraIncludes(root: set.directory)
    try self.init(
      rules, sources: set.yaraSources.map { includes.flattened($0) }, directory: set.directory, options)
  }

  /// - Parameters:
  ///   - sources: what the rules were compiled from.
  ///   - directory: within which `include` may name files.
  init(
    _ rules: YaraRules, sources: [YaraSource], directory: String?, _ options: YaraScanner.Options = .init(),
    definitions: [(name: String, value: String)] = []
  ) throws(YaraError) {
    self.rules = rules
    self.options = options
    self.sources = sources
    // What was kept between runs is of these sources; should it not be, it is made anew.
    prefilter =
      rules.prefilter.flatMap { $0.sourceCount == sources.count ? $0 : nil }
      ?? YaraPrefilter(sources, sources.isEmpty ? [] : rules.rules, rules.patterns)
    subsets = YaraSubsets(sources, directory: directory, definitions, prefilter)
    places = Lazy {
      Dictionary(
        rules.rules.enumerated().map { (YaraRules.Key(namespace: $1.namespace, name: $1.name), $0) },
        uniquingKeysWith: { first, _ in first })
    }
  }

  /// All rules together. Made when they are first run: large objects are looked at with parts of them.
  func scanner() throws(YaraError) -> YaraScanner {
    if let made { return made }
    let scanner = try YaraScanner(rules, options)
    made = scanner
    return scanner
  }

  /// The rules that hold for the object, as `YaraScanner.scan` tells them.
  ///
  /// A scan that does not end in time is repeated in parts, until the rules that take too long are known by name and all
  /// others have been run.
  ///
  /// - Parameter isUndecided: a look at the object has already shown that rules can hold for it.
  public func scan(
    _ view: ByteView, _ externals: YaraScanner.Externals = .init(), largeObject: Int = YaraEngine.largeObject,
    isUndecided: Bool = false
  ) throws(YaraError) -> YaraScanner.Result {
    let all = YaraSubsets.Part(entries: Array(prefilter.entries.indices), files: prefilter.opaque)
    if view.count >= largeObject, !sources.isEmpty, let plans = plans(view, externals) {
      return try run(plans, view, externals)
    }
    if view.count < largeObject, !isUndecided, gate.excludesAll(prefilter, view, externals) {
      return YaraScanner.Result()
    }
    let scanner = try scanner()
    do throws(YaraError) {
      if options.timeout > 0, view.count < largeObject {
        scanner.options.timeout = min(options.timeout, Self.smallTimeout)
      }
      defer { scanner.options.timeout = options.timeout }
      return try scanner.scan(view, externals)
    } catch {
      guard error.code == .timeout, !sources.isEmpty else { throw error }
      let budget = view.count < largeObject ? Self.smallTimeout : options.timeout
      let left = survivors(view, externals).map { YaraSubsets.Part(entries: $0, files: prefilter.opaque) } ?? all
      return renamed(
        try scanInParts(left, budget: budget, until: deadline(for: view.count)) { scanner throws(YaraError) in
          try scanner.scan(view, externals)
        })
    }
  }

  // MARK: Slow rules

  /// Seconds for an object that is not large: honest rules take milliseconds.
  private static let smallTimeout = 20

  /// Until when the parts of a scan that took too long may be run. A worker is given two minutes and a second for each MiB: when
  /// it is ended, all that was found is lost.
  func deadline(for byteCount: Int) -> ContinuousClock.Instant { .now + .seconds(40 + byteCount >> 21) }

  /// - Parameters:
  ///   - budget: seconds that all together were given.
  ///   - deadline: what has not come to its turn then counts as too slow.
  func scanInParts(
    _ whole: YaraSubsets.Part, budget: Int, until deadline: ContinuousClock.Instant,
    _ scan: (YaraScanner) throws(YaraError) -> YaraScanner.Result
  ) throws(YaraError) -> YaraScanner.Result {
    var result = YaraScanner.Result()
    var waiting = whole.count == 1 ? [] : whole.eighths
    if whole.count == 1 {
      result.tooSlow = names(whole)
      slow.formUnion(whole.entries)
    }
    var options = options
    // A part that needs a fifth of what all together were given has the slow rule in it.
    let most = max(min(budget, options.timeout) / 5, 1)
    while let part = waiting.popLast() {
      let left = Int((deadline - .now).components.seconds)
      guard left > 0 else {
        result.tooSlow += names(part)
        continue
      }
      // Slow rules of which there are many must leave time for the others.
      options.timeout = max(min(most, left / 8), 1)
      do throws(YaraError) {
        guard let scanner = try subsets.scanner(for: part, options) else {
          throw YaraError(.scan, "rules cannot be compiled apart")
        }
        result.add(try scan(scanner))
      } catch {
        guard error.code == .timeout else { throw error }
        if part.count > 1 {
          waiting += part.eighths
        } else {
          result.tooSlow += names(part)
          slow.formUnion(part.entries)
        }
      }
    }
    result.tooSlow.sort()
    return result
  }

  func names(_ part: YaraSubsets.Part) -> [String] {
    part.entries.map { sources[prefilter.entries[$0].source].rules[prefilter.entries[$0].rule].name }
      + part.files.map { sources[$0].path }
  }

  /// The matches with their places among all rules. A rule that came along because another refers to it is told too when
  /// it holds, as it is by a scan with all rules.
  func renamed(_ result: YaraScanner.Result) -> YaraScanner.Result {
    var result = result
    let places = result.matches.isEmpty ? [:] : self.places.value
    var told: Set<Int> = []
    result.matches = result.matches.compactMap { match in
      var match = match
      guard let place = places[.init(namespace: match.rule.namespace, name: match.rule.name)],
        told.insert(place).inserted
      else { return nil }
      match.index = place
      match.rule = rules.rules[place]
      return match
    }.sorted { $0.index < $1.index }
    result.overflowed = Array(Set(result.overflowed)).sorted()
    return result
  }
}

extension YaraScanner.Result {
  mutating func add(_ other: Self) {
    matches += other.matches
    overflowed += other.overflowed
    tooSlow += other.tooSlow
  }
}
