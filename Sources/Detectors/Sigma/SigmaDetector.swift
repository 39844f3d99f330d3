import Bytes
import Evidence

/// Asks Sigma rules of the events of one artifact, and correlations of what they find.
public final class SigmaDetector: EventDetector {
  public static let version = 10

  /// Hits kept for correlations, all rules together; more are counted, not correlated.
  static let maximumHits = 1 << 20
  /// Processes that wait for their parents; of any more rules are asked as they come.
  private static let maximumOrphans = 1 << 14
  /// Places told of one finding.
  static let maximumEvidence = 16

  private let rules: SigmaRules
  private let ruleNames: SigmaNames
  private let correlationNames: SigmaNames
  /// By rule.
  private let kinds: [SigmaSource.Kind?]
  /// Of the event that is looked at.
  private var artifact: Digest
  private var maker = SigmaRecordMaker()
  private let scope: Scope
  private let asksParents: Bool
  private var orphans: [Orphan] = []

  /// A process that was listed before its parent.
  private struct Orphan {
    var event: Event
    var artifact: Digest
    var maker: SigmaRecordMaker
  }
  /// By correlation: whether more events than those of one artifact may undo it, or what it rests on.
  private let isUndoable: [Bool]
  /// nil: every rule is asked of every event.
  private var gates: SigmaGates?
  /// Rules that are asked of the event at hand.
  private var asked: [Int] = []
  /// Hits by rule, for rules that correlations rest on.
  private var hitsOf: [Int: [SigmaHits.Number]] = [:]
  private let hits = SigmaHits()
  private var copies = SigmaCopies()
  /// Whether there were more hits than are kept: what is not among them may have happened all the same.
  private var isCut = false
  /// Fields of each rule that correlations need, and their layout among the hits.
  private var wanted: [Int: (names: [String], layout: Int)] = [:]

  /// What the events are, to correlations.
  public enum Scope: Sendable {
    /// All there is.
    case everything
    /// Those of one artifact of a case. What events of the others could undo (`not`, `lt`) is left to the whole case.
    case oneOfCase
    /// Those of a whole case: told is what no artifact tells alone.
    case wholeCase
  }

  public convenience init(_ rules: SigmaRules, artifact: Digest, scope: Scope = .everything) {
    self.init(rules, artifact: artifact, isFiltered: true, scope: scope)
  }

  /// - Parameter isFiltered: false asks every rule of every event, which finds the same.
  init(_ rules: SigmaRules, artifact: Digest, isFiltered: Bool, scope: Scope = .everything) {
    self.rules = rules
    kinds = rules.prefilter?.kinds ?? rules.rules.map(\.source.kind)
    self.artifact = artifact
    self.scope = scope
    asksParents = rules.rules.contains { $0.source.kind == .process && $0.expression.asksParent }
    ruleNames = SigmaNames(rules.rules.lazy.map(\.header))
    correlationNames = SigmaNames(rules.correlations.lazy.map(\.header))
    isUndoable = Self.undoable(rules.correlations, correlationNames)
    if isFiltered, let prefilter = rules.prefilter { gates = SigmaGates(prefilter) }
    let passedOn = Self.passedOn(rules.correlations, correlationNames)
    for (number, correlation) in rules.correlations.enumerated() {
      for (place, reference) in correlation.rules.enumerated() {
        for index in ruleNames[reference] {
          let names = correlation.fields(of: place) + passedOn[number]
          let known = wanted[index]?.names ?? []
          let all = known + Set(names).subtracting(known).sorted()
          wanted[index] = (all, hits.layout(all))
        }
      }
    }
  }

  /// Fields that a correlation needs only because another rests on it.
  private static func passedOn(_ correlations: [SigmaCorrelation], _ names: SigmaNames) -> [[String]] {
    var fields = [Set<String>](repeating: [], count: correlations.count)
    // Those that rest on others stand behind them.
    for outer in correlations.indices.reversed() {
      for (place, reference) in correlations[outer].rules.enumerated() {
        for inner in names[reference] where inner < outer {
          fields[inner].formUnion(correlations[outer].fields(of: place))
          fields[inner].formUnion(fields[outer])
        }
      }
    }
    return fields.map { $0.sorted() }
  }

  /// Whether any correlation is left to the whole case.
  var asksForAbsence: Bool { isUndoable.contains(true) }

