import Bytes
import Evidence

/// iproute2's `ip route` and `ip rule` (busybox's too): where packets go. What netstat and `route` print is netstat's
/// format; the events are the same.
struct RouteFormat: LogFormat {
  let name = "capture.route"
  let version = 2

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(12)
    let rows = lines.filter { Self.route($0) != nil || Self.rule($0) != nil }.count
    return rows > 0 && rows == lines.filter { !Self.isNextHop($0) && Self.severalWays($0) == nil }.count ? .high : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var destination: [UInt8] = []
    try readLines(stream, into: sink) { line in
      if Self.isNextHop(line.bytes), !destination.isEmpty {
        // A route of several ways names each on a line of its own.
        destination.withView { sink.event(Self.event($0, line.bytes.words(limit: 64), line.locator)) }
        return .parsed
      }
      if let target = Self.severalWays(line.bytes) {
        destination = target.array
        return .parsed
      }
      if let words = Self.route(line.bytes) {
        let target = Self.destination(words) ?? words[0]
        destination = target.array
        if words.contains(where: { $0 == "dev" || $0 == "via" }) || !Self.hasTarget(words) {
          sink.event(Self.event(target, words, line.locator))
        }
        return .parsed
      }
      if let rule = Self.rule(line.bytes) {
        var attributes: [Attribute] = [Attribute("priority", rule.priority), Attribute("text", rule.text.string)]
        attributes.add("table", rule.table?.string)
        sink.event(
          Event(
            time: nil, dataType: "linux:capture:route_rule",
            message: "Packets \(rule.text.string).", attributes: attributes, locator: line.locator))
        return .parsed
      }
      return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a route")
    }
  }

  // default via 10.1.0.1 dev ens5 proto dhcp src 10.1.0.5 metric 512
  // 10.1.0.0/24 dev ens5 proto kernel scope link src 10.1.0.5        unreachable 10.0.0.0/8 metric 4
  private static func route(_ line: ByteView) -> [ByteView]? {
    guard line[0] != 0x20, line[0] != 0x09 else { return nil }
    let words = line.words(limit: 64)
    guard let target = destination(words) else { return nil }
    guard target == "default" || IPAddress.normal(target.cut(0x2F)?.before ?? target) != nil else { return nil }
    if words.count == 2, !hasTarget(words) { return words }
    // A list of addresses is no routing table.
    return words.contains { $0 == "dev" || $0 == "via" || $0 == "proto" || $0 == "metric" } && !isNeighbour(words)
      ? words : nil
  }

  /// The destination alone, where the lines below name the ways.
  private static func severalWays(_ line: ByteView) -> ByteView? {
    let target = line.trimmed
    guard line[0] != 0x20, line[0] != 0x09, target.count < 64, target.firstIndex(of: 0x20) == nil else { return nil }
    if target == "default" { return target }
    return target.cut(0x2F).flatMap { IPAddress.normal($0.before) != nil && $0.after.integer != nil ? target : nil }
  }

  private static func destination(_ words: [ByteView]) -> ByteView? {
    guard let first = words.first else { return nil }
    return types.contains { first == $0 } ? words.dropFirst().first : first
  }

  private static let types: [StaticString] = [
    "unicast", "local", "broadcast", "multicast", "throw", "unreachable", "prohibit", "blackhole", "nat", "anycast",
  ]

  private static func hasTarget(_ words: [ByteView]) -> Bool {
    words.first.map { first in
      !(["throw", "unreachable", "prohibit", "blackhole"] as [StaticString]).contains { first == $0 }
    } ?? false
  }

  /// `ip neigh` begins alike and ends in a state.
  private static func isNeighbour(_ words: [ByteView]) -> Bool {
    words.last.map { word in NeighbourFormat.states.contains { word == $0 } } ?? false
  }

  private static func isNextHop(_ line: ByteView) -> Bool { line.trimmed.hasPrefix("nexthop ") }

  // 32766:	from all lookup main
  private static func rule(_ line: ByteView) -> (priority: Int64, text: ByteView, table: ByteView?)? {
    guard let (front, after) = line.cut(0x3A), let priority = front.integer, priority >= 0 else { return nil }
    let text = after.trimmed
    guard text.hasPrefix("from ") || text.hasPrefix("not from ") else { return nil }
    let words = text.words(limit: 64)
    let table = words.firstIndex { $0 == "lookup" }.flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil }
    return (priority, text, table)
  }

  private static func event(_ destination: ByteView, _ words: [ByteView], _ locator: Locator) -> Event {
    func value(_ name: StaticString) -> ByteView? {
      words.firstIndex { $0 == name }.flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil }
    }
    // `via inet6 fe80::1` names the family first.
    let via = value("via").flatMap { $0 == "inet6" || $0 == "inet" ? value("inet6") ?? value("inet") : $0 }
    let gateway = via.map { IPAddress.normal($0) ?? $0.string }
    let device = value("dev")?.string
    let kind = words.first.flatMap { first in Self.types.contains { first == $0 } ? first.string : nil }
    var attributes: [Attribute] = [Attribute("destination", destination.string)]
    attributes.add("gateway", gateway)
    attributes.add("interface", device)
    attributes.add("metric", value("metric")?.integer)
    attributes.add("source_address", value("src").map { IPAddress.normal($0) ?? $0.string })
    attributes.add("table", value("table")?.string)
    attributes.add("route_type", kind)
    attributes.add("set_by", value("proto")?.string)
    var entities: [Entity] = []
    if let gateway, IPAddress.isSpecific(gateway) { entities.append(Entity(.address, gateway)) }
    let way = device.map { "leave by \($0)" } ?? "are not let through"
    return Event(
      time: nil, dataType: "linux:capture:route",
      message: "Packets to \(destination.string) \(way)\(gateway.map { " through \($0)" } ?? "").", entities: entities,
      attributes: attributes, locator: locator)
  }
}
