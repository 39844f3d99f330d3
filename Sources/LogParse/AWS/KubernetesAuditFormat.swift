import Bytes
import Evidence

/// The audit log of a Kubernetes API server, as EKS hands it to CloudWatch and any other cluster writes it:
/// `kubernetes:audit:entry`. A request has an entry for each of its stages, joined by `audit_id`.
///
/// Fields: Kubernetes, "kube-apiserver Audit Configuration (v1)"; EKS User Guide, "Send control plane logs to CloudWatch Logs".
public struct KubernetesAuditFormat: LogFormat {
  public let name = "aws.eks.audit"
  public let version = 4

  public init() {}

  public func recognizes(_ sample: FormatSample) -> Confidence? {
    AWSRecords.recognizes(sample, names: ["audit.k8s.io", "auditID"]) { KubernetesAuditRecord($0) != nil }
  }

  public func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try AWSRecords.read(stream, named: "audit entry of Kubernetes", into: sink) { json, locator in
      guard let record = KubernetesAuditRecord(json) else { return false }
      sink.event(record.event(locator))
      return true
    }
  }
}

/// One entry, its parts where they lie.
struct KubernetesAuditRecord {
  private var audit, stage, uri, verb, level, received, staged, agent: JSONView?
  private var user, impersonated, sources, object, response, annotations, request, answer: JSONView?
  private var isAudit = false
  private var unknown: [String] = []

  init?(_ json: JSONView) {
    json.forEachMember { key, value in
      switch key {
      case "apiVersion": isAudit = value.rawString?.hasPrefix("audit.k8s.io/") ?? false
      case "kind": break
      case "auditID": audit = value
      case "stage": stage = value
      case "requestURI": uri = value
      case "verb": verb = value
      case "level": level = value
      case "requestReceivedTimestamp": received = value
      case "stageTimestamp": staged = value
      case "userAgent": agent = value
      case "user": user = value
      case "impersonatedUser": impersonated = value
      case "sourceIPs": sources = value
      case "objectRef": object = value
      case "responseStatus": response = value
      case "annotations": annotations = value
      case "requestObject": request = value
      case "responseObject": answer = value
      default:
        if unknown.count < 64, value.kind != .null {
          unknown.append(key.string + "=" + value.bytes.slice(0, 4096).string)
        }
      }
      return true
    }
    guard isAudit, audit?.kind == .string, verb?.kind == .string || uri?.kind == .string else { return nil }
  }

  func event(_ locator: Locator) -> Event {
    let time = (received ?? staged)?.rawString.flatMap { Timestamp(iso8601: $0) }
    let name = user?["username"]?.kept
    let impersonatedName = impersonated?["username"]?.kept
    let addresses = sources?.strings ?? []
    var attributes: [Attribute] = []
    attributes.reserveCapacity(34)
    attributes.add("recorded_time", time == nil ? (received ?? staged)?.kept : nil)
    attributes.add("verb", verb?.kept)
    attributes.add("uri", uri?.kept)
    attributes.add("resource", object?["resource"]?.kept)
    attributes.add("subresource", object?["subresource"]?.kept)
    attributes.add("namespace", object?["namespace"]?.kept)
    attributes.add("object_name", object?["name"]?.kept)
    attributes.add("api_group", object?["apiGroup"]?.kept)
    attributes.add("user", name)
    attributes.add("groups", user?["groups"]?.strings ?? [])
    attributes.add("user_uid", user?["uid"]?.kept)
    attributes.add("user_extra", user?["extra"]?.kept)
    attributes.add("impersonated_user", impersonatedName)
    attributes.add("impersonated_groups", impersonated?["groups"]?.strings ?? [])
    attributes.add("impersonated_uid", impersonated?["uid"]?.kept)
    attributes.add("impersonated_extra", impersonated?["extra"]?.kept)
    attributes.add("source_addresses", addresses)
    attributes.add("user_agent", agent?.kept)
    attributes.add("response_code", response?["code"]?.integer)
    attributes.add("response_reason", response?["reason"]?.kept)
    attributes.add("response_message", response?["message"]?.kept)
    attributes.add("decision", decision)
    attributes.add("stage", stage?.kept)
    attributes.add("stage_time", staged?.kept)
    attributes.add("level", level?.kept)
    attributes.add("audit_id", audit?.kept)
    attributes.add("request_object", request?.kept)
    attributes.add("response_object", answer?.kept)
    attributes.add("annotations", annotations?.kept)
    attributes.add("unknown_fields", unknown)
    var entities: [Entity] = []
    for address in addresses.prefix(16) {
      if let address = address.withView(IPAddress.normal) { entities.append(Entity(.address, address)) }
    }
    if let name { entities.append(Entity(.user, name)) }
    // Whose rights the request had.
    if let impersonatedName, impersonatedName != name { entities.append(Entity(.user, impersonatedName)) }
    return Event(
      time: time, dataType: "kubernetes:audit:entry", message: message(name, impersonatedName, addresses.first),
      entities: entities, attributes: attributes, locator: locator)
  }

  /// `allow` or `forbid`.
  private var decision: String? {
    var found: String?
    annotations?.forEachMember { key, value in
      if key == "authorization.k8s.io/decision" { found = value.kept }
      return true
    }
    return found
  }

  /// `create pods/exec shop in default by system:anonymous from 203.0.113.66 answered 201`
  private func message(_ name: String?, _ impersonated: String?, _ address: String?) -> String {
    var text = verb?.kept ?? "request"
    if let resource = object?["resource"]?.kept {
      text += " " + resource
      if let part = object?["subresource"]?.kept { text += "/" + part }
      if let name = object?["name"]?.kept { text += " " + name }
      if let namespace = object?["namespace"]?.kept { text += " in " + namespace }
    } else if let uri = uri?.kept {
      text += " " + uri
    }
    text += " by \(name ?? "somebody unnamed")"
    if let impersonated { text += " as \(impersonated)" }
    if let address { text += " from \(address)" }
    if let code = response?["code"]?.integer { text += " answered \(code)" }
    return text
  }
}
