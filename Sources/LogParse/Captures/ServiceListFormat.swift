import Bytes
import Evidence

/// What starts by itself on hosts without systemd: `chkconfig --list`, OpenRC's `rc-status` and `rc-update show`, and
/// `service --status-all`. The events are those of units.
struct ServiceListFormat: LogFormat {
  let name = "capture.services"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(12)
    let rows = lines.filter { Self.service($0) != nil }.count
    guard rows > 0, lines.allSatisfy({ Self.service($0) != nil || Self.isHeading($0) }) else { return nil }
    // Of rc-update there are only words and a bar.
    if lines.contains(where: { Self.levels($0) != nil || Self.status($0) != nil || Self.sign($0) != nil }) {
      return .high
    }
    return sample.name.hasPrefix("rc-update") || sample.name.hasPrefix("rc_update") ? .high : nil
  }

  private struct Service {
    var name: String
    var isEnabled: Bool?
    var runLevels: String?
    var state: String?
  }

  private static func service(_ line: ByteView) -> Service? {
    levels(line) ?? status(line) ?? sign(line) ?? member(line) ?? ofXinetd(line)
  }

  private static func isName(_ text: ByteView) -> Bool {
    guard !text.isEmpty, text.count <= 64, text[0] != 0x2D else { return false }
    return text.unsafeBytes.allSatisfy {
      (0x30...0x39).contains($0) || (0x41...0x5A).contains($0 & 0xDF) || "-_.@+".utf8.contains($0)
    }
  }

  // auditd         	0:off	1:off	2:on	3:on	4:on	5:on	6:off
  private static func levels(_ line: ByteView) -> Service? {
    let words = line.words(limit: 10)
    guard words.count == 8, isName(words[0]) else { return nil }
    var on = ""
    for (level, word) in words.dropFirst().enumerated() {
      guard word[0] == UInt8(0x30 + level), word[1] == 0x3A, word.count > 2 else { return nil }
      // Its words are translated, and none of the other languages has one of two letters for it but German.
      let said = word.slice(2)
      if said == "on" || said == "Ein" || said == "ein" || said == "활성화" || said == "オン" || said == "启用" {
        on += String(level)
      }
    }
    return Service(name: words[0].string, isEnabled: !on.isEmpty, runLevels: on)
  }

  // 	rsync:         	on
  private static func ofXinetd(_ line: ByteView) -> Service? {
    let words = line.words(limit: 3)
    guard words.count == 2, line[0] == 0x09 || line[0] == 0x20, words[0][words[0].count - 1] == 0x3A,
      isName(words[0].dropLast(1)), words[1] == "on" || words[1] == "off"
    else { return nil }
    return Service(name: words[0].dropLast(1).string, isEnabled: words[1] == "on", state: "xinetd")
  }

  //  sshd                                             [  started 18:33:10 (0) ]
  private static func status(_ line: ByteView) -> Service? {
    let text = line.trimmed
    guard line[0] == 0x20, text[text.count - 1] == 0x5D, let open = text.lastIndex(of: 0x5B) else { return nil }
    let said = text.slice(open + 1, text.count - 1).words(limit: 8)
    let name = text.slice(0, open).trimmed
    guard isName(name), let state = said.first, states.contains(where: { state == $0 }) else { return nil }
    return Service(name: name.string, state: state.string)
  }

  private static let states: [StaticString] = [
    "started", "stopped", "crashed", "starting", "stopping", "inactive", "failed", "scheduled", "unsupervised",
  ]

  //  [ + ]  ssh
  private static func sign(_ line: ByteView) -> Service? {
    let words = line.words(limit: 5)
    guard words.count == 4, words[0] == "[", words[2] == "]", isName(words[3]) else { return nil }
    switch words[1] {
    case _ where words[1] == "+": return Service(name: words[3].string, state: "started")
    case _ where words[1] == "-": return Service(name: words[3].string, state: "stopped")
    case _ where words[1] == "?": return Service(name: words[3].string)
    default: return nil
    }
  }

  //             acpid | default
  private static func member(_ line: ByteView) -> Service? {
    guard let (name, levels) = line.cut(0x7C), line[0] == 0x20, isName(name.trimmed) else { return nil }
    let words = levels.words(limit: 17)
    guard words.count <= 16, words.allSatisfy(isName) else { return nil }
    let text = words.map(\.string).joined(separator: " ")
    return Service(name: name.trimmed.string, isEnabled: !words.isEmpty, runLevels: text)
  }

  /// What stands above and between the rows.
  private static func isHeading(_ line: ByteView) -> Bool {
    line.hasPrefix("Runlevel: ") || line.hasPrefix("Dynamic Runlevel: ")
      || line.hasPrefix("Note: This output shows SysV")
      || line.contains("systemd services. SysV configuration data") || line.trimmed == "systemd configuration."
      || line.contains("systemctl list-unit-files") || line.contains("systemctl list-dependencies")
      || line.trimmed.hasPrefix("native systemd") || line.trimmed == "xinetd based services:"
      || line.contains("To see services enabled on particular target use")
      || line.contains("configuration.")
        && line.contains("systemd")
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      guard let service = Self.service(line.bytes) else {
        return Self.isHeading(line.bytes)
          ? .parsed : .skipped(CommandMessage.reason(line.bytes) ?? "line is not a service")
      }
      sink.event(Self.event(service, line.locator))
      return .parsed
    }
  }

  private static func event(_ service: Service, _ locator: Locator) -> Event {
    var attributes: [Attribute] = [Attribute("unit", service.name)]
    attributes.add("file_state", service.isEnabled.map { $0 ? "enabled" : "disabled" })
    attributes.add("run_levels", service.runLevels)
    attributes.add("active_state", service.state)
    let said = [service.isEnabled.map { $0 ? "enabled" : "disabled" }, service.state].compactMap { $0 }
    return Event(
      time: nil, dataType: "linux:capture:unit",
      message: "Service \(service.name) was \(said.isEmpty ? "there" : said.joined(separator: ", ")).",
      attributes: attributes, locator: locator)
  }
}
