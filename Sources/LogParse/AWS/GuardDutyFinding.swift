import Bytes
import Evidence

/// One version of a GuardDuty finding, as S3, EventBridge (camelCase) or `get-findings` (PascalCase) write it.
struct GuardDutyFinding {
  let identifier: String
  let type: String
  let severity: Double
  private let json: JSONView
  private let service: JSONView?
  private let resource: JSONView?
  private let action: GuardDutyAction
  private let sequence: GuardDutySequence?
  private let malware: GuardDutyMalware
  let created: Timestamp?
  let updated: Timestamp?
  let firstSeen: Timestamp?
  let lastSeen: Timestamp?
  private let pid: Int64?
  private let process, hash: String?

  /// - Returns: nil for what is no finding of GuardDuty.
  init?(_ json: JSONView) {
    guard json.kind == .object, let type = json.member("type")?.string, let id = json.member("id")?.string,
      let severity = json.member("severity")?.double, let service = json.member("service"), service.kind == .object,
      json.member("schemaVersion") != nil || service.member("detectorId") != nil
    else { return nil }
    self.json = json
    self.type = type
    self.severity = severity
    self.service = service
    identifier = id
    resource = json.member("resource")
    action = GuardDutyAction(
      service.member("action"), resource: resource, near: Self.interfaces(resource).compactMap(\.address).first)
    sequence = GuardDutySequence(service)
    malware = GuardDutyMalware(service: service, resource: resource)
    created = json.member("createdAt")?.time
    updated = json.member("updatedAt")?.time
    firstSeen = service.member("eventFirstSeen")?.time
    lastSeen = service.member("eventLastSeen")?.time
    let process = service.member("runtimeDetails")?.member("process")
    pid = process?.member("pid")?.integer
    self.process = process?.member("executablePath")?.kept ?? process?.member("name")?.kept
    hash = process?.member("executableSha256")?.kept
  }

  private struct Interface {
    let address, publicAddress, vpc, subnet: String?
    /// All its addresses in the form by which sources are joined.
    let all: [String]
    let sixth: [String]

    init(_ json: JSONView) {
      address = json.member("privateIpAddress")?.keptAddress
      publicAddress = json.member("publicIp")?.keptAddress
      vpc = json.member("vpcId")?.kept
      subnet = json.member("subnetId")?.kept
      sixth = json.member("ipv6Addresses")?.elements(upTo: 64).compactMap(\.keptAddress) ?? []
      let others = json.member("privateIpAddresses")?.elements(upTo: 64) ?? []
      let second = others.compactMap { $0.member("privateIpAddress")?.keptAddress }
      all = ([address, publicAddress].compactMap { $0 } + second + sixth).compactMap { $0.withView(IPAddress.normal) }
    }
  }

  private static func interfaces(_ resource: JSONView?) -> [Interface] {
    (resource?.member("instanceDetails")?.member("networkInterfaces")?.elements(upTo: 64) ?? []).map(Interface.init)
  }

  private var instance: String? { resource?.member("instanceDetails")?.member("instanceId")?.kept }

  private var identity: AWSIdentity? {
    guard let key = resource?.member("accessKeyDetails"), key.kind == .object else { return nil }
    return AWSIdentity(
      type: key.member("userType")?.kept, principal: key.member("principalId")?.kept,
      accessKey: key.member("accessKeyId")?.kept, user: key.member("userName")?.kept)
  }

  var level: Severity { isSample ? .informational : Severity(guardDuty: severity) }

  /// Made by GuardDuty for somebody who wanted to see what its findings look like.
  private var isSample: Bool {
    if json.member("title")?.rawString?.hasPrefix("[SAMPLE]") == true { return true }
    return service?.member("additionalInfo")?.member("sample")?.flag == true
  }

  /// Techniques of ATT&CK that the finding states by itself.
  var attack: [String] {
    let own = GuardDutyType(type)?.attack ?? []
    return own + (sequence?.attack.filter { !own.contains($0) } ?? [])
  }

  var title: String { json.member("title")?.kept ?? type }

  var description: String? { json.member("description")?.kept }

  var isArchived: Bool { service?.member("archived")?.flag == true }

  // MARK: Facts

  /// What is needed to tell the finding from others and to join it; on each of its events.
  var briefAttributes: [Attribute] {
    var all: [Attribute] = []
    all.add("finding_id", identifier)
    all.add("finding_type", type)
    all.add("severity", level.rawValue)
    all.add("severity_score", json.member("severity")?.text)
    if let parts = GuardDutyType(type) {
      all.add("threat_purpose", parts.purpose)
      all.add("resource_affected", parts.resource)
      all.add("threat_family", parts.family)
      all.add("detection_mechanism", parts.mechanism)
      all.add("detection_artifact", parts.artifact)
    }
    all.add("action_type", action.type)
    all.add("remote_host", action.remote ?? action.domain)
    all.add("remote_port", action.remotePort)
    all.add("local_host", action.local)
    all.add("local_port", action.localPort)
    all.add("pid", pid)
    all.add("process", process)
    sequence?.add(to: &all)
    malware.add(to: &all)
    return all
  }

