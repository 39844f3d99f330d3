import Bytes
import Evidence

/// Network interfaces: `ifconfig -a` (net-tools, old and new layout) and `ip a`, also with `-br` and `-o`; and the counters of
/// `netstat -i` and `ifconfig -s`.
struct InterfaceFormat: LogFormat {
  let name = "capture.interface"
  let version = 4

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(8)
    guard let first = lines.first else { return nil }
    if Self.start(first) != nil || first.hasPrefix("Kernel Interface table") || Self.isTable(first) { return .high }
    return lines.allSatisfy { Self.single($0) != nil } ? .high : nil
  }

  private struct Interface {
    var name: String
    var flags: String
    var mtu: Int64?
    var mac: String?
    var addresses: [String] = []
    var state: String?
    var isPromiscuous = false
    /// netstat's flags.
    var letters: String?
    var received: Int64?
    var sent: Int64?

    mutating func setFlags(_ text: String) {
      flags = text
      isPromiscuous = isPromiscuous || text.contains("PROMISC")
    }
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var current: (interface: Interface, locator: Locator)?
    func finish() {
      if let current { sink.event(Self.event(current.interface, current.locator)) }
      current = nil
    }
    var table: ColumnHeader?
    try readLines(stream, into: sink) { line in
      if let found = Self.start(line.bytes) {
        finish()
        current = (found, line.locator)
        return .parsed
      }
      if line.bytes.hasPrefix("Kernel Interface table") { return .parsed }
      if Self.isTable(line.bytes) {
        finish()
        table = ColumnHeader(line.bytes)
        return .parsed
      }
      if let found = Self.single(line.bytes) ?? table.flatMap({ Self.counted(line.bytes, $0) }) {
        finish()
        sink.event(Self.event(found, line.locator))
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

  // Iface             MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg
  private static func isTable(_ line: ByteView) -> Bool {
    line.hasPrefix("Iface ") && line.contains(" MTU ") && line.contains(" RX-OK ")
  }

  private static func counted(_ line: ByteView, _ header: ColumnHeader) -> Interface? {
    let words = line.words(limit: 32)
    // veth0:1          1500      - no statistics available -                        BMRU
    if line.contains(" - no statistics available - "), words.count > 2, let mtu = words[1].integer {
      var interface = Interface(name: words[0].string, flags: "", mtu: mtu)
      interface.letters = words[words.count - 1].string
      interface.isPromiscuous = interface.letters?.contains("P") ?? false
      return interface
    }
    guard words.count == header.columns.count, let mtu = header.index(of: "MTU").flatMap({ words[$0].integer }) else {
      return nil
    }
    var interface = Interface(name: words[0].string, flags: "", mtu: mtu)
    if let flags = header.index(of: "Flg") {
      // A letter each; P is promiscuous (netstat(8)).
      interface.letters = words[flags].string
      interface.isPromiscuous = interface.letters?.contains("P") ?? false
    }
    interface.received = header.index(of: "RX-OK").flatMap { words[$0].integer }
    interface.sent = header.index(of: "TX-OK").flatMap { words[$0].integer }
    return interface
  }

  /// An interface on a line of its own.
  // ens5             UP             10.1.0.5/24 fe80::1/64        (ip -br a)
  // ens5@if7         UP             06:5d:31:00:00:01 <BROADCAST,MULTICAST,UP,LOWER_UP>        (ip -br l)
  // 2: ens5    inet 10.1.0.5/24 brd 10.1.0.255 scope global ens5\       valid_lft forever        (ip -o a)
  private static func single(_ line: ByteView) -> Interface? {
    guard line[0] != 0x20, line[0] != 0x09 else { return nil }
    let words = line.words(limit: 64)
    guard words.count >= 2 else { return nil }
    if words[0][words[0].count - 1] == 0x3A, words[0].dropLast(1).integer != nil, words.count >= 4,
      words[2] == "inet" || words[2] == "inet6"
    {
      guard let address = IPAddress.normal(words[3].cut(0x2F)?.before ?? words[3]) else { return nil }
      return Interface(name: name(words[1]), flags: "", addresses: [address])
    }
    guard states.contains(where: { words[1] == $0 }) else { return nil }
    var interface = Interface(name: name(words[0]), flags: "", state: words[1].string)
    for word in words.dropFirst(2) {
      if word[0] == 0x3C, word[word.count - 1] == 0x3E {
        interface.setFlags(word.slice(1, word.count - 1).string)
      } else if word.count == 17, word[2] == 0x3A, word[5] == 0x3A {
        interface.mac = word.string
      } else if let address = IPAddress.normal(word.cut(0x2F)?.before ?? word) {
        interface.addresses.append(address)
      } else if !(word == "metric" || word == "peer" || word.integer != nil) {
        return nil
      }
    }
    return interface
  }

  /// The kernel's states of operation (RFC 2863), as `ip` writes them.
  private static let states: [StaticString] = [
    "UNKNOWN", "UP", "DOWN", "LOWERLAYERDOWN", "DORMANT", "NOTPRESENT", "TESTING",
  ]

  /// `ens5` of `ens5@if7`.
  private static func name(_ word: ByteView) -> String { (word.cut(0x40)?.before ?? word).string }

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
      open == 0 || flags.hasPrefix("flags="), isFlags(flags.slice(open + 1, flags.count - 1))
    else { return nil }
    var interface = Interface(name: Self.name(name.dropLast(1)), flags: "")
    interface.setFlags(flags.slice(open + 1, flags.count - 1).string)
    // With `-o` the second line stands behind a backslash.
    if let link = words.firstIndex(where: { $0 == "link/ether" }), link + 1 < words.endIndex {
      interface.mac = words[link + 1].string
    }
    if let place = words.firstIndex(where: { $0 == "mtu" }), place + 1 < words.endIndex {
      interface.mtu = words[place + 1].integer
    }
    return interface
  }

  /// `BROADCAST,MULTICAST,UP,LOWER_UP`, also none. A mail's header has an address there.
  private static func isFlags(_ text: ByteView) -> Bool {
    for byte in text.unsafeBytes {
      switch byte {
      case 0x2C, 0x2D, 0x30...0x39, 0x41...0x5A, 0x5F: continue
      default: return false
      }
    }
    return true
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
        if word.firstIndex(of: 0x3A) == nil, interface.flags.utf8.count < 1024 {
          interface.setFlags(interface.flags + (interface.flags.isEmpty ? "" : ",") + word.string)
        }
      }
    }
  }

  private static func event(_ interface: Interface, _ locator: Locator) -> Event {
    var attributes: [Attribute] = [Attribute("interface", interface.name)]
    attributes.add("addresses", interface.addresses)
    attributes.add("mac", interface.mac)
    attributes.add("interface_flags", interface.letters ?? interface.flags)
    attributes.add("mtu", interface.mtu)
    attributes.add("state", interface.state)
    attributes.add("received_packets", interface.received)
    attributes.add("sent_packets", interface.sent)
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
