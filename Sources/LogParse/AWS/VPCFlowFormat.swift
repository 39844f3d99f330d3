import Bytes
import Evidence

/// VPC flow logs as text: `aws:vpcflow:record`, and `aws:vpcflow:lost` where the service says that it lost records.
///
/// Files name their fields in a first line, in any order; copies from CloudWatch have none and are read in the standard
/// order of version 2, an export's leading time passed over. Start and end are whole seconds of an aggregation interval of
/// up to ten minutes.
public struct VPCFlowFormat: LogFormat {
  public let name = "aws.vpcflow"
  public let version = 3

  public init() {}

  public func recognizes(_ sample: FormatSample) -> Confidence? {
    let lines = sample.lines(Self.maximumBrokenLines + 1).map { $0.words(limit: 300) }
    for (number, words) in lines.enumerated() {
      guard let header = VPCFlowField.header(words) else { continue }
      // A line before it is passed over, and what a few names alone say is left to the first line.
      guard number == 0 || header.count >= 4 else { continue }
      if header.contains(.source) || header.contains(.interface) || header.contains(.packetSource) { return .high }
      return number == 0 && header.count >= 4 ? .medium : nil
    }
    let isStandard = sample.beginsWithRecords {
      VPCFlowReader.isStandard(VPCFlowReader.withoutExportTime($0.words(limit: 300)))
    }
    return isStandard ? .high : nil
  }

  private static let maximumBrokenLines = 3

  public func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var reader = VPCFlowReader()
    try readLines(stream, into: sink, limit: 1 << 16) { line in
      switch reader.read(line.bytes, line.locator) {
      case .event(let event): sink.event(event)
      case .nothing: break
      case .unknown(let reason): return .skipped(reason)
      }
      return .parsed
    }
  }
}

/// Turns lines into events, by the latest header.
struct VPCFlowReader {
  enum Outcome { case event(Event), nothing, unknown(String) }

  private var fields: [VPCFlowField?]?

  mutating func read(_ line: ByteView, _ locator: Locator) -> Outcome {
    var words = line.words(limit: 300)
    if words.isEmpty { return .nothing }
    if (0x61...0x7A).contains(words[0][0]), let header = VPCFlowField.header(words) {
      fields = header
      return .nothing
    }
    if let fields {
      guard words.count == fields.count else {
        return .unknown("a flow record with \(words.count) fields where the header names \(fields.count)")
      }
      return event(fields, words, locator)
    }
    words = Self.withoutExportTime(words)
    guard Self.isStandard(words) else { return .unknown("a flow record of a custom format without a header line") }
    return event(VPCFlowField.standard, Array(words.prefix(VPCFlowField.standard.count)), locator)
  }

  /// CloudWatch writes the time of each event before it when it exports.
  static func withoutExportTime(_ words: [ByteView]) -> [ByteView] {
    guard words.count > VPCFlowField.standard.count, Timestamp(iso8601: words[0]) != nil else { return words }
    return Array(words.dropFirst())
  }

  /// Whether the words look like a record in the standard order.
  static func isStandard(_ words: [ByteView]) -> Bool {
    guard words.count >= 14, let version = words[0].integer, (2...99).contains(version) else { return false }
    let status = words[13]
    // A custom format may begin with all fields of the standard one; what others follow no line says.
    if words.count > 14 {
      return words[2].hasPrefix("eni-") && (status == "OK" || status == "NODATA" || status == "SKIPDATA")
    }
    return words[2].hasPrefix("eni-") || status == "OK" || status == "NODATA" || status == "SKIPDATA"
  }

  private func event(_ fields: [VPCFlowField?], _ words: [ByteView], _ locator: Locator) -> Outcome {
    var flow = VPCFlow()
    flow.attributes.reserveCapacity(fields.count + 2)
    for (field, word) in zip(fields, words) {
      // A dash where the field does not apply.
      guard let field, !(word == "-") else { continue }
      guard flow.take(field, word) else { return .unknown("a flow record whose \(field.rawValue) is no number") }
    }
    return .event(flow.event(locator))
  }
}

/// One flow being put together.
private struct VPCFlow {
  var attributes: [Attribute] = []
  private var source, destination, action, status, interface, account, instance, rejectReason: String?
  private var packetSource, packetDestination: String?
  /// Fields whose number no number can hold.
  private var unread: [String] = []
  private var sourcePort, destinationPort, number, packets, bytes, start, end: Int64?

  /// - Returns: false for a number that is none.
  mutating func take(_ field: VPCFlowField, _ word: ByteView) -> Bool {
    if field.isNumber {
      guard let value = word.integer else {
        // Digits beyond 64 bits: the rest of the record is as good as any.
        guard word.count >= 19, (0..<word.count).allSatisfy({ (0x30...0x39).contains(word[$0]) }) else { return false }
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
      case .start: start = value
      case .end: end = value
      default: break
      }
      return true
    }
    let text = word.string
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

  mutating func event(_ locator: Locator) -> Event {
    let transport = number.map(Self.transport)
    attributes.add("protocol", transport)
    attributes.add("unread_fields", unread)
    // An interval that lies back to front says nothing of its length.
    if let start, let end, case let (length, over) = end.subtractingReportingOverflow(start), !over, length >= 0 {
      attributes.append(Attribute("duration_seconds", length))
    }
    var entities: [Entity] = []
    if let source { entities.append(Entity(.address, source)) }
    if let destination { entities.append(Entity(.address, destination)) }
    if let packetSource, packetSource != source { entities.append(Entity(.address, packetSource)) }
    if let packetDestination, packetDestination != destination {
      entities.append(Entity(.address, packetDestination))
    }
    if let source, let destination, let sourcePort, let destinationPort, let transport, hasPorts {
      let ends = "\(end(source, sourcePort))->\(end(destination, destinationPort))/\(transport)"
      entities.append(Entity(.socket, ends))
    }
    if let instance { entities.append(Entity(.instance, instance)) }
    if let account { entities.append(Entity(.account, account)) }
    return Event(
      time: start.flatMap { Timestamp(seconds: $0) }, .start,
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
