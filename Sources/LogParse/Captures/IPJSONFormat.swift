import Bytes
import Evidence

/// iproute2's `ip -j` and `bridge -j fdb`: interfaces, routes, rules and neighbours as JSON. The events are those of the same
/// commands without `-j`.
struct IPJSONFormat: LogFormat {
  let name = "capture.ip_json"
  let version = 3

  func recognizes(_ sample: FormatSample) -> Confidence? {
    let head = sample.front.trimmed
    guard head[0] == 0x5B,
      head.contains("\"ifname\"") || head.contains("\"dev\"") || head.contains("\"dst\"")
        || head.contains("\"priority\"")
    else { return nil }
    let records = JSONRecords(MemoryStream(sample.head.array), coverage: CollectingSink())
    var number = 0
    while number < 4, let record = try? records.next() {
      if Self.event(record.json, .whole) != nil { return .high }
      number += 1
    }
    return nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let records = JSONRecords(stream, coverage: sink)
    let encodings = stream.encodings
    while let record = try records.next() {
      let locator = Locator(
        offset: record.offset, length: UInt64(record.bytes.count), line: record.line, encodings: encodings)
      if let event = Self.event(record.json, locator) {
        sink.event(event)
      } else if let target = record.json["dst"]?.kept, let ways = record.json["nexthops"], ways.kind == .array {
        for way in ways.elements.prefix(1024) {
          sink.event(Self.route(record.json, target, way["dev"]?.kept, locator, gateway: way["gateway"] ?? way["via"]))
        }
      } else if record.bytes.count > 2 {
        // Of another kind of address `ip -j -4 addr` prints `{}`.
        records.reject(record, "a record of no interface, route or neighbour")
      }
    }
    records.finish()
  }

  private static func event(_ json: JSONView, _ locator: Locator) -> Event? {
    if let name = json["ifname"]?.kept {
      // What a bridge forwards to which port; a tunnel's entries have the far end.
      if let mac = json["mac"]?.kept { return forwarding(json, mac, name, locator) }
      // With `-br` an interface may have no flags.
      return json["flags"]?.kind == .array || json["addr_info"]?.kind == .array ? interface(json, name, locator) : nil
    }
    if let target = json["dst"]?.kept {
      let device = json["dev"]?.kept
      if json["state"]?.kind == .array { return device.map { neighbour(json, target, $0, locator) } }
      return device != nil || json["type"] != nil && json["nexthops"] == nil
        ? route(json, target, device, locator) : nil
    }
    return json["table"] != nil || json["action"] != nil ? rule(json, locator) : nil
  }

  // {"priority":500,"src":"10.9.0.2","table":"100"}
  private static func rule(_ json: JSONView, _ locator: Locator) -> Event? {
    guard let priority = json["priority"]?.integer, let source = json["src"]?.kept else { return nil }
    let table = json["table"]?.kept
    let text = "from \(source)" + (table.map { " lookup \($0)" } ?? json["action"]?.kept.map { " \($0)" } ?? "")
    var attributes: [Attribute] = [Attribute("priority", priority), Attribute("text", text)]
    attributes.add("table", table)
    return Event(
      time: nil, dataType: "linux:capture:route_rule", message: "Packets \(text).", attributes: attributes,
      locator: locator)
  }

  // {"mac":"00:00:00:00:00:00","ifname":"vx0","dst":"10.9.0.77","flags":["self"],"state":"permanent"}
  private static func forwarding(_ json: JSONView, _ mac: String, _ name: String, _ locator: Locator) -> Event {
    let far = address(json["dst"])
    var attributes: [Attribute] = []
    attributes.add("remote_address", far)
    attributes.add("mac", mac)
    attributes.add("interface", name)
    attributes.add("state", json["state"]?.kept)
    return Event(
      time: nil, dataType: "linux:capture:neighbour",
      message: "\(mac) is reached by \(name)\(far.map { " through \($0)" } ?? "").",
      entities: far.map { IPAddress.isSpecific($0) ? [Entity(.address, $0)] : [] } ?? [], attributes: attributes,
      locator: locator)
  }

