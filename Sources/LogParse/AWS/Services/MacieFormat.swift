import Bytes
import Evidence

/// Findings of Amazon Macie: buckets that are open and objects that hold secrets (`macie2 get-findings`, EventBridge).
struct MacieFormat: LogFormat {
  let name = "aws.macie"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    AWSRecords.recognizes(sample, names: ["resourcesAffected", "\"category\""]) { Self.isFinding($0) }
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try AWSRecords.read(stream, named: "finding of Macie", into: sink) { json, locator in
      guard Self.isFinding(json) else { return false }
      sink.event(Self.event(json, locator))
      return true
    }
  }

  private static func isFinding(_ json: JSONView) -> Bool {
    json["resourcesAffected"]?.kind == .object && json["type"]?.rawString != nil && json["id"]?.rawString != nil
  }

  private static func event(_ json: JSONView, _ locator: Locator) -> Event {
    let bucket = json.at("resourcesAffected", "s3Bucket")
    let object = json.at("resourcesAffected", "s3Object")
    let actor = json.at("policyDetails", "actor")
    let call = json.at("policyDetails", "action", "apiCallDetails")
    let address = actor?.at("ipAddressDetails", "ipAddressV4")?.keptAddress
    let user = actor?.at("userIdentity", "iamUser", "userName")?.kept
    let role = actor?.at("userIdentity", "assumedRole", "sessionContext", "sessionIssuer", "userName")?.kept
    let key = actor?.at("userIdentity", "assumedRole", "accessKeyId")?.kept
    let severity = json.at("severity", "description")?.kept
    let account = json["accountId"]?.kept
    var attributes: [Attribute] = []
    attributes.add("title", json["title"]?.kept)
    attributes.add("finding_type", json["type"]?.kept)
    attributes.add("severity", severity)
    attributes.add("category", json["category"]?.kept)
    attributes.add("bucket", bucket?["name"]?.kept)
    attributes.add("object_key", object?["key"]?.kept)
    attributes.add("description", json["description"]?.kept)
    attributes.add("event_name", call?["api"]?.kept)
    attributes.add("event_source", call?["apiServiceName"]?.kept)
    attributes.add("source_address", address)
    attributes.add("user", user)
    attributes.add("role", role)
    attributes.add("access_key", key)
    attributes.add("first_seen", json["createdAt"]?.kept)
    attributes.add("count", json["count"]?.integer)
    attributes.add("finding_id", json["id"]?.kept)
    attributes.add("account", account)
    var entities: [Entity] = []
    if let address { entities.append(Entity(.address, address)) }
    if let user { entities.append(Entity(.user, user)) }
    if let role { entities.append(Entity(.role, role)) }
    if let key { entities.append(Entity(.accessKey, key)) }
    if let name = bucket?["name"]?.kept {
      entities.append(Entity(.url, "s3://\(name)/\(object?["key"]?.kept ?? "")"))
    }
    if let account { entities.append(Entity(.account, account)) }
    return Event(
      time: (json["updatedAt"] ?? json["createdAt"])?.logTime(.utc), .recorded, dataType: "aws:macie:finding",
      message: "Macie, \(severity ?? "?"): \(json["title"]?.kept ?? json["type"]?.kept ?? "a finding")"
        + (bucket?["name"]?.kept.map { " (bucket \($0))" } ?? ""),
      entities: entities, attributes: attributes, locator: locator)
  }
}
