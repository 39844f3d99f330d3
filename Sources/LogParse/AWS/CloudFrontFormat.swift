import Bytes
import Evidence

/// Standard logs of CloudFront, as text with tabs between the fields that a line `#Fields:` names: `aws:cloudfront:request`.
///
/// Real-time logs and version 2 may choose other fields in another order; the names are what counts. What the client sent is
/// percent-encoded, blanks and percent signs included, and told decoded. Fields: CloudFront Developer Guide, "Standard log file
/// fields".
public struct CloudFrontFormat: LogFormat {
  public let name = "aws.cloudfront"
  public let version = 3

  public init() {}

  public func recognizes(_ sample: FormatSample) -> Confidence? {
    let lines = sample.lines(4)
    for line in lines {
      if let names = CloudFrontLine.names(line) {
        // Other servers of the W3C's format have no edge.
        return names.contains { $0.hasPrefix("x-edge-") } ? .high : nil
      }
    }
    // A file that was cut in front: the standard order, with the edge's name behind date and time.
    return sample.beginsWithRecords { CloudFrontLine.isStandard($0.split(0x09, limit: 64)) } ? .high : nil
  }

  public func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var names = CloudFrontLine.standard
    let cuts = CutTexts(sink, encodings: stream.encodings)
    try readLines(stream, into: cuts) { line in
      if line.bytes[0] == 0x23 {
        if let found = CloudFrontLine.names(line.bytes) { names = found }
        return .parsed
      }
      let cells = line.bytes.split(0x09, limit: 128)
      guard let entry = CloudFrontLine(names, cells) else {
        return .skipped("a line that is no request of a CloudFront log")
      }
      sink.event(entry.event(line.locator))
      cuts.look(cells, line)
      return .parsed
    }
    cuts.finish()
  }
}

/// One request, its fields by their names. Valid while the line is.
struct CloudFrontLine {
  static let standard = [
    "date", "time", "x-edge-location", "sc-bytes", "c-ip", "cs-method", "cs(Host)", "cs-uri-stem", "sc-status",
    "cs(Referer)", "cs(User-Agent)", "cs-uri-query", "cs(Cookie)", "x-edge-result-type", "x-edge-request-id",
    "x-host-header", "cs-protocol", "cs-bytes", "time-taken", "x-forwarded-for", "ssl-protocol", "ssl-cipher",
    "x-edge-response-result-type", "cs-protocol-version", "fle-status", "fle-encrypted-fields", "c-port",
    "time-to-first-byte", "x-edge-detailed-result-type", "sc-content-type", "sc-content-len", "sc-range-start",
    "sc-range-end",
  ]

  private let names: [String]
  private let cells: [ByteView]

  /// The names of a line `#Fields: …`.
  static func names(_ line: ByteView) -> [String]? {
    guard line.hasPrefix("#Fields:") else { return nil }
    let names = line.slice(8, 1 << 14).words(limit: 128).map(\.string)
    return names.count >= 3 ? names : nil
  }

  static func isStandard(_ cells: [ByteView]) -> Bool {
    guard cells.count >= 12, cells[0].count == 10, cells[0][4] == 0x2D, CivilTime.timeOfDay(cells[1]) != nil,
      (3...16).contains(cells[2].count), cells[3].integer != nil, IPAddress.normal(cells[4]) != nil
    else { return false }
    // `ICN54-C1`, `SFO5`: an airport's code in front.
    return (0..<3).allSatisfy { (0x41...0x5A).contains(cells[2][$0]) } && cells[7][0] == 0x2F
  }

  init?(_ names: [String], _ cells: [ByteView]) {
    guard cells.count >= min(names.count, 3) else { return nil }
    self.names = names
    self.cells = cells
    guard text("c-ip") != nil || text("cs-uri-stem") != nil, text("date") != nil || text("timestamp") != nil else {
      return nil
    }
  }

  private func cell(_ name: String) -> ByteView? {
    guard let place = names.firstIndex(of: name), place < cells.count else { return nil }
    let cell = cells[place].trimmed
    return cell.isEmpty || cell == "-" ? nil : cell
  }

  private func text(_ name: String) -> String? { cell(name)?.slice(0, AWSRecords.maximumText).string }