  private static func address(_ json: JSONView?) -> String? {
    json?.string.flatMap { $0.withView(IPAddress.normal) }
  }

  // {"ifindex":2,"ifname":"ens5","flags":["BROADCAST","UP"],"mtu":9001,"addr_info":[{"family":"inet","local":"10.0.2.15"}]}
  private static func interface(_ json: JSONView, _ name: String, _ locator: Locator) -> Event {
    let addresses = json["addr_info"]?.elements.prefix(1024).compactMap { address($0["local"]) } ?? []
    let flags = json["flags"]?.elements.prefix(64).compactMap(\.string) ?? []
    var attributes: [Attribute] = [Attribute("interface", name)]
    attributes.add("addresses", addresses)
    if json["link_type"]?.string == "ether" { attributes.add("mac", json["address"]?.kept) }
    attributes.add("interface_flags", flags.joined(separator: ","))
    attributes.add("mtu", json["mtu"]?.integer)
    attributes.add("state", json["operstate"]?.kept)
    let isPromiscuous = flags.contains("PROMISC") || (json["promiscuity"]?.integer ?? 0) > 0
    if isPromiscuous { attributes.append(Attribute("is_promiscuous", .flag(true))) }
    return Event(
      time: nil, dataType: "linux:capture:interface",
      message: "Interface \(name) has \(addresses.isEmpty ? "no address" : addresses.joined(separator: ", "))"
        + (isPromiscuous ? " and is promiscuous." : "."),
      entities: addresses.filter { IPAddress.isSpecific($0) }.map { Entity(.address, $0) }, attributes: attributes,
      locator: locator)
  }

  // {"dst":"default","gateway":"10.0.2.1","dev":"ens5","protocol":"dhcp","prefsrc":"10.0.2.15","metric":100,"flags":[]}
  private static func route(
    _ json: JSONView, _ target: String, _ device: String?, _ locator: Locator, gateway found: JSONView? = nil
  ) -> Event {
    let gateway = address(found ?? json["gateway"])
    var attributes: [Attribute] = [Attribute("destination", target)]
    attributes.add("gateway", gateway)
    attributes.add("interface", device)
    attributes.add("metric", json["metric"]?.integer)
    attributes.add("source_address", address(json["prefsrc"]))
    attributes.add("table", json["table"]?.kept)
    attributes.add("route_type", json["type"]?.kept)
    attributes.add("set_by", json["protocol"]?.kept)
    return Event(
      time: nil, dataType: "linux:capture:route",
      message:
        "Packets to \(target) \(device.map { "leave by \($0)" } ?? "go nowhere")\(gateway.map { " through \($0)" } ?? "").",
      entities: gateway.map { IPAddress.isSpecific($0) ? [Entity(.address, $0)] : [] } ?? [], attributes: attributes,
      locator: locator)
  }

  // {"dst":"10.0.2.1","dev":"ens5","lladdr":"06:11:22:33:44:55","state":["REACHABLE"]}
  private static func neighbour(_ json: JSONView, _ target: String, _ device: String, _ locator: Locator) -> Event {
    let (found, mac) = (target.withView(IPAddress.normal), json["lladdr"]?.kept)
    var attributes: [Attribute] = []
    attributes.add("remote_address", found)
    attributes.add("mac", mac)
    attributes.add("interface", device)
    attributes.add("state", json["state"]?.elements.first?.string)
    return Event(
      time: nil, dataType: "linux:capture:neighbour",
      message: "\(found ?? target) is \(mac.map { "known as \($0)" } ?? "not answering") on \(device).",
      entities: found.map { IPAddress.isSpecific($0) ? [Entity(.address, $0)] : [] } ?? [], attributes: attributes,
      locator: locator)
  }
}
