import Bytes
import Evidence

/// A finding as Security Hub writes it today: an event of OCSF's category Findings. Fields: OCSF Schema, classes 2001 to 2007;
/// Security Hub User Guide, "OCSF findings".
struct SecurityHubOCSFFinding: SecurityHubVersion {
  private enum Class {
    static let all: ClosedRange<Int64> = 2001...2007
    static let detection: Int64 = 2004
  }

  let identifier: String
  let severity: Severity
  let created: Timestamp?
  let updated: Timestamp?
  private let json: JSONView
  private let info: JSONView
  private let number: Int64
  private let types: [String]
  private let evidence: SecurityHubOCSFEvidence
  private let resources: SecurityHubOCSFResources

  init?(_ json: JSONView) {
    guard json.kind == .object, let number = json["class_uid"]?.integer, Class.all.contains(number),
      let info = json["finding_info"] ?? json["finding"], info.kind == .object, Self.isOfAWS(json),
      let identifier = info["uid"]?.kept ?? json.at("metadata", "uid")?.kept
    else { return nil }
    self.json = json
    self.info = info
    self.number = number
    self.identifier = identifier
    types = info["types"]?.strings ?? []
    severity = Self.severity(json)
    created = Self.time(info["created_time"], info["created_time_dt"]) ?? Self.time(json["time"], json["time_dt"])
    updated = Self.time(info["modified_time"], info["modified_time_dt"]) ?? Self.time(json["time"], json["time_dt"])
    evidence = SecurityHubOCSFEvidence(json["evidences"])
    resources = SecurityHubOCSFResources(json["resources"] ?? json["resource"])
  }

  /// Others write the same format for other clouds.
  private static func isOfAWS(_ json: JSONView) -> Bool {
    let product = json.at("metadata", "product")
    let isOfVendor = product?["vendor_name"]?.rawString.map { $0 == "AWS" || $0 == "Amazon" } ?? false
    return isOfVendor || json.at("cloud", "provider")?.rawString.map { $0 == "AWS" } ?? false
      || product?["uid"]?.rawString?.hasPrefix("arn:aws") ?? false
  }

  private static func severity(_ json: JSONView) -> Severity {
    switch json["severity_id"]?.integer {
    case 2: .low
    case 3: .medium
    case 4: .high
    case 5, 6: .critical
    default: json["severity"]?.kept.flatMap { Severity(rawValue: $0.lowercased()) } ?? .informational
    }
  }

  private static func time(_ number: JSONView?, _ text: JSONView?) -> Timestamp? { text?.time ?? number?.milliseconds }

  /// A class for threats; those that the older class holds say so by their types. What could be attacked is no attack.
  var isThreat: Bool {
    // Archived, deleted.
    if let state = json["status_id"]?.integer, state == 5 || state == 6 { return false }
    if SecurityHubFinding.areOfThreats(types) { return true }
    return number == Class.detection && !types.contains { $0.hasPrefix("Exposure") }
  }

  var words: String {
    let title = info["title"]?.kept ?? types.first ?? identifier
    let heading = title.hasSuffix(".") ? title : title + "."
    return heading + ((info["desc"] ?? json["message"])?.kept.map { " " + $0 } ?? "")
  }

  private var attack: [String] {
    var all: [String] = []
    for one in (info["attacks"] ?? json["attacks"])?.elements(upTo: 100) ?? [] {
      guard let technique = one.at("sub_technique", "uid")?.kept ?? one.at("technique", "uid")?.kept else { continue }
      if technique.hasPrefix("T"), technique.utf8.count <= 9, !all.contains(technique) { all.append(technique) }
    }
    return all
  }

  func finding(_ message: String, _ places: [EvidenceReference]) -> Finding {
    let first = Self.time(info["first_seen_time"], info["first_seen_time_dt"])
    let last = Self.time(info["last_seen_time"], info["last_seen_time_dt"])
    return Finding(
      rule: "securityhub.\(types.first ?? "finding")", title: "Security Hub: \(types.first ?? "finding")",
      severity: severity, attack: attack, firstSeen: first ?? created, lastSeen: last ?? updated, entities: entities,
      evidence: places,
      message: evidence.happening.map { SecurityHubHistory.message(message, seen: $0) } ?? message,
      attributes: attributes)
  }

