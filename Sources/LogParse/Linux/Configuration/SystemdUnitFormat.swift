import Bytes
import Evidence

/// systemd's units: services, timers, sockets, paths. One event a unit, with what it runs and when.
struct SystemdUnitFormat: LogFormat {
  let name = "linux.systemd_unit"
  let version = 1

  /// Bytes of one setting that are kept.
  private static let valueLimit = 1 << 14

  private static let suffixes = [".service", ".timer", ".socket", ".path", ".mount", ".target"]

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(40).filter { $0.trimmed[0] != 0x23 && $0.trimmed[0] != 0x3B }
    let sections = lines.filter { Self.section($0.trimmed) != nil }
    guard let first = sections.first?.trimmed,
      (["[Unit]", "[Service]", "[Timer]", "[Socket]", "[Install]"] as [StaticString]).contains(where: { first == $0 })
    else { return nil }
    if Self.suffixes.contains(where: { sample.name.hasSuffix($0) }) || sample.path.contains(".service.d/") {
      return .high
    }
    return lines.contains { $0.hasPrefix("ExecStart=") || $0.hasPrefix("OnCalendar=") } ? .high : .medium
  }

  private static func section(_ text: ByteView) -> ByteView? {
    text[0] == 0x5B && text[text.count - 1] == 0x5D ? text.slice(1, text.count - 1) : nil
  }

  /// Settings that say what runs, as whom, when, and what brings it back.
  private static let wanted: [String: String] = [
    "Description": "description", "User": "user", "Group": "group", "WorkingDirectory": "working_directory",
    "Type": "service_type", "Restart": "restart", "Unit": "starts_unit", "RootDirectory": "root_directory",
  ]
  private static let lists: [String: String] = [
    "ExecStart": "commands", "ExecStartPre": "commands", "ExecStartPost": "commands", "ExecStop": "commands",
    "ExecStopPost": "commands", "ExecReload": "commands", "ExecCondition": "commands", "Environment": "environment",
    "EnvironmentFile": "environment_files", "OnCalendar": "schedule", "OnBootSec": "schedule",
    "OnUnitActiveSec": "schedule", "OnActiveSec": "schedule", "OnStartupSec": "schedule",
    "OnUnitInactiveSec": "schedule", "WantedBy": "wanted_by", "RequiredBy": "wanted_by", "Alias": "aliases",
    "ListenStream": "listens", "ListenDatagram": "listens", "PathExists": "watches", "PathChanged": "watches",
    "PathModified": "watches", "After": "after",
  ]

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var single: [String: String] = [:]
    var lists: [String: [String]] = [:]
    var begun: String?
    var end: UInt64 = 0
    let encodings = stream.encodings
    func take(_ text: ByteView) -> Bool {
      if Self.section(text) != nil { return true }
      guard let (left, right) = text.cut(0x3D) else { return false }
      let key = left.trimmed.string
      let value = right.trimmed.slice(0, Self.valueLimit).string
      if let name = Self.wanted[key] {
        single[name] = value
      } else if let name = Self.lists[key] {
        // An empty value takes back what was said before (of drop-ins too).
        if value.isEmpty {
          lists[name] = []
        } else if lists[name, default: []].count < 256 {
          lists[name, default: []].append(value)
        }
      }
      return true
    }
    try readLines(stream, into: sink) { line in
      end = line.end
      let text = line.bytes.trimmed
      if text[0] == 0x23 || text[0] == 0x3B { return .parsed }
      let goesOn = text[text.count - 1] == 0x5C
      // Taken out first, so that the text grows in place.
      var whole = begun ?? ""
      begun = nil
      whole += (goesOn ? text.dropLast(1) : text).string
      if goesOn, whole.utf8.count < Self.valueLimit {
        whole += " "
        begun = whole
        return .parsed
      }
      return whole.withView(take) ? .parsed : .skipped("line is not a setting of a unit")
    }
    guard !single.isEmpty || !lists.isEmpty else { return }
    let unit = String(context.path.split(separator: "/").last ?? "")
    var attributes: [Attribute] = [Attribute("unit", unit)]
    for (name, value) in single.sorted(by: { $0.key < $1.key }) { attributes.add(name, value) }
    for (name, values) in lists.sorted(by: { $0.key < $1.key }) { attributes.add(name, values) }
    let commands = lists["commands"] ?? []
    let schedule = lists["schedule"].map { " at \($0.joined(separator: ", "))" } ?? ""
    let user = single["user"]
    sink.event(
      Event(
        time: nil, dataType: "linux:systemd:unit",
        message:
          "Unit \(unit) runs\(schedule)\(user.map { " as \($0)" } ?? ""): \(commands.isEmpty ? single["starts_unit"] ?? "nothing of its own" : commands.joined(separator: "; "))",
        entities: user.map { [Entity(.user, $0)] } ?? [], attributes: attributes,
        locator: Locator(offset: 0, length: end, line: 1, encodings: encodings)))
  }
}
