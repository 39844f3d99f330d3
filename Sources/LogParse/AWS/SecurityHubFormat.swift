import Bytes
import Evidence

/// Findings of Security Hub, in the AWS Security Finding Format and in OCSF: `aws:securityhub:finding`, and `aws:securityhub:update`
/// for each later version.
///
/// What a product says of a threat becomes a `Finding` as well while it is active, with the latest version's facts; failed checks
/// of configuration stay events.
public struct SecurityHubFormat: LogFormat {
  public let name = "aws.securityhub"
  public let version = 5

  public init() {}

  public func recognizes(_ sample: FormatSample) -> Confidence? {
    AWSRecords.recognizes(sample, names: ["ProductArn", "AwsAccountId"]) { SecurityHubFinding($0) != nil }
      ?? AWSRecords.recognizes(sample, names: ["class_uid", "finding"]) { SecurityHubOCSFFinding($0) != nil }
  }

  public func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var history = SecurityHubHistory()
    try AWSRecords.read(stream, named: "Security Hub finding", into: sink) { json, locator in
      if let finding = SecurityHubFinding(json) {
        history.take(finding, json, locator, into: sink)
      } else if let finding = SecurityHubOCSFFinding(json) {
        history.take(finding, json, locator, into: sink)
      } else {
        return false
      }
      return true
    }
    history.finish(into: sink)
  }
}

/// One version of a finding, in whichever format it is written.
protocol SecurityHubVersion {
  var identifier: String { get }
  var created: Timestamp? { get }
  var updated: Timestamp? { get }
  var severity: Severity { get }
  /// Whether somebody does harm, and nobody has put the finding away.
  var isThreat: Bool { get }
  /// Title and description.
  var words: String { get }
  var entities: [Entity] { get }
  var attributes: [Attribute] { get }
  func finding(_ message: String, _ evidence: [EvidenceReference]) -> Finding
}

/// What is known so far of the findings of one artifact: a finding comes again whenever it changes.
struct SecurityHubHistory: ~Copyable {
  /// Identifiers that are known, and findings that are kept to the end; those behind them are told as they come.
  private static let maximumIdentifiers = 200_000
  private static let maximumFindings = 20_000
  private static let maximumPlaces = 100

  private struct Known {
    var finding: Finding
    var updated: Timestamp?
  }

  private var seen = SeenRecords()
  private let fingerprint = JSONFingerprint()
  private var identifiers: Set<String> = []
  private var threats: [Known] = []
  private var places: [String: Int] = [:]

  mutating func take(
    _ version: some SecurityHubVersion, _ json: JSONView, _ locator: Locator, into sink: any ResultSink
  ) {
    let identifier = version.identifier
    let content = fingerprint.of(json)
    guard identifier.withView({ seen.insert($0, content: content) }) else { return }
    let isKnown = identifiers.contains(identifier)
    if !isKnown, identifiers.count < Self.maximumIdentifiers { identifiers.insert(identifier) }
    tell(version, isUpdate: isKnown, locator, into: sink)
    guard version.isThreat else { return }
    let here = EvidenceReference(artifact: .unnamed, locator: locator)
    guard let place = places[identifier] else {
      let finding = version.finding("Security Hub finding " + Self.words(version), [here])
      guard threats.count < Self.maximumFindings else { return sink.finding(finding) }
      places[identifier] = threats.count
      threats.append(Known(finding: finding, updated: version.updated))
      return
    }
    var evidence = threats[place].finding.evidence
    if evidence.count < Self.maximumPlaces { evidence.append(here) }
    if (threats[place].updated?.nanoseconds ?? .min) <= (version.updated?.nanoseconds ?? .min) {
      threats[place].finding = version.finding("Security Hub finding " + Self.words(version), evidence)
      threats[place].updated = version.updated
    } else {
      threats[place].finding.evidence = evidence
    }
  }

  func finish(into sink: any ResultSink) {
    for known in threats { sink.finding(known.finding) }
  }

  private func tell(
    _ version: some SecurityHubVersion, isUpdate: Bool, _ locator: Locator, into sink: any ResultSink
  ) {
    let time = isUpdate ? version.updated ?? version.created : version.created ?? version.updated
    sink.event(
      Event(
        time: time, isUpdate ? .modification : .creation,
        dataType: isUpdate ? "aws:securityhub:update" : "aws:securityhub:finding",
        message: (isUpdate ? "Security Hub updated the finding " : "Security Hub finding ") + Self.words(version),
        entities: version.entities, attributes: version.attributes, locator: locator))
  }

  static func message(_ message: String, seen happening: String) -> String {
    message + (message.hasSuffix(".") ? "" : ".") + " Seen: \(happening)."
  }

  private static func words(_ version: some SecurityHubVersion) -> String {
    "(\(version.severity.rawValue)): \(version.words)"
  }
}