  // MARK: Facts

  var attributes: [Attribute] {
    var all: [Attribute] = []
    all.add("finding_id", identifier)
    all.add("finding_types", types)
    all.add("finding_class", json["class_name"]?.kept ?? String(number))
    all.add("severity", severity.rawValue)
    all.add("title", info["title"]?.kept)
    all.add("description", (info["desc"] ?? json["message"])?.kept)
    all.add("product", json.at("metadata", "product", "name")?.kept ?? json.at("metadata", "product", "uid")?.kept)
    all.add("generator", info.at("analytic", "name")?.kept)
    all.add("account", json.at("cloud", "account", "uid")?.kept)
    all.add("region", json.at("cloud", "region")?.kept)
    all.add("created", (info["created_time_dt"] ?? info["created_time"])?.kept)
    all.add("updated", (info["modified_time_dt"] ?? info["modified_time"])?.kept)
    all.add("first_seen", (info["first_seen_time_dt"] ?? info["first_seen_time"])?.kept)
    all.add("last_seen", (info["last_seen_time_dt"] ?? info["last_seen_time"])?.kept)
    all.add("activity", json["activity_name"]?.kept)
    all.add("workflow_status", json["status"]?.kept)
    all.add("compliance_status", json.at("compliance", "status")?.kept)
    all.add("compliance_control", json.at("compliance", "control")?.kept)
    evidence.add(to: &all)
    resources.add(to: &all)
    all.add("vulnerabilities", vulnerabilities)
    all.add("malware", malware)
    all.add("unknown_fields", unknown)
    return all
  }

  private var vulnerabilities: [String] {
    (json["vulnerabilities"]?.elements(upTo: 200) ?? []).compactMap {
      $0.at("cve", "uid")?.kept ?? $0["title"]?.kept
    }
  }

  private var malware: [String] {
    (json["malware"]?.elements(upTo: 200) ?? []).compactMap { one in
      one["name"]?.kept.map { name in [name, one["path"]?.kept].compactMap { $0 }.joined(separator: " ") }
    }
  }

  /// Members that no attribute is made of, as they stand.
  private var unknown: [String] {
    var all: [String] = []
    func keep(_ json: JSONView, _ prefix: String, _ isKnown: (ByteView) -> Bool) {
      json.forEachMember { key, value in
        if !isKnown(key), value.kind != .null {
          all.append(prefix + key.string + "=" + value.bytes.slice(0, 4096).string)
        }
        return all.count < 64
      }
    }
    keep(json, "", Self.isKnown)
    keep(info, "finding_info.", Self.isKnownOfInfo)
    if let metadata = json["metadata"] { keep(metadata, "metadata.") { $0 == "product" || $0 == "version" } }
    return all
  }

  private static func isKnown(_ key: ByteView) -> Bool {
    switch key {
    case "activity_id", "activity_name", "category_name", "category_uid", "class_name", "class_uid", "type_uid",
      "type_name", "severity", "severity_id", "status", "status_id", "time", "time_dt", "cloud", "evidences",
      "resources", "message", "finding_info", "finding", "metadata":
      true
    default: false
    }
  }

  private static func isKnownOfInfo(_ key: ByteView) -> Bool {
    switch key {
    case "uid", "title", "desc", "types", "created_time", "created_time_dt", "modified_time", "modified_time_dt",
      "first_seen_time", "first_seen_time_dt", "last_seen_time", "last_seen_time_dt":
      true
    default: false
    }
  }

  var entities: [Entity] {
    var all = evidence.entities + resources.entities
    for one in json["malware"]?.elements(upTo: 200) ?? [] {
      if let path = one["path"]?.kept, path.hasPrefix("/") { all.append(Entity(.file, path)) }
    }
    if let account = json.at("cloud", "account", "uid")?.kept { all.append(Entity(.account, account)) }
    var seen: Set<Entity> = []
    return all.filter { seen.insert($0).inserted }
  }
}
