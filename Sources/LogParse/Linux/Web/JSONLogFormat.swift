import Bytes
import Evidence

/// Logs whose lines are JSON: the access logs of nginx, Apache, Tomcat, Caddy, Traefik, Envoy and API gateways, and what log4j,
/// logback, Spring Boot, Elastic's layouts, pino, zap, MongoDB and others write of an application. Names are the operator's to
/// choose: what matters is that there is a request with an answer or a client, or else a time and a message.
struct JSONLogFormat: LogFormat {
  let name = "app.json"
  let version = 3

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    var isRequest = false
    let found = AWSRecords.recognizes(sample, names: ["\":"]) { json in
      let fields = JSONLogFields(json, JSONLogNames())
      isRequest = JSONRequest(fields) != nil
      return isRequest || JSONLogEntry(fields)?.isSure ?? false
    }
    // A record that is longer than the sample tells nothing.
    guard found == .high else { return nil }
    return isRequest ? .high : .medium
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let names = JSONLogNames()
    try AWSRecords.read(stream, named: "line of a log", into: sink) { json, locator in
      guard let event = Self.event(json, names, context.zone, locator) else { return false }
      sink.event(event)
      return true
    }
  }

  /// Nil for an object without anything that a log says.
  static func event(
    _ json: JSONView, _ names: JSONLogNames, _ zone: Timestamp.Zone, _ locator: Locator
  ) -> Event? {
    let fields = JSONLogFields(json, names)
    return JSONRequest(fields)?.event(fields, zone, locator) ?? JSONLogEntry(fields)?.event(zone, locator)
  }
}

/// The values of a record and of the objects in it, each under its path (`http.request.method`). Valid while the record is.
struct JSONLogFields {
  struct Field {
    let path: String
    let value: JSONView
    let roles: JSONLogNames.Roles
  }

  private static let maximumFields = 512
  private static let maximumDepth = 6
  private static let maximumPath = 256

  private(set) var all: [Field] = []

  init(_ json: JSONView, _ names: JSONLogNames) {
    all.reserveCapacity(32)
    if json.kind == .object { walk(json, "", names, Self.maximumDepth) }
  }

  private mutating func walk(_ json: JSONView, _ front: String, _ names: JSONLogNames, _ depth: Int) {
    var objects: [(String, JSONView)] = []
    json.forEachMember { key, value in
      guard front.utf8.count + key.count <= Self.maximumPath else { return true }
      if front.isEmpty, value.kind != .object, value.kind != .null {
        let (path, roles) = names.name(key, at: all.count)
        all.append(Field(path: path, value: value, roles: roles))
        return all.count + objects.count < Self.maximumFields
      }
      let path = front + key.string
      if value.kind == .object, depth > 1 {
        objects.append((path + ".", value))
      } else if value.kind != .null {
        all.append(Field(path: path, value: value, roles: names.roles(of: path)))
      }
      return all.count + objects.count < Self.maximumFields
    }
    // What stands outside comes first: of two names for one thing it is the record's own.
    for (path, value) in objects where all.count < Self.maximumFields { walk(value, path, names, depth - 1) }
  }

  /// What no name of a part took, as `name=value`, for what an attack is in may stand under any name.
  func rest(_ isKnown: (Field) -> Bool) -> String {
    var text = ""
    for field in all where !isKnown(field) {
      guard let value = field.value.text, !value.isEmpty, value != "-", value != "[]", value != "{}" else { continue }
      guard text.utf8.count + field.path.utf8.count + value.utf8.count < AWSRecords.maximumText else { continue }
      if !text.isEmpty { text += " " }
      text += field.path + "=" + value
    }
    return text
  }
}

/// What names mean, worked out once for each: a log has the same few in every line.
final class JSONLogNames {
  struct Roles {
    let ofRequest: JSONRequest.Part?
    let ofEntry: JSONLogEntry.Part?
  }

  private static let limit = 4096
  private var known: [String: Roles] = [:]
  /// Those of the record before, in order: as a rule the next has the same.
  private var recent: [(bytes: [UInt8], path: String, roles: Roles)] = []

  /// - Parameter place: how many fields of the record stand in front.
  func name(_ key: ByteView, at place: Int) -> (path: String, roles: Roles) {
    if place < recent.count, recent[place].bytes.withView({ $0 == key }) {
      return (recent[place].path, recent[place].roles)
    }
    let path = key.string
    let roles = roles(of: path)
    if place < recent.count {
      recent[place] = (key.array, path, roles)
    } else if place == recent.count, place < 128 {
      recent.append((key.array, path, roles))
    }
    return (path, roles)
  }

  func roles(of path: String) -> Roles {
    if let roles = known[path] { return roles }
    let roles = Roles(ofRequest: JSONRequest.part(path), ofEntry: JSONLogEntry.part(path))
    if known.count < Self.limit { known[path] = roles }
    return roles
  }
}

extension JSONView {
  /// A time as logs have it in JSON: ISO 8601, as the access logs' text has it, or since 1970 in seconds or parts of them.
  func logTime(_ zone: Timestamp.Zone) -> Timestamp? {
    guard let text else { return nil }
    return text.withView { text in
      let plain = text[0] == 0x5B && text[text.count - 1] == 0x5D ? text.slice(1, text.count - 1) : text
      if plain[4] == 0x2D { return Timestamp(iso8601: plain, assuming: zone) }
      if plain[2] == 0x2F { return AccessLine.time(plain) }
      return Self.epoch(plain)
    }
  }

  /// The unit is told by the size: seconds reach 1e11 in the year 5138 only.
  private static func epoch(_ text: ByteView) -> Timestamp? {
    let (whole, decimals) = text.cut(0x2E) ?? (text, text.slice(text.count))
    guard let value = whole.integer, value >= 100_000_000 else { return nil }
    switch value {
    case ..<100_000_000_000:
      let fraction = decimals.isEmpty ? nil : CivilTime.fraction(decimals)
      return Timestamp(
        seconds: value, nanoseconds: fraction?.nanoseconds ?? 0, precision: fraction?.precision ?? .second)
    case ..<100_000_000_000_000:
      return Timestamp(seconds: value / 1000, nanoseconds: value % 1000 * 1_000_000, precision: .millisecond)
    case ..<100_000_000_000_000_000:
      return Timestamp(
        seconds: value / 1_000_000, nanoseconds: value % 1_000_000 * 1000, precision: .microsecond)
    default:
      return Timestamp(
        seconds: value / 1_000_000_000, nanoseconds: value % 1_000_000_000, precision: .nanosecond)
    }
  }
}
