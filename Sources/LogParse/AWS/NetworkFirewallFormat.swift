import Bytes
import Evidence

/// Logs of AWS Network Firewall: alerts, flows and TLS errors of its engine, Suricata, in an envelope that names the firewall:
/// `aws:networkfirewall:alert`, `aws:networkfirewall:flow`, `aws:networkfirewall:entry`.
///
/// Fields: Network Firewall Developer Guide, "Contents of a firewall log"; Suricata User Guide, "EVE JSON Format".
public struct NetworkFirewallFormat: LogFormat {
  public let name = "aws.networkfirewall"
  public let version = 4

  public init() {}

  public func recognizes(_ sample: FormatSample) -> Confidence? {
    AWSRecords.recognizes(sample, names: ["firewall_name", "event"]) { FirewallRecord($0) != nil }
  }

  public func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try AWSRecords.read(stream, named: "record of Network Firewall", into: sink) { json, locator in
      guard let record = FirewallRecord(json) else { return false }
      sink.event(record.event(locator))
      return true
    }
  }
}

/// One record, its parts still where they lie.
struct FirewallRecord {
  private let firewall, stamp: JSONView
  private let zone: JSONView?
  private let event: JSONView
  private var time, kind, flow, source, destination, sourcePort, destinationPort, proto, app: JSONView?
  private var alert, verdict, counts, tcp, http, tls, dns, direction: JSONView?
  private var unknown: [String] = []

  init?(_ json: JSONView) {
    guard let firewall = json["firewall_name"], let event = json["event"], event.kind == .object else { return nil }
    self.firewall = firewall
    self.event = event
    stamp = json["event_timestamp"] ?? JSONView(ByteView(""))
    zone = json["availability_zone"]
    event.forEachMember { key, value in
      switch key {
      case "timestamp": time = value
      case "event_type": kind = value
      case "flow_id": flow = value
      case "src_ip": source = value
      case "src_port": sourcePort = value
      case "dest_ip": destination = value
      case "dest_port": destinationPort = value
      case "proto": proto = value
      case "app_proto": app = value
      case "alert": alert = value
      case "verdict": verdict = value
      case "netflow", "flow": counts = value
      case "tcp": tcp = value
      case "http": http = value
      case "tls": tls = value
      case "dns": dns = value
      case "direction": direction = value
      default:
        if unknown.count < 64, value.kind != .null {
          unknown.append(key.string + "=" + value.bytes.slice(0, 4096).string)
        }
      }
      return true
    }
    guard kind?.kind == .string else { return nil }
  }

  /// `2026-11-25T05:20:12.006481+0000`, or else the envelope's seconds.
  private var when: Timestamp? {
    time?.rawString.flatMap { Timestamp(iso8601: $0) } ?? stamp.integer.flatMap { Timestamp(seconds: $0) }
  }

  private var action: String? { verdict?["action"]?.kept ?? alert?["action"]?.kept }

  func event(_ locator: Locator) -> Event {
    let when = when
    let source = source?.kept
    let destination = destination?.kept
    var attributes: [Attribute] = []
    attributes.reserveCapacity(36)
    attributes.add("recorded_time", when == nil ? time?.kept ?? stamp.kept : nil)
    attributes.add("firewall", firewall.kept)
    attributes.add("availability_zone", zone?.kept)
    attributes.add("event_type", kind?.kept)
    attributes.add("flow_id", flow?.kept)
    attributes.add("src_address", source)
    attributes.add("src_port", sourcePort?.integer)
    attributes.add("dst_address", destination)
    attributes.add("dst_port", destinationPort?.integer)
    attributes.add("protocol", proto?.kept?.lowercased())
    attributes.add("application", app?.kept)
    attributes.add("direction", direction?.kept)
    attributes.add("action", action)
    // What the rule asked for, where what was done is told apart from it.
    if verdict?["action"]?.kept != nil { attributes.add("alert_action", alert?["action"]?.kept) }
    attributes.add("signature", alert?["signature"]?.kept)
    attributes.add("signature_id", alert?["signature_id"]?.integer)
    attributes.add("signature_revision", alert?["rev"]?.integer)
    attributes.add("category", alert?["category"]?.kept)
    attributes.add("severity", alert?["severity"]?.integer)
    attributes.add("signature_metadata", alert?["metadata"]?.kept)
    attributes.add("packets", counts?["pkts"]?.integer)
    attributes.add("bytes", counts?["bytes"]?.integer)
    attributes.add("flow_start", counts?["start"]?.kept)
    attributes.add("flow_end", counts?["end"]?.kept)
    attributes.add("age_seconds", counts?["age"]?.integer)
    attributes.add("tcp_flags", tcp?["tcp_flags"]?.kept)
    attributes.add("host", http?["hostname"]?.kept)
    attributes.add("url", http?["url"]?.kept)
    attributes.add("http_method", http?["http_method"]?.kept)
    attributes.add("user_agent", http?["http_user_agent"]?.kept)
    attributes.add("response_code", http?["status"]?.integer)
    attributes.add("server_name", tls?["sni"]?.kept)
    attributes.add("tls_version", tls?["version"]?.kept)
    attributes.add("tls_subject", tls?["subject"]?.kept)
    attributes.add("tls_issuer", tls?["issuerdn"]?.kept)
    attributes.add("ja3", tls?.at("ja3", "hash")?.kept)
    attributes.add("ja4", tls?["ja4"]?.kept)
    attributes.add("dns", dns?.kept)
    attributes.add("unknown_fields", unknown + nested)
    let type: String
    switch kind?.rawString {
    case .some(let word) where word == "alert": type = "aws:networkfirewall:alert"
    case .some(let word) where word == "netflow" || word == "flow": type = "aws:networkfirewall:flow"
    default: type = "aws:networkfirewall:entry"
    }
    return Event(
      time: when, dataType: type, message: message(source, destination), entities: entities(source, destination),
      attributes: attributes, locator: locator)
  }

