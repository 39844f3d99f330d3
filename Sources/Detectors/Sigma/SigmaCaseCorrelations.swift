import Evidence

/// Correlations over the events of a whole case: an event of one artifact followed by one of another within the rule's
/// span of time.
///
/// `SigmaDetector` tells correlations within one artifact; this tells those whose events come from several, and those that events
/// of another artifact could undo (`a and not b`, `lt: 5`), so nothing is told twice. Events may come in any order, for windows are laid over sorted hits; of each artifact they must
/// come in its own order, because a process is known by what was listed before. Only the rules on which correlations rest
/// are asked, and only their hits are kept (`SigmaDetector.maximumHits` of them). What lies in two files is one record
/// (`SigmaCopies`).
public final class SigmaCaseCorrelations {
  private let detector: SigmaDetector?
  private var makers: [Digest: SigmaRecordMaker] = [:]

  public init(_ rules: SigmaRules) {
    let fed = rules.onlyForCorrelations
    detector =
      fed.correlations.isEmpty ? nil : SigmaDetector(fed, artifact: Digest(of: []), isFiltered: true, scope: .wholeCase)
  }

  /// Whether there is anything to look for; where not, no event need be read.
  public var isNeeded: Bool { detector != nil }

  /// Whether there is even in a case of one artifact.
  public var isNeededForOne: Bool { detector?.asksForAbsence ?? false }

  public func inspect(_ event: Event, of artifact: Digest) {
    guard let detector else { return }
    let maker = makers[artifact] ?? SigmaRecordMaker()
    makers[artifact] = maker
    detector.turn(to: artifact, maker)
    detector.inspect(event) { _ in }
  }

  /// Tells the correlations that hold. Call once, after the last event.
  public func finish(_ report: (Finding) -> Void) { detector?.finish(report) }
}

extension SigmaRules {
  /// The correlations and the rules on which they rest.
  fileprivate var onlyForCorrelations: SigmaRules {
    var fed = SigmaRules()
    fed.correlations = correlations
    let names = SigmaNames(rules.lazy.map(\.header))
    fed.rules = Set(correlations.flatMap { $0.rules.flatMap { names[$0] } }).sorted().map { rules[$0] }
    fed.prefilter = SigmaPrefilter(fed.rules)
    return fed
  }
}