  var attributes: [Attribute] {
    var all = briefAttributes
    all.add("title", title)
    all.add("description", description)
    all.add("first_seen", service?.member("eventFirstSeen")?.kept)
    all.add("last_seen", service?.member("eventLastSeen")?.kept)
    all.add("created", json.member("createdAt")?.kept)
    all.add("updated", json.member("updatedAt")?.kept)
    all.add("count", service?.member("count")?.integer)
    all.add("archived", service?.member("archived")?.flag)
    all.add("resource_role", service?.member("resourceRole")?.kept)
    action.add(to: &all)
    all.add("threat_lists", threatLists)
    addProcess(to: &all)
    all.add("resource_type", resource?.member("resourceType")?.kept)
    addInstance(to: &all)
    identity?.add(to: &all)
    let buckets = resource?.member("s3BucketDetails")?.elements(upTo: 100) ?? []
    all.add("buckets", buckets.compactMap { $0.member("name")?.kept })
    all.add("feature", service?.member("featureName")?.kept)
    all.add("detector", service?.member("detectorId")?.kept)
    all.add("account", json.member("accountId")?.kept)
    all.add("region", json.member("region")?.kept)
    all.add("finding_arn", json.member("arn")?.kept)
    all.add("resource", resource?.kept)
    all.add("service", service?.kept)
    return all
  }

  private var threatLists: [String] {
    var all: [String] = []
    if let name = service?.member("additionalInfo")?.member("threatListName")?.kept { all.append(name) }
    for detail in service?.member("evidence")?.member("threatIntelligenceDetails")?.elements(upTo: 100) ?? [] {
      if let name = detail.member("threatListName")?.kept { all.append(name) }
      all += (detail.member("threatNames")?.elements(upTo: 100) ?? []).compactMap(\.kept)
    }
    return all
  }

  /// What was seen of the process: the command as it was typed, what it loaded, and what it reached for.
  private static let runtimeNames: [(StaticString, String)] = [
    ("commandLineExample", "command_line"), ("scriptPath", "runtime_script"), ("libraryPath", "runtime_library"),
    ("ldPreloadValue", "runtime_preload"), ("moduleName", "runtime_module"), ("moduleFilePath", "runtime_module_file"),
    ("toolName", "runtime_tool"), ("threatFilePath", "runtime_threat_file"), ("socketPath", "runtime_socket"),
    ("serviceName", "runtime_service"),
  ]

  private func addProcess(to all: inout [Attribute]) {
    let details = service?.member("runtimeDetails")
    if let context = details?.member("context"), context.kind == .object {
      for (key, name) in Self.runtimeNames { all.add(name, context.member(key)?.kept) }
    }
    guard let process = details?.member("process"), process.kind == .object else { return }
    all.add("process_name", process.member("name")?.kept)
    all.add("process_sha256", hash)
    all.add("process_user", process.member("user")?.kept)
    all.add("process_uid", process.member("userId")?.integer)
    all.add("process_started", process.member("startTime")?.kept)
    let lineage = process.member("lineage")?.elements(upTo: 64).map { parent in
      "\(parent.member("executablePath")?.kept ?? parent.member("name")?.kept ?? "?") (pid \(parent.member("pid")?.text ?? "?"))"
    }
    all.add("process_lineage", lineage ?? [])
  }

  private func addInstance(to all: inout [Attribute]) {
    guard let details = resource?.member("instanceDetails"), details.kind == .object else { return }
    all.add("instance", instance)
    all.add("instance_type", details.member("instanceType")?.kept)
    all.add("instance_launched", details.member("launchTime")?.kept)
    all.add("instance_profile", details.member("iamInstanceProfile")?.member("arn")?.kept)
    all.add("image", details.member("imageId")?.kept)
    let interfaces = Self.interfaces(resource)
    all.add("private_addresses", interfaces.compactMap(\.address))
    all.add("public_addresses", interfaces.compactMap(\.publicAddress))
    all.add("ipv6_addresses", interfaces.flatMap(\.sixth))
    all.add("vpc", interfaces.compactMap(\.vpc).first)
    all.add("subnet", interfaces.compactMap(\.subnet).first)
  }

  var entities: [Entity] {
    var all = action.entities
    if let pid { all.append(Entity(.process, String(pid))) }
    if let process, process.hasPrefix("/") { all.append(Entity(.file, process)) }
    if let hash { all.append(Entity(.hash, hash)) }
    if let instance { all.append(Entity(.instance, instance)) }
    for interface in Self.interfaces(resource) { all += interface.all.map { Entity(.address, $0) } }
    all += malware.entities + (sequence?.entities ?? []) + (identity?.entities ?? [])
    if let account = json.member("accountId")?.kept { all.append(Entity(.account, account)) }
    var seen: Set<Entity> = []
    return all.filter { seen.insert($0).inserted }
  }

  // MARK: Words

  /// What happened, as far as the finding says it: `tcp 10.0.2.15:51270 -> 203.0.113.66:4444, process /usr/bin/bash (pid 465)`
  var happening: String {
    var parts: [String] = []
    if let done = action.happening { parts.append(done) }
    if let sequence { parts.append(sequence.happening) }
    if let found = malware.happening { parts.append(found) }
    if let process { parts.append("process \(process)" + (pid.map { " (pid \($0))" } ?? "")) }
    return parts.joined(separator: ", ")
  }
}

extension JSONView {
  /// The first member of that name, whatever its case: GuardDuty's API writes other capitals than its export.
  func member(_ name: StaticString) -> JSONView? {
    var found: JSONView?
    forEachMember { key, value in
      guard key.equalsIgnoringCase(name) else { return true }
      found = value
      return false
    }
    return found?.kind == .null ? nil : found
  }

  /// An ISO 8601 time in a string.
  var time: Timestamp? { rawString.flatMap { Timestamp(iso8601: $0) } }
}