  private static func undoable(_ correlations: [SigmaCorrelation], _ names: SigmaNames) -> [Bool] {
    var known: [Bool] = []
    for correlation in correlations {
      let restsOnOne = correlation.rules.contains { names[$0].contains { $0 < known.count && known[$0] } }
      known.append(restsOnOne || correlation.isUndoable)
    }
    return known
  }

  public func inspect(_ event: Event, _ report: (Finding) -> Void) {
    defer { maker.remember(event) }
    if asksParents, SigmaRecordMaker.isListed(event), maker.misses(parentOf: event),
      orphans.count < Self.maximumOrphans
    {
      orphans.append(Orphan(event: event, artifact: artifact, maker: maker))
      ask(event, ofParents: false, report)
    } else {
      ask(event, ofParents: nil, report)
    }
  }

  /// - Parameter ofParents: whether only rules are asked that look at a process's parent, or only others.
  private func ask(_ event: Event, ofParents: Bool?, _ report: (Finding) -> Void) {
    asked.removeAll(keepingCapacity: true)
    if gates == nil {
      asked.append(contentsOf: rules.rules.indices)
    } else {
      gates?.choose(event, maker, into: &asked)
      if asked.isEmpty { return }
    }
    if let ofParents { asked.removeAll { rules.rules[$0].expression.asksParent != ofParents } }
    asked.removeAll { !rules.rules[$0].source.accepts(event) }
    if asked.isEmpty { return }
    for record in maker.records(of: event) {
      var told = 0
      for place in asked.indices {
        let index = asked[place]
        if kinds[index] == record.kind, rules.rules[index].expression.holds(record) {
          keep(index, event, record)
          if rules.rules[index].isReported { report(finding(rules.rules[index], event)) }
          told += 1
        } else {
          asked[place - told] = index
        }
      }
      // What has spoken is not asked of the event's other records.
      asked.removeLast(told)
    }
  }

  /// Asks of processes what waited for their parents, for all are listed now.
  private func askOrphans(_ report: (Finding) -> Void) {
    let waiting = orphans
    orphans = []
    for orphan in waiting {
      turn(to: orphan.artifact, orphan.maker)
      ask(orphan.event, ofParents: true, report)
    }
  }

  /// Goes on with the events of another artifact.
  func turn(to artifact: Digest, _ maker: SigmaRecordMaker) {
    self.artifact = artifact
    self.maker = maker
  }

  private func finding(_ rule: SigmaRule, _ event: Event) -> Finding {
    Finding(
      rule: rule.header.id, title: rule.header.title, severity: rule.header.severity,
      confidence: rule.header.confidence, attack: rule.header.attack, firstSeen: event.time, entities: event.entities,
      evidence: [EvidenceReference(artifact: artifact, locator: event.locator)],
      message: "Sigma rule \"\(rule.header.title)\" holds: \(event.message)",
      attributes: rule.header.attributes + [Attribute("data_type", event.dataType)])
  }

  private func keep(_ index: Int, _ event: Event, _ record: SigmaRecord) {
    guard let (names, layout) = wanted[index] else { return }
    guard hits.count < Self.maximumHits else {
      isCut = true
      return
    }
    let fields = names.map { record.values($0) ?? [] }
    if scope == .wholeCase, copies.isCopy(event, artifact, index, fields) { return }
    guard let hit = hits.add(event, artifact, layout, fields: fields) else { return }
    hitsOf[index, default: []].append(hit)
  }

