import Bytes
import Evidence

/// What Systems Manager's Run Command was told to do on instances, and what came back: `list-commands`, `list-command-invocations
/// --details`, `get-command-invocation`, and EventBridge's notices of their states.
struct RunCommandFormat: LogFormat {
  let name = "aws.ssm.command"
  let version = 1

  private static let maximumCommands = 10_000

  func recognizes(_ sample: FormatSample) -> Confidence? {
    func isKnown(_ json: JSONView) -> Bool {
      Self.list(json).map { $0.elements(upTo: 1).contains(where: Self.isCommand) } ?? Self.isCommand(json)
    }
    return AWSRecords.recognizes(sample, names: ["\"CommandId\"", "\"DocumentName\""], isKnown)
      ?? AWSRecords.recognizes(sample, names: ["\"command-id\"", "\"document-name\""], isKnown)
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try AWSRecords.read(stream, named: "command of Systems Manager", into: sink) { json, locator in
      guard let list = Self.list(json) else {
        guard Self.isCommand(json) else { return false }
        sink.event(Self.event(json, locator))
        return true
      }
      var isKnown = false
      for command in list.elements(upTo: Self.maximumCommands) where Self.isCommand(command) {
        sink.event(Self.event(command, locator.of(command, in: json)))
        isKnown = true
      }
      return isKnown
    }
  }

  private static func list(_ json: JSONView) -> JSONView? {
    let list = json["CommandInvocations"] ?? json["Commands"]
    return list?.kind == .array ? list : nil
  }

  private static func isCommand(_ json: JSONView) -> Bool {
    json["CommandId"]?.rawString != nil && json["DocumentName"] != nil
      || json["command-id"]?.rawString != nil && json["document-name"] != nil
  }

  private static func event(_ json: JSONView, _ locator: Locator) -> Event {
    let document = json["DocumentName"]?.kept ?? json["document-name"]?.kept
    let status = json["Status"]?.kept ?? json["status"]?.kept
    let instance = json["InstanceId"]?.kept ?? json["instance-id"]?.kept
    let instances = (json["InstanceIds"]?.strings ?? []) + (json["instance-ids"]?.strings ?? [])
    let time = ["ExecutionStartDateTime", "RequestedDateTime", "requested-date-time"].lazy
      .compactMap { (name: StaticString) in json[name]?.logTime(.utc) }.first
    var commands: [String] = []
    for parameters in [json["Parameters"], json["parameters"]] {
      // EventBridge has them as a text.
      if let text = parameters?.rawString {
        JSONView.unescape(text).withView { commands += JSONView($0)["commands"]?.strings ?? [] }
      } else {
        commands += parameters?["commands"]?.strings ?? []
      }
    }
    var output: [String] = []
    output += [json["StandardOutputContent"], json["StandardErrorContent"]].compactMap { $0?.kept }
    json["CommandPlugins"]?.elements(upTo: 100).forEach { output += [$0["Output"]].compactMap { $0?.kept } }

    var attributes: [Attribute] = []
    attributes.add("document", document)
    attributes.add("status", status)
    attributes.add("instance", instance)
    attributes.add("instances", instances)
    attributes.add("command_id", json["CommandId"]?.kept ?? json["command-id"]?.kept)
    attributes.add("command", commands.joined(separator: "\n"))
    attributes.add("text", output.joined(separator: "\n"))
    attributes.add("response_code", json["ResponseCode"]?.integer)
    attributes.add("comment", json["Comment"]?.kept)
    attributes.add("host", json["InstanceName"]?.kept)
    attributes.add("service_role", json["ServiceRole"]?.kept)
    attributes.add("output_bucket", json["OutputS3BucketName"]?.kept)
    attributes.add("ended", json["ExecutionEndDateTime"]?.kept)
    var entities = (instance.map { [$0] } ?? Array(instances.prefix(64))).map { Entity(.instance, $0) }
    if let host = json["InstanceName"]?.kept { entities.append(Entity(.host, host)) }
    let place = instance ?? (instances.isEmpty ? nil : instances.prefix(8).joined(separator: ", "))
    var message =
      "Run Command \(document ?? "?")" + (place.map { " on \($0)" } ?? "") + (status.map { ": \($0)" } ?? "")
    if let first = commands.first { message += "; \(first.prefix(1024))" }
    return Event(
      time: time, .start, dataType: "aws:ssm:command", message: message, entities: entities, attributes: attributes,
      locator: locator)
  }
}

extension Locator {
  /// The place of a value in the record that is located; the record's where the value does not lie in it.
  func of(_ value: JSONView, in record: JSONView) -> Locator {
    let place = record.bytes.offset(of: value.bytes)
    guard let offset, let length, place >= 0, UInt64(place) + UInt64(value.bytes.count) <= length,
      record.bytes.count == Int(clamping: length)
    else { return self }
    var own = self
    own.offset = offset + UInt64(place)
    own.length = UInt64(value.bytes.count)
    // Counted where there are few: a list of thousands would be walked as often.
    own.line = place <= 1 << 16 ? line.map { $0 + record.bytes.slice(0, place).unsafeBytes.count { $0 == 0x0A } } : nil
    return own
  }
}