  /// Percent signs undone, once: CloudFront encodes what the client sent, and once more what was encoded already.
  private func decoded(_ name: String) -> String? {
    guard let cell = cell(name)?.slice(0, AWSRecords.maximumText) else { return nil }
    guard cell.firstIndex(of: 0x25) != nil else { return cell.string }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(cell.count)
    var place = 0
    while place < cell.count {
      if cell[place] == 0x25, let high = hexDigit(cell[place + 1]), let low = hexDigit(cell[place + 2]) {
        bytes.append(high << 4 | low)
        place += 3
      } else {
        bytes.append(cell[place])
        place += 1
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private var time: Timestamp? {
    if let date = text("date"), let clock = text("time") {
      return "\(date)T\(clock)".withView { Timestamp(iso8601: $0, assuming: .utc) }
    }
    if let number = cell("timestamp(ms)")?.integer { return Timestamp(milliseconds: number) }
    return cell("timestamp")?.integer.flatMap { Timestamp(seconds: $0) }
  }

  /// Those that have an attribute of their own.
  private static let attributes: [(field: String, name: String, isNumber: Bool)] = [
    ("cs-protocol-version", "http_version", false), ("x-edge-location", "edge_location", false),
    ("x-edge-result-type", "edge_result", false), ("x-edge-response-result-type", "edge_response_result", false),
    ("x-edge-detailed-result-type", "edge_detailed_result", false), ("x-edge-request-id", "request_id", false),
    ("x-forwarded-for", "forwarded_for", false), ("cs-bytes", "received_bytes", true), ("sc-bytes", "sent_bytes", true),
    ("time-taken", "time_taken_seconds", false), ("time-to-first-byte", "first_byte_seconds", false),
    ("ssl-protocol", "tls_version", false), ("ssl-cipher", "tls_cipher", false),
    ("sc-content-type", "content_type", false), ("sc-content-len", "content_bytes", true),
    ("cs(Host)", "distribution", false),
  ]
  private static let others: Set<String> = [
    "date", "time", "timestamp", "timestamp(ms)", "c-ip", "c-port", "cs-method", "cs-uri-stem", "cs-uri-query",
    "sc-status", "cs(Referer)", "cs(User-Agent)", "cs(Cookie)", "x-host-header", "cs-protocol",
  ]
  private static let known = others.union(attributes.map(\.field))

  func event(_ locator: Locator) -> Event {
    let time = time
    let client = cell("c-ip").map { IPAddress.normal($0) ?? $0.string }
    let host = text("x-host-header") ?? text("cs(Host)")
    var attributes: [Attribute] = []
    attributes.reserveCapacity(32)
    if time == nil {
      attributes.add(
        "recorded_time", [text("date") ?? text("timestamp"), text("time")].compactMap { $0 }.joined(separator: " "))
    }
    attributes.add("client_ip", client)
    attributes.add("client_port", cell("c-port")?.integer)
    attributes.add("http_method", text("cs-method"))
    attributes.add("scheme", text("cs-protocol"))
    attributes.add("host", host)
    attributes.add("uri", decoded("cs-uri-stem"))
    attributes.add("query", decoded("cs-uri-query"))
    attributes.add("response_code", cell("sc-status")?.integer)
    attributes.add("referer", decoded("cs(Referer)"))
    attributes.add("user_agent", decoded("cs(User-Agent)"))
    attributes.add("cookie", decoded("cs(Cookie)"))
    var unread: [String] = []
    for (field, name, isNumber) in Self.attributes {
      if isNumber {
        attributes.add(name, cell(field)?.integer)
        if cell(field)?.isHugeNumber == true { unread.append(name) }
      } else {
        attributes.add(name, text(field))
      }
    }
    var unknown: [String] = []
    for (name, cell) in zip(names, cells) where !Self.known.contains(name) && !(cell == "-") && unknown.count < 64 {
      unknown.append("\(name)=\(cell.slice(0, 4096).string)")
    }
    for cell in cells.dropFirst(names.count).prefix(16) { unknown.append(cell.slice(0, 4096).string) }
    attributes.add("unknown_fields", unknown)
    attributes.add("unread_fields", unread)

    var entities: [Entity] = []
    if let address = cell("c-ip").flatMap(IPAddress.normal) { entities.append(Entity(.address, address)) }
    if let host { entities.append(Entity(.domain, host)) }
    return Event(
      time: time, dataType: "aws:cloudfront:request", message: message(client, host), entities: entities,
      attributes: attributes, locator: locator)
  }

  /// `GET https://shop.example/login.do?id=1 from 203.0.113.66 answered 200 at ICN54-C1: Miss`
  private func message(_ client: String?, _ host: String?) -> String {
    var url = "\(text("cs-protocol") ?? "?")://\(host ?? "?")\(decoded("cs-uri-stem") ?? "")"
    if let query = decoded("cs-uri-query") { url += "?" + query }
    if url.utf8.count > 4096 { url = String(decoding: Array(url.utf8.prefix(4096)), as: UTF8.self) + "…" }
    var message = "\(text("cs-method") ?? "?") \(url) from \(client ?? "?")"
    if let status = text("sc-status") { message += " answered \(status)" }
    if let edge = text("x-edge-location") { message += " at \(edge)" }
    if let result = text("x-edge-result-type") { message += ": \(result)" }
    return message
  }
}
