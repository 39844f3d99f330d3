import Bytes
import Evidence

/// Access logs in W3C's extended format, as Tomcat's `ExtendedAccessLogValve` and IIS write them: `#Fields:` names the columns.
/// Their dates and times are UTC.
struct ExtendedLogFormat: LogFormat {
  let name = "web.extended"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.front[0] == 0x23, sample.isText else { return nil }
    for line in sample.lines(8) {
      guard line[0] == 0x23 else { return nil }
      if ExtendedLogColumns(line) != nil { return .high }
    }
    return nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var columns: ExtendedLogColumns?
    try readLines(stream, into: sink) { line in
      if line.bytes[0] == 0x23 {
        if let found = ExtendedLogColumns(line.bytes) { columns = found }
        return .parsed
      }
      guard let event = columns?.event(line) else { return .skipped("line is not of the columns that #Fields names") }
      sink.event(event)
      return .parsed
    }
  }
}

/// The columns of a log.
private struct ExtendedLogColumns {
  private static let limit = 128
  private let names: [String]

  // #Fields: date time c-ip cs-method cs-uri sc-status bytes time-taken cs(User-Agent) x-H(remoteUser)
  init?(_ line: ByteView) {
    guard line.hasPrefix("#Fields:") else { return nil }
    names = line.slice(8).words(limit: Self.limit).map { $0.slice(0, 128).string.lowercased() }
    // CloudFront's have a reader of their own.
    guard names.contains(where: { $0 == "cs-method" || $0.hasPrefix("cs-uri") }), !names.contains("x-edge-location")
    else { return nil }
  }

  func event(_ line: TextLine) -> Event? {
    var rest = line.bytes
    var values: [String: String] = [:]
    var others: [String] = []
    for name in names {
      guard let value = Self.value(&rest) else { return nil }
      guard value != "-" else { continue }
      if Self.known.contains(name) { values[name] = value } else { others.append("\(name)=\(value)") }
    }
    guard rest.trimmed.isEmpty else { return nil }
    var attributes: [Attribute] = []
    var entities: [Entity] = []
    let client = values["c-ip"] ?? values["c-dns"] ?? ""
    let address = client.withView { IPAddress.normal($0) }
    attributes.add("remote_address", address)
    attributes.add("remote_host", address == nil ? client : nil)
    attributes.add("remote_port", values["c-port"].flatMap { Int64($0) })
    if let address, IPAddress.isSpecific(address) { entities.append(Entity(.address, address)) }
    attributes.add("virtual_host", values["cs-host"] ?? values["cs(host)"])
    if let list = values["cs(x-forwarded-for)"] {
      attributes.add("forwarded_for", list)
      entities.add(forwarded: list, behind: address)
    }
    if let user = values["cs-username"] ?? values["x-h(remoteuser)"] {
      attributes.add("user", user)
      entities.append(Entity(.user, user))
    }
    let text = request(values).withView { AccessLine.addRequest($0, to: &attributes) }
    let status = values["sc-status"].flatMap { Int64($0) }
    attributes.add("status", status)
    attributes.add("response_bytes", (values["bytes"] ?? values["sc-bytes"]).flatMap { Int64($0) })
    attributes.add("referrer", values["cs(referer)"])
    attributes.add("user_agent", values["cs(user-agent)"])
    attributes.add("other_fields", others.joined(separator: " "))
    let who = client.isEmpty ? "A client that is not named" : address ?? client
    return Event(
      time: time(values), dataType: "web:access:request",
      message: "\(who) asked for \(text)\(status.map { " and got \($0)" } ?? "").", entities: entities,
      attributes: attributes, locator: line.locator)
  }

  private static let known: Set<String> = [
    "date", "time", "c-ip", "c-dns", "c-port", "cs-method", "cs-uri", "cs-uri-stem", "cs-uri-query", "cs-version",
    "cs-host", "cs(host)", "cs(x-forwarded-for)", "cs-username", "x-h(remoteuser)", "sc-status", "bytes", "sc-bytes",
    "cs(referer)", "cs(user-agent)",
  ]

  private func time(_ values: [String: String]) -> Timestamp? {
    guard let date = values["date"], let time = values["time"] else { return nil }
    return "\(date)T\(time)".withView { Timestamp(iso8601: $0, assuming: .utc) }
  }

  private func request(_ values: [String: String]) -> String {
    var target = values["cs-uri"] ?? values["cs-uri-stem"] ?? "-"
    if values["cs-uri"] == nil, let query = values["cs-uri-query"] { target += "?" + query.drop { $0 == "?" } }
    return (values["cs-method"] ?? "-") + " " + target + (values["cs-version"].map { " " + $0 } ?? "")
  }

  /// The next value; one in quotes may hold blanks, and quotes twice.
  private static func value(_ rest: inout ByteView) -> String? {
    rest = rest.trimmed
    guard !rest.isEmpty else { return nil }
    let quote = rest[0]
    guard quote == 0x22 || quote == 0x27 else {
      var end = 0
      while end < rest.count, rest[end] != 0x20, rest[end] != 0x09 { end += 1 }
      defer { rest = rest.slice(end) }
      return rest.slice(0, end).string
    }
    var bytes: [UInt8] = []
    var place = 1
    while place < rest.count {
      if rest[place] == quote {
        guard rest[place + 1] == quote, place + 1 < rest.count else { break }
        place += 1
      }
      bytes.append(rest[place])
      place += 1
    }
    rest = rest.slice(place + 1)
    return String(decoding: bytes, as: UTF8.self)
  }
}
