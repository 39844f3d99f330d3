import Bytes
import Evidence

/// A finding in the AWS Security Finding Format. Fields: Security Hub User Guide, "ASFF syntax".
struct SecurityHubFinding: SecurityHubVersion {
  let identifier: String
  let severity: Severity
  private let json: JSONView
  private let types: [String]
  private let network: JSONView?
  private let process: JSONView?
  private let action: GuardDutyAction
  private let sequence: GuardDutySequence?
  private let resources: SecurityHubResources
  private let threats: SecurityHubThreats

  init?(_ json: JSONView) {
    guard json.kind == .object, json["ProductArn"]?.kind == .string, json["AwsAccountId"] != nil,
      let identifier = json["Id"]?.kept
    else { return nil }
    self.json = json
    self.identifier = identifier
    types = json["Types"]?.strings ?? []
    network = json["Network"]
    process = json["Process"]
    // The action and the sequence have the members that GuardDuty's own have.
    action = GuardDutyAction(json["Action"], resource: nil, near: nil)
    sequence = GuardDutySequence(json)
    resources = SecurityHubResources(json["Resources"])
    threats = SecurityHubThreats(json)
    let label = json.at("Severity", "Label")?.kept?.lowercased()
    severity = label.flatMap(Severity.init) ?? Self.severity(json.at("Severity", "Normalized")?.integer ?? 0)
  }

  /// Security Hub's 0 to 100.
  private static func severity(_ number: Int64) -> Severity {
    number < 1 ? .informational : number < 40 ? .low : number < 70 ? .medium : number < 90 ? .high : .critical
  }

  var created: Timestamp? { json["CreatedAt"]?.time }
  var updated: Timestamp? { json["UpdatedAt"]?.time }

  /// `TTPs`, `Effects`, `Unusual Behaviors`.
  var isThreat: Bool { json["RecordState"]?.kept != "ARCHIVED" && Self.areOfThreats(types) }

  static func areOfThreats(_ types: [String]) -> Bool {
    types.contains { $0.hasPrefix("TTPs") || $0.hasPrefix("Effects") || $0.hasPrefix("Unusual Behaviors") }
  }

  var words: String {
    let title = json["Title"]?.kept ?? types.first ?? identifier
    let heading = title.hasSuffix(".") ? title : title + "."
    return heading + (json["Description"]?.kept.map { " " + $0 } ?? "")
  }

  func finding(_ message: String, _ evidence: [EvidenceReference]) -> Finding {
    let happening = [action.happening, sequence?.happening].compactMap { $0 }.joined(separator: ", ")
    return Finding(
      rule: "securityhub.\(types.first ?? "finding")", title: "Security Hub: \(types.first ?? "finding")",
      severity: severity, attack: sequence?.attack ?? [],
      firstSeen: json["FirstObservedAt"]?.time ?? created, lastSeen: json["LastObservedAt"]?.time ?? updated,
      entities: entities, evidence: evidence,
      message: happening.isEmpty ? message : SecurityHubHistory.message(message, seen: happening),
      attributes: attributes)
  }

  // MARK: Facts

  var attributes: [Attribute] {
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
    all.add("src_address", address("SourceIpV4", "SourceIpV6"))
    all.add("src_port", network?["SourcePort"]?.integer)
    all.add("src_mac", network?["SourceMac"]?.kept)
    all.add("src_domain", network?["SourceDomain"]?.kept)
    all.add("dst_address", address("DestinationIpV4", "DestinationIpV6"))
    all.add("dst_port", network?["DestinationPort"]?.integer)
    all.add("domain", network?["DestinationDomain"]?.kept)
    all.add("pid", process?["Pid"]?.integer)
    all.add("process", processPath ?? process?["Name"]?.kept)
    all.add("parent_pid", process?["ParentPid"]?.integer)
    all.add("process_started", process?["LaunchedAt"]?.kept)
    addAction(to: &all)
    sequence?.add(to: &all)
    resources.add(to: &all)
    threats.add(to: &all)
    all.add("unknown_fields", unknown)
    return all
  }

  private func addAction(to all: inout [Attribute]) {
    var own: [Attribute] = []
    own.add("action_type", action.type)
    own.add("remote_host", action.remote ?? action.domain)
    own.add("remote_port", action.remotePort)
    own.add("local_host", action.local)
    own.add("local_port", action.localPort)
    action.add(to: &own)
    // `Network` may have told some of it already.
    let told = Set(all.map(\.name))
    all += own.filter { !told.contains($0.name) }
  }

  private func address(_ four: StaticString, _ six: StaticString) -> String? {
    network?[four]?.keptAddress ?? network?[six]?.keptAddress
  }

  private var processPath: String? { process?["Path"]?.kept }

  /// Members that no attribute is made of, as they stand.
  private var unknown: [String] {
    var all: [String] = []
    json.forEachMember { key, value in
      // A check's state alone is told.
      let isState = key == "Compliance" && value.bytes.firstIndex(of: 0x2C) == nil
      if !Self.isKnown(key), !isState, value.kind != .null {
        all.append(key.string + "=" + value.bytes.slice(0, 4096).string)
      }
      return all.count < 64
    }
    return all
  }

  private static func isKnown(_ key: ByteView) -> Bool {
    switch key {
    case "SchemaVersion", "Id", "ProductArn", "ProductName", "GeneratorId", "AwsAccountId", "Region", "Types", "Title",
      "Description", "Severity", "CreatedAt", "UpdatedAt", "FirstObservedAt", "LastObservedAt", "RecordState",
      "Workflow", "Action", "Network", "Process", "Resources", "Malware", "Threats", "ThreatIntelIndicators",
      "ProductFields":
      true
    default: false
    }
  }

  var entities: [Entity] {
    var all: [Entity] = []
    if let source = address("SourceIpV4", "SourceIpV6") { all.append(Entity(.address, source)) }
    if let destination = address("DestinationIpV4", "DestinationIpV6") { all.append(Entity(.address, destination)) }
    if let domain = network?["SourceDomain"]?.kept { all.append(Entity(.domain, domain)) }
    if let domain = network?["DestinationDomain"]?.kept { all.append(Entity(.domain, domain)) }
    if let pid = process?["Pid"]?.text { all.append(Entity(.process, pid)) }
    if let path = processPath, path.hasPrefix("/") { all.append(Entity(.file, path)) }
    all += action.entities + (sequence?.entities ?? []) + threats.entities + resources.entities
    if let account = json["AwsAccountId"]?.kept { all.append(Entity(.account, account)) }
    var seen: Set<Entity> = []
    return all.filter { seen.insert($0).inserted }
  }
}
