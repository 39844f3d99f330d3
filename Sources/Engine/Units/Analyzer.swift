import ArtifactStore
import Bytes
import Detectors
import Evidence

/// Computes one kind of result. Runs inside a worker process, where hostile bytes can do no more than end the worker.
public protocol Analyzer: Sendable {
  var name: String { get }

  /// Everything that the result depends on besides artifact, rules and options.
  func version(options: [String: String]) -> String

  /// Whether the result depends on the rule set.
  var usesRules: Bool { get }

  /// - Throws: only for failures of the machine. What the artifact lacks is coverage.
  func run(_ unit: Unit, _ surroundings: Surroundings, into result: ResultFile) throws
}

extension Analyzer {
  public var usesRules: Bool { false }
}

/// What a worker has at hand. For one thread.
public final class Surroundings {
  public let store: ArtifactStore
  /// Compiled once a worker, when the first unit asks for them.
  public let rules: RuleLibrary
  /// Whether a unit that can use more than one core should. The result is the same.
  var hasSpareCores = false
  /// By the fingerprint of their rules; nil where a part has none.
  private var detectors: [Digest: YaraDetector?] = [:]
  /// Sigma's rules with their order, by their fingerprint.
  private var sigma: [Digest: (rules: SigmaRules, order: RuleChange)] = [:]
  /// What changed from one set to the other, by their fingerprints.
  private var updates: [[Digest]: RuleUpdate] = [:]

  public init(store: ArtifactStore, rules: RuleLibrary) {
    self.store = store
    self.rules = rules
  }

  /// Seconds that a pass of YARA over one artifact may take, well within what a unit is allowed; slower rules are named.
  private static let yaraTimeout = 100

  /// - Returns: nil where there are no YARA rules.
  func yaraDetector(expecting fingerprint: Digest?) throws -> YaraDetector? {
    if let fingerprint, let known = detectors[fingerprint] { return known }
    let made = try YaraDetector(rules.load(expecting: fingerprint), timeout: Self.yaraTimeout)
    if let fingerprint { detectors[fingerprint] = .some(made) }
    return made
  }

  /// Sigma's rules, and the order in which their findings are told.
  func sigma(expecting fingerprint: Digest?) throws -> (rules: SigmaRules, order: RuleChange) {
    if let fingerprint, let known = sigma[fingerprint] { return known }
    let set = try rules.load(expecting: fingerprint)
    let made = (set.sigma, RuleChange(from: [:], to: set))
    if let fingerprint { sigma[fingerprint] = made }
    return made
  }

  /// What of an older set's result still holds, and which rules must be asked anew.
  ///
  /// - Parameter base: fingerprint of the older set.
  /// - Returns: nil where the older set or its result is not at hand.
  func update(from base: Digest, for unit: Unit) throws -> (RuleUpdate, result: Digest)? {
    guard let fingerprint = unit.rules, let keys = store.rules.list("keys", of: base).flatMap(RuleKeys.init(named:))
    else { return nil }
    let older = unit.under(keys.rules(for: unit.analyzer, options: unit.options))
    guard older.rules != nil, let result = store.results.result(of: older.key) else { return nil }
    if let known = updates[[base, fingerprint]] { return (known, result) }
    let part = RuleKeys.part(for: unit.analyzer, options: unit.options)
    guard let old = store.rules.list(part.rawValue, of: base) else { return nil }
    let update = try RuleUpdate(from: old, to: rules.load(expecting: fingerprint), timeout: Self.yaraTimeout)
    updates[[base, fingerprint]] = update
    return (update, result)
  }

  /// The artifact's bytes with outer compression undone.
  func decoded(_ artifact: Digest) throws -> DecodedStream {
    try DecodedStream(FileStream(path: store.objects.path(of: artifact)))
  }

  /// The same for who reads text, be it wide.
  func text(_ artifact: Digest) throws -> WideTextStream { try WideTextStream(decoded(artifact)) }
}

/// All analyzers, by name.
public enum Analyzers {
  public static let all: [any Analyzer] = [
    TriageAnalyzer(), ExpandAnalyzer(), LogAnalyzer(), MemoryAnalyzer(), MemoryTextAnalyzer(), TextAnalyzer(),
    YaraAnalyzer(), SigmaAnalyzer(),
  ]

  /// Those whose events Sigma's rules are asked of.
  static let givingEvents: Set<String> = ["log", "memory"]

  public static func named(_ name: String) -> (any Analyzer)? { all.first { $0.name == name } }

  /// The unit that an analyzer of this program version would compute.
  public static func unit(
    _ name: String, _ artifact: Digest, rules: Digest?, options: [String: String] = [:]
  ) -> Unit? {
    guard let analyzer = named(name) else { return nil }
    return Unit(
      artifact: artifact, analyzer: name, version: "\(ResultLine.version).\(analyzer.version(options: options))",
      rules: analyzer.usesRules ? rules : nil, options: options)
  }
}
