import Bytes
import Evidence

/// Findings of Amazon Inspector: what of an instance, image or function is vulnerable or open to the network (`inspector2
/// list-findings`, EventBridge, the export to S3).
struct InspectorFormat: LogFormat {
  let name = "aws.inspector"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    AWSRecords.recognizes(sample, names: ["findingArn", "firstObservedAt"]) { Self.isFinding($0) }
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try AWSRecords.read(stream, named: "finding of Inspector", into: sink) { json, locator in
      guard Self.isFinding(json) else { return false }
      sink.event(Self.event(json, locator))
      return true
    }
  }

  private static func isFinding(_ json: JSONView) -> Bool {
    json["findingArn"]?.rawString != nil && json["firstObservedAt"] != nil && json["type"] != nil
  }

  private static func event(_ json: JSONView, _ locator: Locator) -> Event {
    let resources = json["resources"]?.elements(upTo: 64) ?? []
    let package = json["packageVulnerabilityDetails"]
    let vulnerability = package?["vulnerabilityId"]?.kept
    let severity = json["severity"]?.kept
    var attributes: [Attribute] = []
    attributes.add("title", json["title"]?.kept)
    attributes.add("finding_type", json["type"]?.kept)
    attributes.add("severity", severity)
    attributes.add("status", json["status"]?.kept)
    attributes.add("vulnerability", vulnerability)
    attributes.add(
      "packages",
      (package?["vulnerablePackages"]?.elements(upTo: 64) ?? []).compactMap { package in
        package["name"]?.kept.map { name in
          [name, package["version"]?.kept, package["filePath"]?.kept].compactMap { $0 }.joined(separator: " ")
        }
      })
    attributes.add("exploit_available", json["exploitAvailable"]?.kept)
    let ports = json["networkReachabilityDetails"]?["openPortRange"]
    attributes.add("open_port_first", ports?["begin"]?.integer)
    attributes.add("open_port_last", ports?["end"]?.integer)
    attributes.add("description", json["description"]?.kept)
    attributes.add("resources", resources.compactMap { $0["id"]?.kept })
    attributes.add("first_seen", json["firstObservedAt"]?.kept)
    attributes.add("last_seen", json["lastObservedAt"]?.kept)
    attributes.add("finding_arn", json["findingArn"]?.kept)
    let account = json["awsAccountId"]?.kept
    attributes.add("account", account)

    var entities: [Entity] = []
    for resource in resources {
      guard let id = resource["id"]?.kept else { continue }
      if resource["type"]?.string == "AWS_EC2_INSTANCE" {
        entities.append(Entity(.instance, id.split(separator: "/").last.map(String.init) ?? id))
        for name in ["ipV4Addresses", "ipV6Addresses"] as [StaticString] {
          for address in resource.at("details", "awsEc2Instance")?[name]?.elements(upTo: 16) ?? [] {
            if let text = address.keptAddress { entities.append(Entity(.address, text)) }
          }
        }
      }
    }
    if let account { entities.append(Entity(.account, account)) }
    return Event(
      time: (json["updatedAt"] ?? json["lastObservedAt"] ?? json["firstObservedAt"])?.logTime(.utc), .recorded,
      dataType: "aws:inspector:finding",
      message: "Inspector, \(severity ?? "?"): \(json["title"]?.kept ?? vulnerability ?? "a finding")"
        + (resources.first?["id"]?.kept.map { " (\($0))" } ?? ""),
      entities: entities, attributes: attributes, locator: locator)
  }
}