  public func finish(_ report: (Finding) -> Void) {
    askOrphans(report)
    if isCut { report(cutFinding()) }
    var spansOf: [Int: [SigmaHits.Number]] = [:]
    // All moments at which a correlation held, for what rests on it: something may happen while it goes on.
    var momentsOf: [Int: [SigmaHits.Number]] = [:]
    let foundations = Set(rules.correlations.flatMap { $0.rules.flatMap { correlationNames[$0] } })
    for (place, correlation) in rules.correlations.enumerated() {
      if isUndoable[place], scope == .oneOfCase || isCut { continue }
      let fed = correlation.rules.map { reference -> [SigmaHits.Number] in
        var fed: [SigmaHits.Number] = []
        for index in ruleNames[reference] {
          fed += hitsOf[index] ?? []
        }
        for index in correlationNames[reference] where index < place {
          // A sum takes each find once.
          fed += (correlation.kind.isOfNumbers ? spansOf[index] : momentsOf[index]) ?? []
        }
        return fed
      }
      guard !fed.allSatisfy(\.isEmpty) else { continue }
      let correlator = SigmaCorrelator(correlation, hits, keepsMoments: foundations.contains(place))
      let restsOnOthers = correlation.rules.contains { !correlationNames[$0].isEmpty }
      let alone = SigmaAlone(correlation, hits, fed, restsOnOthers: restsOnOthers)
      for span in correlator.spans(fed) {
        guard let first = span.hits.first, let last = span.hits.last, let firstEvent = hits.event(first),
          let lastEvent = hits.event(last)
        else { continue }
        let finding = finding(correlation, span, firstEvent, lastEvent)
        let isTold = scope != .wholeCase || isUndoable[place] || !alone.holds(span)
        if correlation.isReported, isTold { report(finding) }
        let event = Event(
          time: lastEvent.time, dataType: firstEvent.dataType, message: finding.message, entities: finding.entities,
          locator: firstEvent.locator)
        guard foundations.contains(place) else { continue }
        // What rests on this correlation groups by its fields.
        let group = zip(correlation.groupBy, span.key)
        guard let hit = hits.add(event, like: first, group) else { continue }
        spansOf[place, default: []].append(hit)
        momentsOf[place, default: []].append(hit)
        for moment in span.moments {
          guard let more = hits.add(hit, at: moment.last, like: moment.first, group) else { break }
          momentsOf[place, default: []].append(more)
        }
      }
    }
  }

  /// Says that not all hits took part, for what correlations tell, and what they do not, rests on fewer events than there were.
  private func cutFinding() -> Finding {
    let left = rules.correlations.indices.filter { isUndoable[$0] && scope != .oneOfCase }
    let names = left.prefix(20).map { "\"\(rules.correlations[$0].header.title)\"" }.joined(separator: ", ")
    let skipped = left.isEmpty ? "" : " Rules that ask what did not happen are not answered: \(names)."
    return Finding(
      rule: "sigma.hits-cut", title: "Correlations were asked of a part of the hits",
      severity: .informational,
      confidence: .high, evidence: [EvidenceReference(artifact: artifact, locator: .whole)],
      message:
        "Correlations were asked of the first \(Self.maximumHits) hits of their rules; more were left out.\(skipped)")
  }

  private func finding(
    _ correlation: SigmaCorrelation, _ span: SigmaCorrelator.Span, _ first: Event, _ last: Event
  ) -> Finding {
    let group = zip(correlation.groupBy, span.key).map { "\($0) \(hits.shown($1))" }.joined(separator: ", ")
    let number =
      span.number == span.number.rounded() && abs(span.number) < 1e15 ? String(Int64(span.number)) : String(span.number)
    var attributes = correlation.header.attributes
    attributes.append(Attribute("correlation", correlation.kind.rawValue))
    attributes.append(Attribute("number", .text(number)))
    attributes.append(Attribute("events", Int64(span.hits.count)))
    attributes.add("group", group)
    // Where all is of one kind, as for a rule's own finding.
    if span.hits.allSatisfy({ hits.dataType($0) == first.dataType }) {
      attributes.append(Attribute("data_type", first.dataType))
    }
    let times = [first, last].map { $0.time.map { "\($0)" } ?? "?" }
    return Finding(
      rule: correlation.header.id, title: correlation.header.title, severity: correlation.header.severity,
      confidence: correlation.header.confidence, attack: correlation.header.attack, firstSeen: first.time,
      lastSeen: last.time, entities: hits.entities(of: span.hits),
      evidence: evidence(span),
      message: "\(correlation.header.title): \(correlation.kind.rawValue) \(number)"
        + (group.isEmpty ? "" : " for \(group)") + ", \(span.hits.count) events from \(times[0]) to \(times[1]). "
        + "First: \(first.message)",
      attributes: attributes)
  }

  /// The first places, and of each further artifact one.
  private func evidence(_ span: SigmaCorrelator.Span) -> [EvidenceReference] {
    var shown = Array(span.hits.prefix(Self.maximumEvidence))
    var artifacts = Set(shown.map(hits.artifact))
    for hit in span.hits.dropFirst(Self.maximumEvidence) where shown.count < 2 * Self.maximumEvidence {
      if artifacts.insert(hits.artifact(hit)).inserted { shown.append(hit) }
    }
    return shown.compactMap(hits.reference)
  }
}
