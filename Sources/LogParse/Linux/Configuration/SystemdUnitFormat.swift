import Bytes
import Evidence

/// systemd's units: services, timers, sockets, paths. One event a unit, with what it runs and when; a file of
/// `NAME.service.d` adds to the unit of that name.
struct SystemdUnitFormat: LogFormat {
  let name = "linux.systemd_unit"
  let version = 4

  /// Bytes of one setting that are kept.
  private static let valueLimit = 1 << 14

  private static let suffixes = [".service", ".timer", ".socket", ".path", ".mount", ".target"]

  /// `foo.service` of `…/foo.service.d/override.conf`.
  private static func extended(_ path: String) -> String? {
    guard let folder = path.split(separator: "/").dropLast().last, folder.hasSuffix(".d") else { return nil }
    let unit = String(folder.dropLast(2))
    return suffixes.contains { unit.hasSuffix($0) && unit.utf8.count > $0.utf8.count } ? unit : nil
  }

  /// Without what is put before a program to say how it is started: that it may fail, as whom, under what name.
  private static func plainCommand(_ text: ByteView) -> ByteView {
    var place = 0
    while "-@:+!|".utf8.contains(text[place]) { place += 1 }
    return text.slice(place).trimmed
  }

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(40).filter { $0.trimmed[0] != 0x23 && $0.trimmed[0] != 0x3B }
    let sections = lines.filter { Self.section($0.trimmed) != nil }
    guard let first = sections.first?.trimmed else { return nil }
    let isUnits = (["[Unit]", "[Service]", "[Timer]", "[Socket]", "[Install]"] as [StaticString]).contains {
      first == $0
    }
    if Self.suffixes.contains(where: { sample.name.hasSuffix($0) }) || Self.extended(sample.path) != nil {
      // Other programs have sections of these names too.
      return isUnits || first == "[Path]" || first == "[Mount]" ? .high : nil
    }
    guard isUnits else { return nil }
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
    "PathModified": "watches", "PathExistsGlob": "watches", "DirectoryNotEmpty": "watches", "After": "after",
  ]

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var single: [String: String] = [:]
    var lists: [String: [String]] = [:]
    // The commands with the signs before them, where one has any.
    var written: [String] = []
    var isSigned = false
    var begun: String?
    var end: UInt64 = 0
    let encodings = stream.encodings
    func take(_ text: ByteView) -> Bool {
      if Self.section(text) != nil { return true }
      guard let (left, right) = text.cut(0x3D) else { return false }
      let key = left.trimmed.string
      let whole = right.trimmed.slice(0, Self.valueLimit)
      let isCommand = Self.lists[key] == "commands"
      let plain = isCommand ? Self.plainCommand(whole) : whole
      let value = plain.string
      if let name = Self.wanted[key] {
        single[name] = value
      } else if let name = Self.lists[key] {
        // An empty value takes back what was said before (of drop-ins too).
        if value.isEmpty {
          lists[name] = []
          if isCommand {
            written = []
            isSigned = false
          }
        } else if lists[name, default: []].count < 256 {
          lists[name, default: []].append(value)
          if isCommand {
            written.append(whole.string)
            if plain.count < whole.count { isSigned = true }
          }
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
    let file = String(context.path.split(separator: "/").last ?? "")
    let extended = Self.extended(context.path)
    let unit = extended ?? file
    let commands = lists.removeValue(forKey: "commands") ?? []
    let times = lists.removeValue(forKey: "schedule")?.joined(separator: ", ")
    let user = single.removeValue(forKey: "user") ?? Self.owner(context.path)
    var attributes: [Attribute] = [Attribute("unit", unit)]
    if extended != nil { attributes.add("drop_in", file) }
    if isSigned { attributes.add("commands_as_written", written) }
    for (name, value) in single.sorted(by: { $0.key < $1.key }) { attributes.add(name, value) }
    for (name, values) in lists.sorted(by: { $0.key < $1.key }) { attributes.add(name, values) }
    let wanted = lists["wanted_by"]?.joined(separator: ", ")
    let started = commands.isEmpty ? single["starts_unit"] ?? Self.implied(unit) : commands.joined(separator: "; ")
    guard let started else {
      // A unit that runs nothing (a target, a mount) brings nothing back.
      let said = single["description"].map { ": \($0)" } ?? "."
      sink.event(
        Event(
          time: nil, dataType: "linux:systemd:unit", message: "Unit \(unit) runs nothing of its own\(said)",
          attributes: attributes, locator: Locator(offset: 0, length: end, line: 1, encodings: encodings)))
      return
    }
    let schedule = times ?? lists["listens"].map { "on a connection to \($0.joined(separator: ", "))" }
    let entry = PersistenceEntry(
      mechanism: .systemd, command: started, user: user, schedule: schedule ?? wanted.map { "as \($0) starts" },
      extra: attributes)
    sink.event(
      entry.event(
        "Unit \(unit) runs\(schedule.map { " at \($0)" } ?? "")\(user.map { " as \($0)" } ?? ""): \(started)",
        Locator(offset: 0, length: end, line: 1, encodings: encodings)))
  }

  /// A timer, socket or path unit starts the service of its own name unless it says otherwise.
  private static func implied(_ unit: String) -> String? {
    for suffix in [".timer", ".socket", ".path"] where unit.hasSuffix(suffix) {
      return unit.dropLast(suffix.utf8.count) + ".service"
    }
    return nil
  }

  /// The user in whose home the unit lies; a unit of the system runs as root unless it says otherwise.
  private static func owner(_ path: String) -> String? {
    if let user = FileOwner.user(ofPath: path) { return user }
    return path.contains("systemd/user/") ? nil : "root"
  }
}
