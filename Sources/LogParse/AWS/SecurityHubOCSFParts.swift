import Bytes
import Evidence

/// What an OCSF finding saw: who called what, from where and by which process. The first place that says a thing stands for all in
/// the attributes; entities are made of every one.
struct SecurityHubOCSFEvidence {
  private static let maximumParts = 100

  private let raw: JSONView?
  private var identity: AWSIdentity?
  private var source, destination, call, service, domain, url, process, command, file, agent, country: String?
  private var sourcePort, destinationPort, pid: Int64?
  private(set) var entities: [Entity] = []

  init(_ list: JSONView?) {
    raw = list
    for part in list?.elements(upTo: Self.maximumParts) ?? [] { take(part) }
  }

  private mutating func take(_ part: JSONView) {
    part.forEachMember { key, value in
      switch key {
      case "src_endpoint": takeEnd(value, isSource: true)
      case "dst_endpoint": takeEnd(value, isSource: false)
      case "api":
        call = call ?? value["operation"]?.kept
        service = service ?? value.at("service", "name")?.kept
      case "actor": take(actor: value)
      case "process": take(process: value)
      case "file": take(file: value)
      case "query":
        let name = value["hostname"]?.kept
        if let name { entities.append(Entity(.domain, name)) }
        domain = domain ?? name
      case "url":
        let text = value["url_string"]?.kept ?? value.rawString?.string
        if let text, !text.isEmpty { entities.append(Entity(.url, text)) }
        url = url ?? text
      case "http_request": agent = agent ?? value["user_agent"]?.kept
      default: break
      }
      return true
    }
  }

  private mutating func takeEnd(_ end: JSONView, isSource: Bool) {
    let address = end["ip"]?.keptAddress
    if let address = end["ip"]?.rawString.flatMap(IPAddress.normal) { entities.append(Entity(.address, address)) }
    let name = end["domain"]?.kept ?? end["hostname"]?.kept
    if let name { entities.append(Entity(.domain, name)) }
    if let instance = end["instance_uid"]?.kept, AWSIdentity.isInstance(instance) {
      entities.append(Entity(.instance, instance))
    }
    if isSource {
      if source == nil {
        source = address
        sourcePort = end["port"]?.integer
        country = end.at("location", "country")?.kept
      }
    } else {
      if destination == nil {
        destination = address
        destinationPort = end["port"]?.integer
      }
      domain = domain ?? name
    }
  }

  private mutating func take(actor: JSONView) {
    if let user = actor["user"], user.kind == .object {
      let found = AWSIdentity(
        type: user["type"]?.kept, principal: user["uid"]?.kept, accessKey: user["credential_uid"]?.kept,
        user: user["name"]?.kept)
      entities += found.entities
      identity = identity ?? found
    }
    if let process = actor["process"] { take(process: process) }
  }

  private mutating func take(process json: JSONView) {
    guard json.kind == .object else { return }
    if let number = json["pid"]?.integer { entities.append(Entity(.process, String(number))) }
    if process == nil {
      process = json.at("file", "path")?.kept ?? json["name"]?.kept
      pid = json["pid"]?.integer
      command = json["cmd_line"]?.kept
    }
    if let file = json["file"] { take(hashes: file) }
  }

  private mutating func take(file json: JSONView) {
    file = file ?? json["path"]?.kept ?? json["name"]?.kept
    take(hashes: json)
  }

  private mutating func take(hashes file: JSONView) {
    if let path = file["path"]?.kept, path.hasPrefix("/") { entities.append(Entity(.file, path)) }
    for hash in file["hashes"]?.elements(upTo: 8) ?? [] {
      if let value = hash["value"]?.kept { entities.append(Entity(.hash, value)) }
    }
  }

  func add(to all: inout [Attribute]) {
    all.add("src_address", source)
    all.add("src_port", sourcePort)
    all.add("dst_address", destination)
    all.add("dst_port", destinationPort)
    all.add("remote_country", country)
    all.add("domain", domain)
    all.add("url", url)
    all.add("event_name", call)
    all.add("event_source", service)
    all.add("user_agent", agent)
    all.add("process", process)
    all.add("pid", pid)
    all.add("command_line", command)
    all.add("file", file)
    identity?.add(to: &all)
    if let raw, raw.kind == .array, raw.bytes.count > 2 { all.add("evidences", raw.kept) }
  }

  /// `call ListBuckets by role web-role, session i-…, from 203.0.113.66`; nil where nothing is said.
  var happening: String? {
    var parts: [String] = []
    let who = identity.map { " by \($0.words)" } ?? ""
    let from = source.map { " from \($0)" } ?? ""
    if let call {
      parts.append("call \(call)" + who + from)
    } else if let source {
      parts.append(destination.map { "\(source) -> \($0)" } ?? "from \(source)")
    } else if let domain {
      parts.append("query \(domain)")
    }
    if let process { parts.append("process \(process)" + (pid.map { " (pid \($0))" } ?? "")) }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }
}

/// What an OCSF finding is about.
struct SecurityHubOCSFResources {
  private var names: [String] = []
  /// What Security Hub knows of each, as it stands.
  private var details: [String] = []
  private(set) var entities: [Entity] = []

  init(_ list: JSONView?) {
    if let list, list.kind == .object {
      take(list)
    } else {
      for resource in list?.elements(upTo: 100) ?? [] { take(resource) }
    }
  }

  private mutating func take(_ resource: JSONView) {
    guard let identifier = resource["uid"]?.kept ?? resource["name"]?.kept else { return }
    let type = resource["type"]?.kept ?? "?"
    names.append("\(type) \(identifier)")
    if let data = resource["data"], data.kind == .object, let text = data.kept { details.append(text) }
    // An ARN's last part names the thing.
    let last = identifier.split(separator: "/").last.map(String.init) ?? identifier
    switch type {
    case "AWS::EC2::Instance", "AwsEc2Instance": entities.append(Entity(.instance, last))
    case "AWS::IAM::AccessKey", "AwsIamAccessKey":
      entities.append(Entity(.accessKey, last.split(separator: ":").last.map(String.init) ?? last))
    case "AWS::IAM::Role", "AwsIamRole": entities.append(Entity(.role, last))
    case "AWS::IAM::User", "AwsIamUser": entities.append(Entity(.user, last))
    default: break
    }
  }

  func add(to all: inout [Attribute]) {
    all.add("resources", names)
    all.add("resource_details", details)
  }
}
