import Bytes
import Evidence

/// Findings of Security Hub in the AWS Security Finding Format: `aws:securityhub:finding`.
///
/// What a product says of a threat (`TTPs`, `Effects`, `Unusual Behaviors`) becomes a `Finding` as well while it is active;
/// failed checks of configuration stay events. Fields: Security Hub User Guide, "ASFF syntax".
public struct SecurityHubFormat: LogFormat {
  public let name = "aws.securityhub"
  public let version = 2

  public init() {}

  public func recognizes(_ sample: FormatSample) -> Confidence? {
    AWSRecords.recognizes(sample, names: ["ProductArn", "AwsAccountId"]) { SecurityHubFinding($0) != nil }
  }

  public func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var seen = SeenRecords()
    try AWSRecords.read(stream, named: "Security Hub finding", into: sink) { json, locator in
      guard let finding = SecurityHubFinding(json) else { return false }
      guard finding.identifier.withView({ seen.insert($0, json.bytes) }) else { return true }
      sink.event(finding.event(locator))
      if finding.isThreat { sink.finding(finding.finding(locator)) }
      return true
    }
  }
}

private struct SecurityHubFinding {
  let identifier: String
  private let json: JSONView
  private let types: [String]
  private let severity: Severity
  private let network: JSONView?
  private let process: JSONView?

  init?(_ json: JSONView) {
    guard json.kind == .object, json["ProductArn"]?.kind == .string, json["AwsAccountId"] != nil,
      let identifier = json["Id"]?.kept
    else { return nil }
    self.json = json
    self.identifier = identifier
    types = json["Types"]?.strings ?? []
    network = json["Network"]
    process = json["Process"]
    let label = json.at("Severity", "Label")?.kept?.lowercased()
    severity = label.flatMap(Severity.init) ?? Self.severity(json.at("Severity", "Normalized")?.integer ?? 0)
  }

  /// Security Hub's 0 to 100.
  private static func severity(_ number: Int64) -> Severity {
    number < 1 ? .informational : number < 40 ? .low : number < 70 ? .medium : number < 90 ? .high : .critical
  }

  var isThreat: Bool {
    guard json["RecordState"]?.kept != "ARCHIVED" else { return false }
    return types.contains {
      $0.hasPrefix("TTPs") || $0.hasPrefix("Effects") || $0.hasPrefix("Unusual Behaviors")
    }
  }

  private var title: String { json["Title"]?.kept ?? types.first ?? identifier }

  private var resources: [(type: String, identifier: String)] {
    (json["Resources"]?.elements(upTo: 100) ?? []).map { ($0["Type"]?.kept ?? "?", $0["Id"]?.kept ?? "?") }
  }

  private var message: String {
    let heading = title.hasSuffix(".") ? title : title + "."
    let description = json["Description"]?.kept.map { " " + $0 } ?? ""
    return "Security Hub finding (\(severity.rawValue)): \(heading)\(description)"
  }

  func event(_ locator: Locator) -> Event {
    Event(
      time: json["CreatedAt"]?.time ?? json["UpdatedAt"]?.time, .creation, dataType: "aws:securityhub:finding",
      message: message, entities: entities, attributes: attributes, locator: locator)
  }

  func finding(_ locator: Locator) -> Finding {
    Finding(
      rule: "securityhub.\(types.first ?? "finding")", title: "Security Hub: \(types.first ?? "finding")",
      severity: severity, firstSeen: json["FirstObservedAt"]?.time ?? json["CreatedAt"]?.time,
      lastSeen: json["LastObservedAt"]?.time ?? json["UpdatedAt"]?.time, entities: entities,
      evidence: [EvidenceReference(artifact: .unnamed, locator: locator)], message: message,
      attributes: attributes)
  }

  private var attributes: [Attribute] {
    var all: [Attribute] = []
    all.add("finding_id", identifier)
    all.add("finding_types", types)
    all.add("severity", severity.rawValue)
    all.add("title", json["Title"]?.kept)
    all.add("description", json["Description"]?.kept)
    all.add("product", json["ProductName"]?.kept ?? json["ProductArn"]?.kept)
    all.add("generator", json["GeneratorId"]?.kept)
    all.add("account", json["AwsAccountId"]?.kept)
    all.add("region", json["Region"]?.kept)
    all.add("created", json["CreatedAt"]?.kept)
    all.add("updated", json["UpdatedAt"]?.kept)
    all.add("first_seen", json["FirstObservedAt"]?.kept)
    all.add("last_seen", json["LastObservedAt"]?.kept)
    all.add("record_state", json["RecordState"]?.kept)
    all.add("workflow_status", json.at("Workflow", "Status")?.kept)
    all.add("compliance_status", json.at("Compliance", "Status")?.kept)
    all.add("direction", network?["Direction"]?.kept)
    all.add("protocol", network?["Protocol"]?.kept?.lowercased())
    all.add("src_address", address("Source"))
    all.add("src_port", network?["SourcePort"]?.integer)
    all.add("dst_address", address("Destination"))
    all.add("dst_port", network?["DestinationPort"]?.integer)
    all.add("domain", network?["DestinationDomain"]?.kept)
    all.add("pid", process?["Pid"]?.integer)
    all.add("process", process?["Path"]?.kept ?? process?["Name"]?.kept)
    all.add("resources", resources.map { "\($0.type) \($0.identifier)" })
    all.add("indicators", indicators)
    return all
  }

  private func address(_ side: String) -> String? {
    side == "Source"
      ? network?["SourceIpV4"]?.kept ?? network?["SourceIpV6"]?.kept
      : network?["DestinationIpV4"]?.kept ?? network?["DestinationIpV6"]?.kept
  }

  private var indicators: [String] {
    (json["ThreatIntelIndicators"]?.elements(upTo: 100) ?? []).compactMap { indicator in
      indicator["Value"]?.kept.map { "\(indicator["Type"]?.kept ?? "?") \($0)" }
    }
  }

  private var entities: [Entity] {
    var all: [Entity] = []
    if let source = address("Source") { all.append(Entity(.address, source)) }
    if let destination = address("Destination") { all.append(Entity(.address, destination)) }
    if let domain = network?["DestinationDomain"]?.kept { all.append(Entity(.domain, domain)) }
    if let pid = process?["Pid"]?.text { all.append(Entity(.process, pid)) }
    for resource in resources {
      // An ARN's last part names the thing.
      let name = resource.identifier.split(separator: "/").last.map(String.init) ?? resource.identifier
      switch resource.type {
      case "AwsEc2Instance": all.append(Entity(.instance, name))
      case "AwsIamAccessKey": all.append(Entity(.accessKey, name.split(separator: ":").last.map(String.init) ?? name))
      case "AwsIamRole": all.append(Entity(.role, name))
      case "AwsIamUser": all.append(Entity(.user, name))
      default: break
      }
    }
    if let account = json["AwsAccountId"]?.kept { all.append(Entity(.account, account)) }
    return all
  }
}