  /// The members that have attributes of their own.
  private static let told: [String: Set<String>] = [
    "alert": ["action", "signature", "signature_id", "rev", "category", "severity", "metadata"],
    "verdict": ["action"], "netflow": ["pkts", "bytes", "start", "end", "age"], "tcp": ["tcp_flags"],
    "http": ["hostname", "url", "http_method", "http_user_agent", "status"],
    "tls": ["sni", "version", "subject", "issuerdn", "ja3", "ja4"], "tls.ja3": ["hash"],
  ]

  /// The members of the parts for which there is no attribute, each named with its part: `netflow.min_ttl=63`.
  private var nested: [String] {
    var found: [String] = []
    func add(_ part: JSONView?, _ name: String, _ known: Set<String>) {
      guard let part else { return }
      func keep(_ name: String, _ value: JSONView) {
        if found.count < 64, value.kind != .null { found.append("\(name)=\(value.bytes.slice(0, 4096).string)") }
      }
      guard part.kind == .object else { return keep(name, part) }
      part.forEachMember { key, value in
        let member = key.slice(0, 128).string
        if !known.contains(member) { keep("\(name).\(member)", value) }
        return found.count < 64
      }
    }
    for (part, name) in [
      (alert, "alert"), (verdict, "verdict"), (counts, "netflow"), (tcp, "tcp"), (http, "http"), (tls, "tls"),
      (tls?["ja3"], "tls.ja3"),
    ] { add(part, name, Self.told[name] ?? []) }
    return found
  }

  private func entities(_ source: String?, _ destination: String?) -> [Entity] {
    var entities: [Entity] = []
    for address in [source, destination].compactMap({ $0 }) {
      if let address = address.withView(IPAddress.normal) { entities.append(Entity(.address, address)) }
    }
    for name in [http?["hostname"]?.kept, tls?["sni"]?.kept].compactMap({ $0 }) {
      // A client may name an address as well.
      if name.withView(IPAddress.normal) == nil { entities.append(Entity(.domain, name)) }
    }
    let transport = proto?.kept?.lowercased() ?? ""
    if let source, let destination, let from = sourcePort?.integer, let to = destinationPort?.integer,
      ["tcp", "udp", "sctp"].contains(transport), (0...65535).contains(from), (0...65535).contains(to)
    {
      entities.append(Entity(.socket, "\(Self.end(source, from))->\(Self.end(destination, to))/\(transport)"))
    }
    return entities
  }

  private static func end(_ address: String, _ port: Int64?) -> String {
    guard let port else { return address }
    return address.utf8.contains(0x3A) ? "[\(address)]:\(port)" : "\(address):\(port)"
  }

  /// `alert "ET MALWARE x" on tcp 10.0.2.15:51270 -> 203.0.113.66:4444: blocked`
  private func message(_ source: String?, _ destination: String?) -> String {
    var text = kind?.kept ?? "entry"
    if let signature = alert?["signature"]?.kept { text += " \"\(signature)\"" }
    text += " on"
    if let proto = proto?.kept { text += " \(proto.lowercased())" }
    text +=
      " \(Self.end(source ?? "?", sourcePort?.integer)) -> \(Self.end(destination ?? "?", destinationPort?.integer))"
    if let name = tls?["sni"]?.kept ?? http?["hostname"]?.kept { text += " (\(name))" }
    if let packets = counts?["pkts"]?.integer { text += ", \(packets) packets" }
    if let bytes = counts?["bytes"]?.integer { text += ", \(bytes) bytes" }
    if let action { text += ": \(action)" }
    return text
  }
}
