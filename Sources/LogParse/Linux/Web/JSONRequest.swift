import Bytes
import Evidence

/// A request as a JSON record tells it, by the names that servers and operators give its parts.
struct JSONRequest {
  enum Part: Int, CaseIterable {
    case time, client, forwarded, user, request, method, target, query, version, status, bytes, referrer, agent, host
  }

  /// By the part's number.
  private var parts = [String?](repeating: nil, count: Part.allCases.count)
  private var timeField: JSONView?

  /// Nil where there is no request, or nothing of who asked and what was answered.
  init?(_ fields: JSONLogFields) {
    for field in fields.all {
      guard let part = field.roles.ofRequest else { continue }
      if part == .time {
        if timeField == nil || timeField?.logTime(.utc) == nil { timeField = field.value }
        continue
      }
      guard let text = Self.text(field.value) else { continue }
      // A target with its query is the one that was sent.
      let isFuller = part == .target && text.utf8.contains(0x3F) && !(self[part]?.utf8.contains(0x3F) ?? true)
      if self[part] == nil || isFuller { self[part] = text }
    }
    if self[.client] == nil, let host = self[.host], Self.address(host) != nil {
      // Tomcat calls the client's address so.
      self[.client] = host
      self[.host] = nil
    }
    if let line = self[.request], !Self.isLine(line), self[.target] == nil, line.utf8.first == 0x2F {
      // Apache's `%U` under the name of the whole.
      self[.target] = line
      self[.request] = nil
    }
    let isAnswered =
      self[.status].map { $0.utf8.count == 3 && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } } ?? false
    let hasClient = self[.client].map { Self.address($0) != nil } ?? false
    let isSplit = self[.method].map(Self.isMethod) ?? false && self[.target].map(Self.isTarget) ?? false
    let isLine = self[.request].map(Self.isLine) ?? false
    // What was no HTTP at all is told by who sent it and how it was turned away.
    let isRefused = self[.request] != nil && isAnswered && hasClient
    // A description of an interface has methods, paths and codes too, but nobody who asked and no time.
    guard (isSplit || isLine) && (hasClient || isAnswered && timeField?.logTime(.utc) != nil) || isRefused else {
      return nil
    }
  }

  private subscript(_ part: Part) -> String? {
    get { parts[part.rawValue] }
    set { parts[part.rawValue] = newValue }
  }

  private static func text(_ value: JSONView) -> String? {
    var found = value.kept
    // Caddy has a list of values for each header.
    if value.kind == .array {
      found = nil
      value.forEachElement {
        found = $0.string
        return false
      }
    }
    guard let found, found != "-" else { return nil }
    return found
  }

  /// - Parameter path: a member's name with those of the objects around it; the whole of it says more than its end.
  static func part(_ path: String) -> Part? {
    let name = path.lowercased()
    let leaf = name.lastIndex(of: ".").map { String(name[name.index(after: $0)...]) }
    return names[name] ?? leaf.flatMap { names[$0] }
  }

  private static let names: [String: Part] = {
    let all: [(Part, [String])] = [
      (
        .time,
        [
          "time", "timestamp", "@timestamp", "time_local", "time_iso8601", "msec", "ts", "start_time", "startutc",
          "datetime",
          "date", "requesttime", "time_msec", "date_time", "request_timestamp", "event_time",
        ]
      ),
      (
        .client,
        [
          "remote_addr", "remoteaddr", "remoteaddress", "remote_address", "remote_ip", "remoteip", "client_ip",
          "clientip",
          "client_addr", "clientaddr", "clientaddress", "client_address", "client", "ip", "remote_host", "remotehost",
          "downstream_remote_address", "sourceip", "source_ip", "src_ip", "clienthost", "remote", "source.address",
          "id.orig_h",
        ]
      ),
      (
        .forwarded,
        [
          "http_x_forwarded_for", "x_forwarded_for", "x-forwarded-for", "xff", "forwarded_for", "xforwardedfor",
          "proxy_add_x_forwarded_for", "request_x-forwarded-for",
        ]
      ),
      (.user, ["remote_user", "remoteuser", "user", "auth_user", "username", "clientusername", "user.name"]),
      (.request, ["request", "request_line", "requestline", "requested_url", "first_line"]),
      (.method, ["method", "request_method", "requestmethod", "verb", "http_method", "httpmethod"]),
      (
        .target,
        [
          "uri", "request_uri", "requesturi", "url", "path", "request_path", "requestpath", "requested_uri", "uri_path",
          "resourcepath", "url.original", "original_uri", "http_path", "http_url",
        ]
      ),
      (.query, ["query", "args", "query_string", "querystring", "uri_query", "url.query", "request_query"]),
      (
        .version,
        ["protocol", "server_protocol", "http_version", "httpversion", "proto", "requestprotocol", "request_protocol"]
      ),
      (
        .status,
        [
          "status", "status_code", "statuscode", "response", "response_code", "http_status", "downstreamstatus", "code",
          "responsecode", "response_status",
        ]
      ),
      (
        .bytes,
        [
          "body_bytes_sent", "bytes_sent", "bytessent", "bytes", "size", "response_size", "downstreamcontentsize",
          "responselength", "content_length", "resp_bytes",
        ]
      ),
      (
        .referrer,
        ["http_referer", "http_referrer", "referer", "referrer", "request_referer"]
      ),
      (
        .agent,
        [
          "http_user_agent", "user_agent", "agent", "useragent", "user-agent", "request_user-agent",
          "user_agent.original",
        ]
      ),
      (
        .host,
        [
          "host", "http_host", "server_name", "vhost", "virtual_host", "virtualhost", "authority", "localservername",
          "requesthost", "requestaddr", "servername", "url.domain",
        ]
      ),
    ]
    var names: [String: Part] = [:]
    for (part, own) in all { for name in own { names[name] = part } }
    return names
  }()

  private static func address(_ text: String) -> String? { text.withView { ForwardedList.address($0) } }

  private static func isMethod(_ text: String) -> Bool {
    (3...20).contains(text.utf8.count)
      && text.utf8.allSatisfy { (0x41...0x5A).contains($0) || $0 == 0x5F || $0 == 0x2D }
  }

  private static func isTarget(_ text: String) -> Bool {
    text.utf8.first == 0x2F || text == "*" || text.hasPrefix("http://") || text.hasPrefix("https://")
  }

  private static func isLine(_ text: String) -> Bool {
    text.withView { line in
      guard let (method, rest) = line.slice(0, 1 << 12).cut(0x20), isMethod(method.string) else { return false }
      return rest[0] == 0x2F || rest[0] == 0x2A || rest.hasPrefix("http")
    }
  }

  /// The request's line; where the record has its parts alone, these put together.
  private var line: String {
    if let request = self[.request], Self.isLine(request) || self[.target] == nil { return request }
    var target = self[.target] ?? "-"
    if let query = self[.query], !query.isEmpty, !target.utf8.contains(0x3F) {
      target += query.utf8.first == 0x3F ? query : "?" + query
    }
    let version = self[.version].map { $0.hasPrefix("HTTP/") ? $0 : "HTTP/" + $0 }
    return "\(self[.method] ?? "-") \(target) \(version ?? "HTTP/1.1")"
  }

  func event(_ fields: JSONLogFields, _ zone: Timestamp.Zone, _ locator: Locator) -> Event {
    var attributes: [Attribute] = []
    var entities: [Entity] = []
    let client = self[.client]
    let address = client.flatMap(Self.address)
    attributes.add("remote_address", address)
    let host = address == nil ? client : nil
    attributes.add("remote_host", host)
    if let address, IPAddress.isSpecific(address) { entities.append(Entity(.address, address)) }
    attributes.add("virtual_host", self[.host])
    if let forwarded = self[.forwarded] {
      attributes.add("forwarded_for", forwarded)
      entities.add(forwarded: forwarded, behind: address)
    }
    if let user = self[.user], !user.isEmpty {
      attributes.add("user", user)
      entities.append(Entity(.user, user))
    }
    let text = line.withView { AccessLine.addRequest($0, to: &attributes) }
    let status = self[.status].flatMap { Int64($0) }
    attributes.add("status", status)
    attributes.add("response_bytes", self[.bytes].flatMap { Int64($0) })
    attributes.keep("referrer", self[.referrer])
    attributes.keep("user_agent", self[.agent])
    attributes.add("other_fields", fields.rest { $0.roles.ofRequest != nil })
    let who = address ?? host ?? "A client that is not named"
    return Event(
      time: timeField?.logTime(zone), dataType: "web:access:request",
      message: "\(who) asked for \(text)\(status.map { $0 > 0 ? " and got \($0)" : "" } ?? "").",
      entities: entities, attributes: attributes, locator: locator)
  }
}
