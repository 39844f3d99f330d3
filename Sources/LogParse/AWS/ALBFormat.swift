import Bytes
import Evidence

/// Access logs of Application Load Balancers: `aws:alb:request`.
///
/// The request line and the agent are the client's own bytes; `trace_id` is the `requestId` of the WAF record of the same
/// request. Newer lines have more fields than any document lists: those behind the known ones are kept as they are.
/// Fields: Elastic Load Balancing User Guide, "Access log entries".
public struct ALBFormat: LogFormat {
  public let name = "aws.alb"
  public let version = 5

  private static let types: [StaticString] = ["http", "https", "h2", "grpcs", "ws", "wss"]

  public init() {}

  public func recognizes(_ sample: FormatSample) -> Confidence? {
    sample.beginsWithRecords { Self.isRecord(AccessLogFields($0)) } ? .high : nil
  }

  private static func isRecord(_ fields: AccessLogFields) -> Bool {
    fields.count >= 13 && types.contains { fields[0] == $0 } && fields.isTime(1) && fields[2].hasPrefix("app/")
  }

  public func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let cuts = CutTexts(sink, encodings: stream.encodings)
    try readLines(stream, into: cuts) { line in
      let fields = AccessLogFields(line.bytes)
      guard Self.isRecord(fields) else { return .skipped("a line that is no access log entry of a load balancer") }
      sink.event(Self.event(fields, line.locator))
      cuts.look(fields.all, line)
      return .parsed
    }
    cuts.finish()
  }

  static func event(_ fields: AccessLogFields, _ locator: Locator) -> Event {
    let client = fields.end(3)
    let target = fields.end(4)
    let time = Timestamp(iso8601: fields[1])
    let request = RequestLine(fields[12])
    let trace = fields.text(17)
    var attributes: [Attribute] = []
    attributes.reserveCapacity(40)
    attributes.add("recorded_time", time == nil ? fields.text(1) : nil)
    attributes.add("listener_type", fields.text(0))
    attributes.add("load_balancer", fields.text(2))
    attributes.add("client_ip", client.address)
    attributes.add("client_port", client.port)
    attributes.add("target_ip", target.address)
    attributes.add("target_port", target.port)
    attributes.add("request_processing_seconds", fields.text(5))
    attributes.add("target_processing_seconds", fields.text(6))
    attributes.add("response_processing_seconds", fields.text(7))
    attributes.add("response_code", fields.integer(8))
    attributes.add("target_response_code", fields.integer(9))
    attributes.add("received_bytes", fields.integer(10))
    attributes.add("sent_bytes", fields.integer(11))
    request.add(to: &attributes)
    attributes.add("user_agent", fields.text(13))
    attributes.add("tls_cipher", fields.text(14))
    attributes.add("tls_version", fields.text(15))
    attributes.add("target_group", fields.text(16))
    attributes.add("trace_id", trace.flatMap(root))
    attributes.add("trace", trace)
    attributes.add("server_name", fields.text(18))
    attributes.add("certificate", fields.text(19))
    attributes.add("rule_priority", fields.text(20))
    attributes.add("request_created", fields.text(21))
    let actions = fields.text(22)?.split(separator: ",").map(String.init) ?? []
    attributes.add("actions", actions)
    attributes.add("redirect_url", fields.text(23))
    attributes.add("error_reason", fields.text(24))
    attributes.add("targets", fields.text(25)?.split(separator: " ").map(String.init) ?? [])
    attributes.add("target_response_codes", fields.text(26)?.split(separator: " ").map(String.init) ?? [])
    attributes.add("classification", fields.text(27))
    attributes.add("classification_reason", fields.text(28))
    attributes.add("connection_trace_id", fields.text(29))
    attributes.add("transformed_host", fields.text(30))
    attributes.add("transformed_uri", fields.text(31))
    attributes.add("transform_status", fields.text(32))
    attributes.add("unknown_fields", fields.rest(from: 33))
    attributes.add(
      "unread_fields",
      fields.unread((8, "response_code"), (9, "target_response_code"), (10, "received_bytes"), (11, "sent_bytes")))

    var entities = AccessLogFields.entities(client.address, target.address)
    if let host = request.host { entities.append(Entity(.domain, host)) }
    return Event(
      time: time, dataType: "aws:alb:request",
      message: message(request, fields, client.address, actions), entities: entities, attributes: attributes,
      locator: locator)
  }

  /// `GET https://shop.example/login.do from 203.0.113.66 answered 200 by 10.0.4.22:8080`
  private static func message(
    _ request: RequestLine, _ fields: AccessLogFields, _ client: String?, _ actions: [String]
  ) -> String {
    var text = "\(request.method ?? "?") \(request.url) from \(client ?? "?")"
    if let code = fields.text(8) { text += " answered \(code)" }
    if let target = fields.text(4) { text += " by \(target)" }
    if actions.contains("waf-failed") { text += ", WAF failed" }
    if fields[27] == "Severe" || fields[27] == "Ambiguous" { text += ", a request of \(fields[27].string) form" }
    return text
  }

  /// The `1-…` of `Self=1-…;Root=1-…`.
  private static func root(_ trace: String) -> String? {
    trace.split(separator: ";").first { $0.hasPrefix("Root=") }.map { String($0.dropFirst(5)) }
  }
}
