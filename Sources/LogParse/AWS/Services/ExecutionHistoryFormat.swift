import Bytes
import Evidence

/// What a state machine of Step Functions did: `stepfunctions get-execution-history`, and its log in CloudWatch Logs.
struct ExecutionHistoryFormat: LogFormat {
  let name = "aws.stepfunctions"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.head.contains("previousEventId") || sample.head.contains("previous_event_id") else { return nil }
    return AWSRecords.recognizes(sample, names: ["\"type\"", "imestamp"]) { Self.isStep($0) }
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try AWSRecords.read(stream, named: "step of a state machine", into: sink) { json, locator in
      guard Self.isStep(json) else { return false }
      sink.event(Self.event(json, locator))
      return true
    }
  }

  private static func isStep(_ json: JSONView) -> Bool {
    json["type"]?.rawString != nil && json["id"] != nil
      && (json["previousEventId"] != nil && json["timestamp"] != nil
        || json["previous_event_id"] != nil && json["event_timestamp"] != nil)
  }

  private static func event(_ json: JSONView, _ locator: Locator) -> Event {
    let type = json["type"]?.kept ?? "?"
    var attributes: [Attribute] = []
    var entities: [Entity] = []
    attributes.add("step", type)
    attributes.add("step_id", (json["id"]?.text).flatMap { Int64($0) })
    attributes.add("execution", json["execution_arn"]?.kept)
    // `taskScheduledEventDetails`, `executionStartedEventDetails` …: one of them, by the type.
    json.forEachMember { key, value in
      guard key.hasSuffix("ventDetails") || key == "details", value.kind == .object else { return true }
      attributes.add("name", value["name"]?.kept)
      attributes.add("resource", value["resource"]?.kept)
      attributes.add("input", value["input"]?.kept ?? value["parameters"]?.kept)
      attributes.add("output", value["output"]?.kept)
      attributes.add("error", value["error"]?.kept)
      attributes.add("cause", value["cause"]?.kept)
      if let role = value["roleArn"]?.kept {
        attributes.add("role_arn", role)
        if let name = role.split(separator: "/").last { entities.append(Entity(.role, String(name))) }
      }
      return false
    }
    let time = (json["timestamp"] ?? json["event_timestamp"])?.logTime(.utc)
    let name = attributes.first { $0.name == "name" }
    var message = "state machine: \(type)"
    if case .text(let text) = name?.value { message += " \(text)" }
    return Event(
      time: time, dataType: "aws:stepfunctions:step", message: message, entities: entities, attributes: attributes,
      locator: locator)
  }
}
