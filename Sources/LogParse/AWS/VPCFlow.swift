import Bytes
import Evidence

/// One flow being put together.
struct VPCFlow {
  var attributes: [Attribute] = []
  private var source, destination, action, status, interface, account, instance, rejectReason: String?
  private var packetSource, packetDestination: String?
  /// Fields whose number no number can hold.
  private var unread: [String] = []
  private var sourcePort, destinationPort, number, packets, bytes: Int64?
  private var start, end: Timestamp?
  private(set) var hasStart = false

  /// - Returns: false for a number that is none.
  mutating func take(_ field: VPCFlowField, _ word: ByteView) -> Bool {
    if field == .start || field == .end { return take(time: word, field) }
    if field.isNumber {
      guard let value = word.integer else {
        guard word.isHugeNumber else { return false }
        unread.append(field.rawValue)
        return true
      }
      attributes.append(Attribute(field.attribute, value))
      switch field {
      case .sourcePort: sourcePort = value
      case .destinationPort: destinationPort = value
      case .protocolNumber: number = value
      case .packets: packets = value
      case .bytes: bytes = value
      default: break
      }
      return true
    }
    let text: String
    switch field {
    case .source, .destination, .packetSource, .packetDestination: text = IPAddress.usual(word)
    default: text = word.string
    }
    attributes.append(Attribute(field.attribute, text))
    switch field {
    case .source: source = text
    case .destination: destination = text
    case .packetSource: packetSource = text
    case .packetDestination: packetDestination = text
    case .action: action = text
    case .status: status = text
    case .interface: interface = text
    case .account: account = text
    case .instance: instance = text
    case .rejectReason: rejectReason = text
    default: break
    }
    return true
  }

  /// Seconds, as the service writes them; or what a converted log has instead: milliseconds, or a timestamp, in UTC where it
  /// says no zone.
  private mutating func take(time word: ByteView, _ field: VPCFlowField) -> Bool {
    if field == .start { hasStart = true }
    let time: Timestamp?
    if let number = word.integer {
      let isMilliseconds = number >= Self.leastMilliseconds && Timestamp(milliseconds: number) != nil
      time = isMilliseconds ? Timestamp(milliseconds: number) : Timestamp(seconds: number)
      attributes.append(Attribute(field.attribute, isMilliseconds ? number / 1000 : number))
      if isMilliseconds { attributes.append(Attribute("recorded_\(field.rawValue)", word.string)) }
    } else if word.isHugeNumber {
      unread.append(field.rawValue)
      return true
    } else {
      let text = word.hasSuffix(" UTC") ? word.dropLast(4) : word
      guard let read = Timestamp(iso8601: text, assuming: .utc) else { return false }
      time = read
      // Rounded down, before 1970 too.
      let second: Int64 = 1_000_000_000
      let whole = read.nanoseconds / second - (read.nanoseconds % second < 0 ? 1 : 0)
      attributes.append(Attribute(field.attribute, whole))
      attributes.append(Attribute("recorded_\(field.rawValue)", word.string))
    }
    if field == .start { start = time } else { end = time }
    return true
  }

  /// March 1973 in milliseconds, the year 5138 in seconds.
  private static let leastMilliseconds: Int64 = 100_000_000_000

  /// The time at which CloudWatch has the record, where the record itself says none: it is that of the start.
  mutating func take(recorded time: Timestamp) { start = time }

  mutating func event(_ locator: Locator) -> Event {
    let transport = number.map(Self.transport)
    attributes.add("protocol", transport)
    attributes.add("unread_fields", unread)
    // An interval that lies back to front says nothing of its length.
    if hasStart, let start, let end,
      case let (length, over) = end.nanoseconds.subtractingReportingOverflow(start.nanoseconds), !over, length >= 0
    {
      attributes.append(Attribute("duration_seconds", length / 1_000_000_000))
    }
    var entities: [Entity] = []
    if let source { entities.append(Entity(.address, source)) }
    if let destination { entities.append(Entity(.address, destination)) }
    if let packetSource, packetSource != source { entities.append(Entity(.address, packetSource)) }
    if let packetDestination, packetDestination != destination {
      entities.append(Entity(.address, packetDestination))
    }
    if let source, let destination, let sourcePort, let destinationPort, let transport, hasPorts,
      (0...65535).contains(sourcePort), (0...65535).contains(destinationPort)
    {
      let ends = "\(end(source, sourcePort))->\(end(destination, destinationPort))/\(transport)"
      entities.append(Entity(.socket, ends))
    }
    if let instance { entities.append(Entity(.instance, instance)) }
    if let account { entities.append(Entity(.account, account)) }
    return Event(
      time: start, .start,
      dataType: status == "SKIPDATA" ? "aws:vpcflow:lost" : "aws:vpcflow:record", message: message(transport),
      entities: entities, attributes: attributes, locator: locator)
  }

  /// `flow ACCEPT 10.0.2.15:51270 -> 203.0.113.66:4444 tcp, 12 packets, 3456 bytes`
  private func message(_ transport: String?) -> String {
    if status == "NODATA" { return "flow log of \(interface ?? "an interface"): no traffic in this interval" }
    if status == "SKIPDATA" { return "flow log of \(interface ?? "an interface"): records of this interval were lost" }
    var text = "flow \(action ?? "of unknown outcome") "
    text += end(source ?? packetSource ?? "?", sourcePort)
    text += " -> " + end(destination ?? packetDestination ?? "?", destinationPort)
    if let transport { text += " " + transport }
    if let packets { text += ", \(packets) packets" }
    if let bytes { text += ", \(bytes) bytes" }
    if let rejectReason { text += ", rejected because of \(rejectReason)" }
    return text
  }

  /// TCP, UDP, SCTP, or a protocol that the log does not name.
  private var hasPorts: Bool { number == nil || number == 6 || number == 17 || number == 132 }

  private func end(_ address: String, _ port: Int64?) -> String {
    guard let port, hasPorts else { return address }
    return address.utf8.contains(0x3A) ? "[\(address)]:\(port)" : "\(address):\(port)"
  }

  /// IANA's protocol numbers that occur in a VPC.
  private static func transport(_ number: Int64) -> String {
    switch number {
    case 1: "icmp"
    case 6: "tcp"
    case 17: "udp"
    case 47: "gre"
    case 50: "esp"
    case 58: "icmpv6"
    case 132: "sctp"
    default: "protocol \(number)"
    }
  }
}
