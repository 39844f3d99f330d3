import Bytes
import Evidence

/// Access logs of Network Load Balancers: `aws:nlb:connection`, one for each TLS connection to a TLS listener. Other listeners log
/// nothing: absence is no evidence of absence.
///
/// The time, at which the connection ended, has no zone and is UTC; `connection_created` is when it was begun. Fields: User Guide
/// for Network Load Balancers, "Access log entries"; those behind the known ones are kept as they are.
public struct NLBFormat: LogFormat {
  public let name = "aws.nlb"
  public let version = 2

  public init() {}

  public func recognizes(_ sample: FormatSample) -> Confidence? {
    sample.beginsWithRecords { Self.isRecord(AccessLogFields($0)) } ? .high : nil
  }

  /// `tls 2.0 2026-11-25T05:20:12 net/front/c6e77e28c25b2234 g3d4b5e8bb8464cd 203.0.113.66:51341 10.0.4.22:443 5 2 98 246 - …`
  private static func isRecord(_ fields: AccessLogFields) -> Bool {
    guard fields.count >= 16, fields[0] == "tls", fields[1].count <= 8, fields[1].firstIndex(of: 0x2E) != nil,
      fields.hasTimeForm(2), fields[5].lastIndex(of: 0x3A) != nil
    else { return false }
    return (9...10).allSatisfy { fields[$0] == "-" || fields.integer($0) != nil }
  }

  public func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let cuts = CutTexts(sink, encodings: stream.encodings)
    try readLines(stream, into: cuts) { line in
      let fields = AccessLogFields(line.bytes)
      guard Self.isRecord(fields) else {
        return .skipped("a line that is no access log entry of a Network Load Balancer")
      }
      sink.event(Self.event(fields, line.locator))
      cuts.look(fields.all, line)
      return .parsed
    }
    cuts.finish()
  }

  private static func event(_ fields: AccessLogFields, _ locator: Locator) -> Event {
    let client = fields.end(5)
    let target = fields.end(6)
    let time = Timestamp(iso8601: fields[2], assuming: .utc)
    var attributes: [Attribute] = []
    attributes.reserveCapacity(28)
    attributes.add("recorded_time", time == nil ? fields.text(2) : nil)
    attributes.add("listener_type", fields.text(0))
    attributes.add("load_balancer", fields.text(3))
    attributes.add("listener", fields.text(4))
    attributes.add("client_ip", client.address)
    attributes.add("client_port", client.port)
    attributes.add("target_ip", target.address)
    attributes.add("target_port", target.port)
    attributes.add("connection_milliseconds", fields.integer(7))
    attributes.add("tls_handshake_milliseconds", fields.integer(8))
    attributes.add("received_bytes", fields.integer(9))
    attributes.add("sent_bytes", fields.integer(10))
    attributes.add("tls_alert", fields.text(11))
    attributes.add("certificate", fields.text(12))
    attributes.add("certificate_serial", fields.text(13))
    attributes.add("tls_cipher", fields.text(14))
    attributes.add("tls_version", fields.text(15))
    attributes.add("tls_group", fields.text(16))
    attributes.add("server_name", fields.text(17))
    attributes.add("alpn_front", fields.text(18))
    attributes.add("alpn_back", fields.text(19))
    // "h2","http/1.1"
    let offered = fields.text(20)?.split { $0 == "," || $0 == "\"" } ?? []
    attributes.add("alpn_client", offered.map(String.init))
    attributes.add("connection_created", fields.text(21))
    attributes.add("log_version", fields.text(1))
    attributes.add("unknown_fields", fields.rest(from: 22))

    var entities = AccessLogFields.entities(client.address, target.address)
    if let name = fields.text(17) { entities.append(Entity(.domain, name)) }
    return Event(
      time: time, .end, dataType: "aws:nlb:connection", message: message(fields, client.address), entities: entities,
      attributes: attributes, locator: locator)
  }

  /// `TLS connection from 203.0.113.66 to 10.0.4.22:443 for shop.example, 98 bytes received, 246 sent`
  private static func message(_ fields: AccessLogFields, _ client: String?) -> String {
    var text = "TLS connection from \(client ?? fields[5].slice(0, 256).string)"
    if let target = fields.text(6) { text += " to \(target)" }
    if let name = fields.text(17) { text += " for \(name)" }
    if let received = fields.integer(9), let sent = fields.integer(10) {
      text += ", \(received) bytes received, \(sent) sent"
    }
    // The handshake failed where no version was agreed on.
    if fields.text(15) == nil { text += ", no handshake" }
    if let alert = fields.text(11) { text += ", TLS alert \(alert)" }
    return text
  }
}
