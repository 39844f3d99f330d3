import Bytes
import Evidence

/// Findings of Amazon GuardDuty: the export to S3, EventBridge, `get-findings`.
///
/// A finding comes again and again while it goes on. Its creation is told once (`aws:guardduty:finding`), so is the time
/// from which GuardDuty saw it happen (`aws:guardduty:activity`); every later version is an `aws:guardduty:update`. Each
/// finding also becomes one `Finding` with the latest version's facts and the places of all versions.
public struct GuardDutyFormat: LogFormat {
  public let name = "aws.guardduty"
  public let version = 7

  public init() {}

  public func recognizes(_ sample: FormatSample) -> Confidence? {
    for names: [StaticString] in [["severity", "service", "updatedAt"], ["Severity", "Service", "UpdatedAt"]] {
      if let sure = AWSRecords.recognizes(sample, names: names, { GuardDutyFinding($0) != nil }) { return sure }
    }
    return nil
  }

  public func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var history = GuardDutyHistory()
    try AWSRecords.read(stream, named: "GuardDuty finding", into: sink) { json, locator in
      guard let finding = GuardDutyFinding(json) else { return false }
      history.take(finding, locator, into: sink)
      return true
    }
    history.finish(into: sink)
  }
}

/// What is known so far of the findings of one artifact.
struct GuardDutyHistory {
  /// Findings that are kept to the end; those behind them are told as they come.
  static let maximumFindings = 20_000
  private static let maximumPlaces = 100

  private struct Known {
    var finding: Finding
    var updated: Timestamp?
    var versions: Set<Timestamp?>
  }

  private var known: [Known] = []
  private var places: [String: Int] = [:]

  mutating func take(_ version: GuardDutyFinding, _ locator: Locator, into sink: any ResultSink) {
    guard let place = places[version.identifier] else {
      tellCreation(version, locator, into: sink)
      if version.updated != version.created { tellUpdate(version, locator, into: sink) }
      let entry = Known(
        finding: Self.finding(version, [locator]), updated: version.updated, versions: [version.updated])
      if known.count < Self.maximumFindings {
        places[version.identifier] = known.count
        known.append(entry)
      } else {
        sink.finding(entry.finding)
      }
      return
    }
    guard known[place].versions.count < 10_000, known[place].versions.insert(version.updated).inserted else { return }
    tellUpdate(version, locator, into: sink)
    var evidence = known[place].finding.evidence
    if evidence.count < Self.maximumPlaces { evidence.append(Self.here(locator)) }
    if (known[place].updated ?? .distantPast) < (version.updated ?? .distantPast) {
      known[place].finding = Self.finding(version, [])
      known[place].updated = version.updated
    }
    known[place].finding.evidence = evidence
  }

  func finish(into sink: any ResultSink) {
    for entry in known { sink.finding(entry.finding) }
  }

  // MARK: Events

  private func tellCreation(_ version: GuardDutyFinding, _ locator: Locator, into sink: any ResultSink) {
    sink.event(
      Event(
        time: version.created ?? version.updated, .creation, dataType: "aws:guardduty:finding",
        message: "GuardDuty finding " + Self.words(version), entities: version.entities,
        attributes: version.attributes + Self.key(version, version.created ?? version.updated), locator: locator))
    guard let first = version.firstSeen else { return }
    sink.event(
      Event(
        time: first, .start, dataType: "aws:guardduty:activity",
        message: Self.beginning(version), entities: version.entities,
        attributes: version.briefAttributes + Self.key(version, first), locator: locator))
  }

  private func tellUpdate(_ version: GuardDutyFinding, _ locator: Locator, into sink: any ResultSink) {
    sink.event(
      Event(
        time: version.updated, .modification, dataType: "aws:guardduty:update",
        message: "GuardDuty updated the finding " + Self.words(version), entities: version.entities,
        attributes: version.attributes + Self.key(version, version.updated), locator: locator))
  }

  private static func key(_ version: GuardDutyFinding, _ time: Timestamp?) -> [Attribute] {
    [Attribute(RecordKey.name, RecordKey.guardDuty(version.identifier, time))]
  }

  private static func beginning(_ version: GuardDutyFinding) -> String {
    let happening = version.happening
    return "GuardDuty saw the beginning of \(version.type)" + (happening.isEmpty ? "" : ": \(happening)")
  }

  private static func seen(_ version: GuardDutyFinding) -> String {
    let happening = version.happening
    return happening.isEmpty ? "" : " Seen: \(happening)."
  }

  /// `Execution:Runtime/ReverseShell (high, 8.0): The process bash …`
  private static func words(_ version: GuardDutyFinding) -> String {
    let parts = [version.title, version.description ?? ""].filter { !$0.isEmpty }
    return "\(version.type) (\(version.level.rawValue), \(version.severity)): \(parts.joined(separator: " "))"
  }

  // MARK: Findings

  private static func finding(_ version: GuardDutyFinding, _ places: [Locator]) -> Finding {
    // Somebody, or a rule of his, took it for no threat.
    let isArchived = version.isArchived && version.level > .low
    var finding = Finding(
      rule: "guardduty.\(version.type)", title: "GuardDuty: \(version.type)",
      severity: isArchived ? .low : version.level,
      attack: version.attack, firstSeen: version.firstSeen ?? version.created,
      lastSeen: version.lastSeen ?? version.updated, entities: version.entities, evidence: places.map(here),
      message: words(version) + seen(version), attributes: version.briefAttributes)
    if isArchived {
      finding.attributes.add(Finding.besideOtherSigns, version.level.rawValue)
      finding.message += " It is archived in GuardDuty."
    }
    return finding
  }

  /// A place in the artifact at hand, whose digest the sink knows and this module does not.
  private static func here(_ locator: Locator) -> EvidenceReference {
    EvidenceReference(artifact: .unnamed, locator: locator)
  }
}

extension Timestamp {
  fileprivate static let distantPast = Timestamp(nanoseconds: .min)
}
