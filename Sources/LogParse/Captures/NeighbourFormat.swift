import Bytes
import Evidence

/// Machines of the same network that the host spoke to: `ip neigh` (also `-br`), `arp -a`, `arp -n` and `/proc/net/arp`; and
/// `bridge fdb`, where a tunnel's far ends are.
struct NeighbourFormat: LogFormat {
  let name = "capture.neighbour"
  let version = 2

  /// Of a neighbour, as the kernel names them (ip-neighbour(8)).
  static let states: [StaticString] = [
    "REACHABLE", "STALE", "DELAY", "PROBE", "FAILED", "INCOMPLETE", "NOARP", "PERMANENT", "NONE",
  ]

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(12)
    guard let first = lines.first else { return nil }
    if Self.isHeader(first) { return .high }
    if lines.allSatisfy({ Self.row($0, isTable: false) != nil }) { return .high }
    let brief = lines.compactMap(Self.brief)
    return brief.count == lines.count && brief.contains { $0.mac != nil } ? .high : nil
  }

  private static func isHeader(_ line: ByteView) -> Bool {
    line.hasPrefix("Address ") && line.contains("HWtype") && line.contains("Iface")
      || line.hasPrefix("IP address ") && line.contains("HW type") && line.contains("Device")
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var isTable = false
    try readLines(stream, into: sink) { line in
      if Self.isHeader(line.bytes) {
        isTable = true
        return .parsed
      }
      guard let row = Self.row(line.bytes, isTable: isTable) ?? Self.brief(line.bytes) else {
        return line.bytes.hasPrefix("Entries:") || line.bytes.hasSuffix(": no entry found")
          ? .parsed : .skipped(CommandMessage.reason(line.bytes) ?? "line is not a neighbour")
      }
      sink.event(row.event(line.locator))
      return .parsed
    }
  }

  private struct Row {
    var end: Endpoint
    var mac: String?
    var device: String
    var state: String?

    func event(_ locator: Locator) -> Event {
      var attributes: [Attribute] = []
      attributes.addEndpoint("remote", end)
      attributes.add("mac", mac)
      attributes.add("interface", device)
      attributes.add("state", state)
      let who = end.address ?? end.host ?? "A machine"
      return Event(
        time: nil, dataType: "linux:capture:neighbour",
        message: "\(who) is \(mac.map { "known as \($0)" } ?? "not answering") on \(device).",
        entities: end.isSpecific ? [Entity(.address, end.address ?? "")] : [], attributes: attributes,
        locator: locator)
    }
  }

  // 10.9.0.254                              veth0            02:11:22:33:44:55
  private static func brief(_ line: ByteView) -> Row? {
    let words = line.words(limit: 4)
    guard (2...3).contains(words.count), IPAddress.normal(words[0]) != nil, line.offset(of: words[1]) == 40,
      words[1].count < 16
    else { return nil }
    let found = words.count == 3 ? mac(words[2]) : nil
    guard words.count == 2 || found != nil else { return nil }
    return Row(end: Endpoint(host: words[0], port: ByteView("")), mac: found, device: words[1].string)
  }

  private static func row(_ line: ByteView, isTable: Bool) -> Row? {
    let words = line.words(limit: 24)
    // 00:00:00:00:00:00 dev vx0 dst 10.9.0.77 via veth0 self permanent
    if words.count >= 4, words[1] == "dev", words[0].count == 17, words[0][2] == 0x3A, words[0][14] == 0x3A,
      let state = words.last,
      state == "permanent" || state == "self" || state == "static" || words.contains(where: { $0 == "master" })
    {
      let far = words.firstIndex { $0 == "dst" }.flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil }
      return Row(
        end: Endpoint(host: far ?? ByteView(""), port: ByteView("")), mac: words[0].string, device: words[2].string,
        state: state == "permanent" || state == "static" ? state.string : nil)
    }
    guard let first = words.first, let last = words.last, words.count >= 3 else { return nil }
    let none = ByteView("")
    if words[1] == "dev" {
      // 10.1.0.1 dev ens5 lladdr 0a:ff:ff:ff:ff:01 REACHABLE
      guard IPAddress.normal(first) != nil, states.contains(where: { last == $0 }) else { return nil }
      let mac = words.firstIndex { $0 == "lladdr" }.flatMap { $0 + 1 < words.count ? words[$0 + 1].string : nil }
      return Row(end: Endpoint(host: first, port: none), mac: mac, device: words[2].string, state: last.string)
    }
    if let at = words.firstIndex(where: { $0 == "at" }), at >= 1, at + 1 < words.count, words[at - 1][0] == 0x28,
      words[at - 1][words[at - 1].count - 1] == 0x29
    {
      // gateway (10.1.0.1) at 0a:ff:ff:ff:ff:01 [ether] on ens5
      let address = words[at - 1].slice(1, words[at - 1].count - 1)
      guard IPAddress.normal(address) != nil else { return nil }
      return Row(end: Endpoint(host: address, port: none), mac: mac(words[at + 1]), device: last.string)
    }
    guard isTable, words.count >= 3 else { return nil }
    return Row(
      end: Endpoint(host: first, port: none), mac: words.lazy.compactMap { mac($0) }.first, device: last.string)
  }

  /// Six bytes with colons between; nil for `<incomplete>` and for none.
  private static func mac(_ word: ByteView) -> String? {
    guard word.count == 17, word[2] == 0x3A, word[5] == 0x3A, word[14] == 0x3A, !(word == "00:00:00:00:00:00") else {
      return nil
    }
    return word.string
  }
}
