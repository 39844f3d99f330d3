import Bytes
import Evidence

/// States of resources as AWS Config records them: its history and snapshot files, `get-resource-config-history`, and the notices of
/// changes in EventBridge and SNS.
struct ConfigItemFormat: LogFormat {
  let name = "aws.config"
  let version = 1

  private static let maximumItems = 100_000

  func recognizes(_ sample: FormatSample) -> Confidence? {
    AWSRecords.recognizes(sample, names: ["configurationItem", "resourceType"]) { json in
      Self.items(json).contains(where: Self.isItem)
    }
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try AWSRecords.read(stream, named: "configuration item", into: sink) { json, locator in
      var isKnown = false
      for item in Self.items(json) where Self.isItem(item) {
        sink.event(Self.event(item, locator.of(item, in: json)))
        isKnown = true
      }
      return isKnown
    }
  }

  private static func items(_ json: JSONView) -> [JSONView] {
    if let list = json["configurationItems"], list.kind == .array { return list.elements(upTo: maximumItems) }
    return [json["configurationItem"] ?? json]
  }

  private static func isItem(_ json: JSONView) -> Bool {
    json["configurationItemCaptureTime"] != nil && json["resourceType"]?.rawString != nil
  }

  private static func event(_ json: JSONView, _ locator: Locator) -> Event {
    let type = json["resourceType"]?.kept ?? "?"
    let id = json["resourceId"]?.kept
    let status = json["configurationItemStatus"]?.kept
    let account = json["awsAccountId"]?.kept ?? json["accountId"]?.kept
    var attributes: [Attribute] = []
    attributes.add("resource_type", type)
    attributes.add("resource_id", id)
    attributes.add("resource_name", json["resourceName"]?.kept)
    attributes.add("resource_arn", json["ARN"]?.kept ?? json["arn"]?.kept)
    attributes.add("status", status)
    attributes.add("region", json["awsRegion"]?.kept)
    attributes.add("account", account)
    attributes.add("created", json["resourceCreationTime"]?.text)
    attributes.add("related_events", json["relatedEvents"]?.strings ?? [])
    attributes.add("configuration", json["configuration"]?.kept)
    var entities: [Entity] = []
    if let id {
      switch type {
      case "AWS::EC2::Instance": entities.append(Entity(.instance, id))
      case "AWS::IAM::Role": entities.append(Entity(.role, json["resourceName"]?.kept ?? id))
      case "AWS::IAM::User": entities.append(Entity(.user, json["resourceName"]?.kept ?? id))
      default: break
      }
    }
    for name in ["publicIpAddress", "privateIpAddress"] as [StaticString] {
      if let address = json.at("configuration")?[name]?.keptAddress { entities.append(Entity(.address, address)) }
    }
    if let account { entities.append(Entity(.account, account)) }
    return Event(
      time: json["configurationItemCaptureTime"]?.logTime(.utc), .recorded, dataType: "aws:config:item",
      message: "\(type) \(json["resourceName"]?.kept ?? id ?? "?")" + (status.map { ": \($0)" } ?? ""),
      entities: entities,
      attributes: attributes, locator: locator)
  }
}
