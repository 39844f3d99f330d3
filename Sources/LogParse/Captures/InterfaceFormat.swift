import Bytes
import Evidence

/// Network interfaces: `ifconfig -a` (net-tools, old and new layout) and `ip a`.
struct InterfaceFormat: LogFormat {
  let name = "capture.interface"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText, let first = sample.lines(1).first else { return nil }
    return Self.start(first) == nil ? nil : .high
  }

  private struct Interface {
    var name: String
    var flags: String
    var mtu: Int64?
    var mac: String?
    var addresses: [String] = []
    var isPromiscuous: Bool { flags.contains("PROMISC") }
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var current: (interface: Interface, locator: Locator)?
    func finish() {
      if let current { sink.event(Self.event(current.interface, current.locator)) }
      current = nil
    }
    try readLines(stream, into: sink) { line in
      if let found = Self.start(line.bytes) {
        finish()
        current = (found, line.locator)
        return .parsed
      }
      guard line.bytes[0] == 0x20 || line.bytes[0] == 0x09, current != nil else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not of a network interface")
      }
      if var now = current {
        now.locator = now.locator.reaching(line.end)
        Self.read(line.bytes, &now.interface)
        current = now
      }
      return .parsed
    }
    finish()
  }

  // ens5: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 9001
  // 2: ens5: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 9001 qdisc mq state UP group default qlen 1000
  // eth0      Link encap:Ethernet  HWaddr 06:5d:31:00:00:01
  private static func start(_ line: ByteView) -> Interface? {
    guard line[0] != 0x20, line[0] != 0x09 else { return nil }
    var words = line.words(limit: 32)[...]
    if let link = words.dropFirst().first, link == "Link", let name = words.first {
      var interface = Interface(name: name.string, flags: "")
      if let place = line.firstIndex(of: ByteView("HWaddr ")) {
        interface.mac = line.slice(place + 7).words(limit: 2).first?.string
      }
      return interface
    }
    if let number = words.first, number[number.count - 1] == 0x3A, number.dropLast(1).integer != nil {
      words.removeFirst()
    }
    guard let name = words.popFirst(), name[name.count - 1] == 0x3A, let flags = words.popFirst(),
      let open = flags.firstIndex(of: 0x3C), flags[flags.count - 1] == 0x3E,
      open == 0 || flags.hasPrefix("flags=")
    else { return nil }
    var interface = Interface(
      name: (name.dropLast(1).cut(0x40)?.before ?? name.dropLast(1)).string,
      flags: flags.slice(open + 1, flags.count - 1).string)
    if let place = words.firstIndex(where: { $0 == "mtu" }), place + 1 < words.endIndex {
      interface.mtu = words[place + 1].integer
    }
    return interface
  }

  private static func read(_ line: ByteView, _ interface: inout Interface) {
    let words = line.words(limit: 16)
    guard words.count >= 2 else { return }
    if words[0] == "inet" || words[0] == "inet6" {
      var text = words[1]
      if text.hasPrefix("addr:") { text = text.count > 5 ? text.slice(5) : words.count > 2 ? words[2] : text }
      if let (address, _) = text.cut(0x2F) { text = address }
      if let address = IPAddress.normal(text), interface.addresses.count < 1024 { interface.addresses.append(address) }
    } else if words[0] == "ether" || words[0] == "link/ether" {
      interface.mac = words[1].string
    } else if words[0] == "UP" || words[0] == "BROADCAST" {
      // The old layout has the flags on a line of their own.
      for word in words {
        if word.hasPrefix("MTU:") { interface.mtu = word.slice(4).integer }
        if word.firstIndex(of: 0x3A) == nil { interface.flags += (interface.flags.isEmpty ? "" : ",") + word.string }
      }
    }
  }

  private static func event(_ interface: Interface, _ locator: Locator) -> Event {
    var attributes: [Attribute] = [Attribute("interface", interface.name)]
    attributes.add("addresses", interface.addresses)
    attributes.add("mac", interface.mac)
    attributes.add("interface_flags", interface.flags)
    attributes.add("mtu", interface.mtu)
    // Somebody is listening to traffic that is not the host's.
    if interface.isPromiscuous { attributes.append(Attribute("is_promiscuous", .flag(true))) }
    let addresses = interface.addresses.isEmpty ? "no address" : interface.addresses.joined(separator: ", ")
    return Event(
      time: nil, dataType: "linux:capture:interface",
      message: "Interface \(interface.name) has \(addresses)"
        + (interface.isPromiscuous ? " and is promiscuous." : "."),
      entities: interface.addresses.filter { IPAddress.isSpecific($0) }.map { Entity(.address, $0) },
      attributes: attributes, locator: locator)
  }
}
