import ArtifactStore
import Evidence

/// What is new of the rules since an earlier result: since the set that it was computed under. That is not the set of the night before
/// where that night was killed, or its time was up before it came to the unit.
public final class RuleHistory {
  private let store: ArtifactStore
  private let now: [String: Digest]
  private let lastNight: RuleNews
  private var known: [Digest: RuleNews] = [:]

  /// The sets that were in force, the latest first, each with what it gives an analyzer.
  private lazy var sets: [(set: Digest, keys: RuleKeys)] = store.rules.latest(Self.depth).compactMap { set in
    store.rules.list("keys", of: set).flatMap(RuleKeys.init(named:)).map { (set, $0) }
  }

  /// Two months of nights; what is older is told by the set that its run names.
  private static let depth = 64

  /// - Parameters:
  ///   - now: fingerprints by name of the rules in force.
  ///   - lastNight: what is new since the last set, for a case that has no earlier run.
  public init(_ store: ArtifactStore, now: [String: Digest], lastNight: RuleNews) {
    self.store = store
    self.now = now
    self.lastNight = lastNight
  }

  /// - Parameter entry: the unit as the earlier run had it; nil for one that is new.
  public func news(since entry: RunRecord.Entry?, in run: RunRecord?) -> RuleNews {
    var set = run?.rules
    if let entry, let rules = entry.rules,
      let found = sets.first(where: { $0.keys.rules(for: entry.analyzer, options: entry.options) == rules })
    {
      set = found.set
    }
    guard let set else { return lastNight }
    if let news = known[set] { return news }
    let news = Self.allRules(of: set, in: store).map { RuleNews(from: $0, to: now) } ?? lastNight
    known[set] = news
    return news
  }

  /// Fingerprints of all rules of a set by name.
  public static func allRules(of set: Digest, in store: ArtifactStore) -> [String: Digest]? {
    guard let yara = store.rules.list("yara", of: set), let sigma = store.rules.list("sigma", of: set) else {
      return nil
    }
    return yara.merging(sigma) { first, _ in first }
  }
}
