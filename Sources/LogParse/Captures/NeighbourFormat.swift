import Bytes
import Evidence

/// Machines of the same network that the host spoke to: `ip neigh`, `arp -a`, `arp -n` and `/proc/net/arp`.
struct NeighbourFormat: LogFormat {
  let name = "capture.neighbour"
  let version = 1

  /// Of a neighbour, as the kernel names them (ip-neighbour(8)).
  static let states: [StaticString] = [
    "REACHABLE", "STALE", "DELAY", "PROBE", "FAILED", "INCOMPLETE", "NOARP", "PERMANENT", "NONE",
  ]

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(12)
    guard let first = lines.first else { return nil }
    if Self.isHeader(first) { return .high }
    return lines.allSatisfy { Self.row($0, isTable: false) != nil } ? .high : nil
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
      guard let row = Self.row(line.bytes, isTable: isTable) else {
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
      let who = end.address ?? end.host ?? "?"
      return Event(
        time: nil, dataType: "linux:capture:neighbour",
        message: "\(who) is \(mac.map { "known as \($0)" } ?? "not answering") on \(device).",
        entities: end.isSpecific ? [Entity(.address, end.address ?? "")] : [], attributes: attributes,
        locator: locator)
    }
  }

  private static func row(_ line: ByteView, isTable: Bool) -> Row? {
    let words = line.words(limit: 24)
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
