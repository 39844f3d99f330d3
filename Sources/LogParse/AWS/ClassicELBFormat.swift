import Bytes
import Evidence

/// Access logs of Classic Load Balancers. Told as `aws:alb:request`: what looks at the requests that reached a load balancer need
/// not ask of which kind it is. A TCP listener's lines are connections without a request.
///
/// Fields: User Guide for Classic Load Balancers, "Access log entries"; the oldest lines end with the request.
public struct ClassicELBFormat: LogFormat {
  public let name = "aws.elb"
  public let version = 2

  public init() {}

  public func recognizes(_ sample: FormatSample) -> Confidence? {
    sample.beginsWithRecords { Self.isRecord(AccessLogFields($0)) } ? .high : nil
  }

  private static func isRecord(_ fields: AccessLogFields) -> Bool {
    guard fields.count >= 12, fields.isTime(0), let client = fields.end(2).address?.withView(IPAddress.normal),
      !client.isEmpty, fields[3] == "-" || fields.end(3).port != nil
    else { return false }
    return (4...6).allSatisfy { isSeconds(fields[$0]) } && (7...8).allSatisfy { isNumber(fields[$0]) }
      && fields.integer(9) != nil && fields.integer(10) != nil && fields[11].firstIndex(of: 0x20) != nil
  }

  /// `0.000073`, or `-1` where the request was not handed on.
  private static func isSeconds(_ field: ByteView) -> Bool {
    field == "-1" || (0x30...0x39).contains(field[0]) && field.firstIndex(of: 0x2E) != nil
  }

  private static func isNumber(_ field: ByteView) -> Bool { field == "-" || field.integer != nil }

  public func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let cuts = CutTexts(sink, encodings: stream.encodings)
    try readLines(stream, into: cuts) { line in
      let fields = AccessLogFields(line.bytes)
      guard Self.isRecord(fields) else {
        return .skipped("a line that is no access log entry of a Classic Load Balancer")
      }
      sink.event(Self.event(fields, line.locator))
      cuts.look(fields.all, line)
      return .parsed
    }
    cuts.finish()
  }

  private static func event(_ fields: AccessLogFields, _ locator: Locator) -> Event {
    let client = fields.end(2)
    let target = fields.end(3)
    let request = RequestLine(fields[11].trimmed)
    let time = Timestamp(iso8601: fields[0])
    var attributes: [Attribute] = []
    attributes.reserveCapacity(24)
    attributes.add("recorded_time", time == nil ? fields.text(0) : nil)
    attributes.add("load_balancer", fields.text(1))
    attributes.add("client_ip", client.address)
    attributes.add("client_port", client.port)
    attributes.add("target_ip", target.address)
    attributes.add("target_port", target.port)
    attributes.add("request_processing_seconds", fields.text(4))
    attributes.add("target_processing_seconds", fields.text(5))
    attributes.add("response_processing_seconds", fields.text(6))
    attributes.add("response_code", fields.integer(7))
    attributes.add("target_response_code", fields.integer(8))
    attributes.add("received_bytes", fields.integer(9))
    attributes.add("sent_bytes", fields.integer(10))
    request.add(to: &attributes)
    attributes.add("user_agent", fields.text(12))
    attributes.add("tls_cipher", fields.text(13))
    attributes.add("tls_version", fields.text(14))
    attributes.add("unknown_fields", fields.rest(from: 15))

    var entities = AccessLogFields.entities(client.address, target.address)
    if let host = request.host { entities.append(Entity(.domain, host)) }
    return Event(
      time: time, dataType: "aws:alb:request", message: message(request, fields, client.address), entities: entities,
      attributes: attributes, locator: locator)
  }

  /// `GET http://shop.example/ from 203.0.113.66 answered 200 by 10.0.0.1:80`
  private static func message(_ request: RequestLine, _ fields: AccessLogFields, _ client: String?) -> String {
    let isRequest = request.method != nil || request.uri != nil
    var text = isRequest ? "\(request.method ?? "?") \(request.url)" : "connection"
    text += " from \(client ?? "?")"
    if let code = fields.text(7) { text += " answered \(code)" }
    if let target = fields.text(3) { text += (fields.text(7) == nil ? " to " : " by ") + target }
    return text
  }
}
