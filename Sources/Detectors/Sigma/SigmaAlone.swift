/// Tells whether one artifact's events alone make a correlation hold that holds over those of several: then the artifact has told it,
/// and the whole case need not tell it again.
final class SigmaAlone {
  private let correlation: SigmaCorrelation
  private let hits: SigmaHits
  private let fed: [[SigmaHits.Number]]
  private let restsOnOthers: Bool
  /// The places in `rules` that a hit is one of.
  private lazy var rulesOf: [SigmaHits.Number: [Int]] = {
    var rules: [SigmaHits.Number: [Int]] = [:]
    for (rule, list) in fed.enumerated() { for hit in list { rules[hit, default: []].append(rule) } }
    return rules
  }()

  /// - Parameter restsOnOthers: a hit may be a correlation's, whose own events are of artifacts that it does not name.
  init(_ correlation: SigmaCorrelation, _ hits: SigmaHits, _ fed: [[SigmaHits.Number]], restsOnOthers: Bool) {
    self.correlation = correlation
    self.hits = hits
    self.fed = fed
    self.restsOnOthers = restsOnOthers
  }

  func holds(_ span: SigmaCorrelator.Span) -> Bool {
    guard let first = span.hits.first, span.hits.contains(where: { hits.artifact($0) != hits.artifact(first) }) else {
      return true
    }
    if restsOnOthers { return false }
    let correlator = SigmaCorrelator(correlation, hits)
    return Dictionary(grouping: span.hits) { hits.artifact($0) }.values.contains { own in
      var parts = fed.map { _ in [SigmaHits.Number]() }
      for hit in own { for rule in rulesOf[hit] ?? [] { parts[rule].append(hit) } }
      // Groups that the artifact has besides are not the span's.
      return correlator.spans(parts).contains { $0.key == span.key }
    }
  }
}
