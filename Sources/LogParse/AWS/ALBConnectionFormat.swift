import Bytes
import Evidence

/// Connection logs of Application Load Balancers: `aws:alb:connection`, one for each attempt to connect to a listener, also where
/// TLS failed before there was a request. `connection_trace_id` is that of the requests in the access log.
///
/// Fields: Elastic Load Balancing User Guide, "Connection log entries"; those behind the known ones are kept as they are.
public struct ALBConnectionFormat: LogFormat {
  public let name = "aws.alb.connection"
  public let version = 2

  public init() {}

  public func recognizes(_ sample: FormatSample) -> Confidence? {
    sample.beginsWithRecords { Self.isRecord(AccessLogFields($0)) } ? .high : nil
  }

  private static func isRecord(_ fields: AccessLogFields) -> Bool {
    guard fields.count >= 12, fields.isTime(0), IPAddress.normal(fields[1]) != nil, isPort(fields[2]), isPort(fields[3])
    else { return false }
    let status = fields[10]
    return (fields[4] == "-" || fields[4].hasPrefix("TLS")) && fields[11].hasPrefix("TID_")
      && (status == "-" || status == "Success" || status.hasPrefix("Failed"))
  }

  private static func isPort(_ field: ByteView) -> Bool { field.integer.map { (0...65535).contains($0) } ?? false }

  public func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let cuts = CutTexts(sink, encodings: stream.encodings)
    try readLines(stream, into: cuts) { line in
      let fields = AccessLogFields(line.bytes)
      guard Self.isRecord(fields) else { return .skipped("a line that is no connection log entry of a load balancer") }
      sink.event(Self.event(fields, line.locator))
      cuts.look(fields.all, line)
      return .parsed
    }
    cuts.finish()
  }

  private static func event(_ fields: AccessLogFields, _ locator: Locator) -> Event {
    let client = IPAddress.normal(fields[1])
    let time = Timestamp(iso8601: fields[0])
    var attributes: [Attribute] = []
    attributes.reserveCapacity(13)
    attributes.add("recorded_time", time == nil ? fields.text(0) : nil)
    attributes.add("client_ip", client)
    attributes.add("client_port", fields.integer(2))
    attributes.add("listener_port", fields.integer(3))
    attributes.add("tls_version", fields.text(4))
    attributes.add("tls_cipher", fields.text(5))
    attributes.add("tls_handshake_seconds", fields.text(6))
    attributes.add("client_certificate_subject", fields.text(7))
    attributes.add("client_certificate_validity", fields.text(8))
    attributes.add("client_certificate_serial", fields.text(9))
    attributes.add("tls_verify_status", fields.text(10))
    attributes.add("connection_trace_id", fields.text(11))
    attributes.add("unknown_fields", fields.rest(from: 12))
    return Event(
      time: time, dataType: "aws:alb:connection", message: message(fields, client),
      entities: client.map { [Entity(.address, $0)] } ?? [], attributes: attributes, locator: locator)
  }

  /// `connection from 203.0.113.66 port 51270 to listener port 443, TLSv1.3, client certificate CN=x: Success`
  private static func message(_ fields: AccessLogFields, _ client: String?) -> String {
    var text = "connection from \(client ?? "?") port \(fields[2].string) to listener port \(fields[3].string)"
    if let version = fields.text(4) { text += ", " + version }
    if let subject = fields.text(7) { text += ", client certificate " + subject }
    if let status = fields.text(10) { text += ": " + status }
    return text
  }
}
