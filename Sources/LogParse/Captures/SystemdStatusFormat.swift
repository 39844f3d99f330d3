import Bytes
import Evidence

/// `systemctl status`, of one unit, several, or all: what each is, since when, and its processes. The lines of the journal
/// that it prints below are read as such.
struct SystemdStatusFormat: LogFormat {
  let name = "capture.systemd_status"
  let version = 1

  /// Bytes that are kept of one unit. What is beyond them is told as left out.
  private static let maximumText = 1 << 20

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    guard let place = sample.lines(4).firstIndex(where: { Self.heading($0) != nil }) else { return nil }
    let lines = sample.lines(60)
    return lines.dropFirst(place + 1).prefix(48).contains {
      let text = $0.trimmed
      return text.hasPrefix("Loaded: ") || text.hasPrefix("Active: ") || text.hasPrefix("State: ")
    } ? .high : nil
  }

  // ● ssh.service - OpenBSD Secure Shell server
  private static func heading(_ line: ByteView) -> (unit: ByteView, description: ByteView)? {
    let words = line.words(limit: 4)
    guard words.count >= 2, signs.contains(where: { words[0] == $0 }), line[0] != 0x20 else { return nil }
    let isNamed = words.count == 4 && words[2] == "-"
    return (words[1], isNamed ? words[3] : words[1].slice(words[1].count))
  }

  private static let signs: [StaticString] = ["●", "○", "×", "*", "↻", "x"]

  private static let names: [String: String] = [
    "Loaded": "load_state", "Active": "active_state", "Main PID": "main_pid", "Process": "last_process",
    "TriggeredBy": "triggered_by", "Triggers": "starts_unit", "Drop-In": "drop_in", "CGroup": "cgroup",
    "Tasks": "tasks", "Memory": "memory", "CPU": "cpu", "Trigger": "next_run", "Listen": "listens",
    "Where": "mount_point",
    "What": "device", "Status": "status", "Docs": "documentation", "Invocation": "invocation", "State": "state",
    "Jobs": "jobs", "Failed": "failed_units", "Since": "since", "Units": "units", "systemd": "systemd_version",
  ]

  private struct Unit {
    var name: String
    var description: String?
    var attributes: [Attribute] = []
    var processes: [String] = []
    var files: [String] = []
    var since: Timestamp?
    var locator: Locator
    private var left = SystemdStatusFormat.maximumText

    init(name: String, description: String?, locator: Locator) {
      self.name = name
      self.description = description
      self.locator = locator
    }

    /// Whether there is still room for a text, which is then taken up. An empty one takes some too: none is free.
    mutating func hasRoom(_ text: ByteView) -> Bool {
      guard left > text.count else { return false }
      left -= text.count + 1
      return true
    }
  }

  private static let isTooMuch = LineOutcome.skipped("more than is kept of a unit's status")

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var journal = SyslogReader(context, encodings: stream.encodings)
    var unit: Unit?
    var isInGroup = false
    try readLines(stream, into: sink) { line in
      if let (name, description) = Self.heading(line.bytes) {
        if let unit { sink.event(Self.event(unit)) }
        unit = Unit(
          name: name.string, description: description.isEmpty ? nil : description.string, locator: line.locator)
        isInGroup = false
        return .parsed
      }
      let text = line.bytes.trimmed
      if unit != nil, line.bytes[0] == 0x20 || text.hasPrefix("TriggeredBy: ") {
        if let process = Self.process(text), isInGroup {
          guard unit?.hasRoom(process) == true else { return Self.isTooMuch }
          unit?.processes.append(process.string)
        } else if let branch = Self.branch(text) {
          // A file of a drop-in, or a slice around processes.
          if !isInGroup {
            guard unit?.hasRoom(branch) == true else { return Self.isTooMuch }
            unit?.files.append(branch.string)
          }
        } else if let (key, value) = text.cut(0x3A), let attribute = Self.names[key.trimmed.string] {
          let value = value.trimmed
          isInGroup = attribute == "cgroup"
          guard unit?.hasRoom(value) == true else { return Self.isTooMuch }
          unit?.attributes.add(attribute, value.string)
          if attribute == "active_state" || attribute == "since" { unit?.since = Self.since(value, context.zone) }
        } else if !line.bytes.hasPrefix("        ") {
          return .skipped("line is not of a unit's status")
        }
        let reached = unit?.locator.reaching(line.end) ?? line.locator
        unit?.locator = reached
        return .parsed
      }
      let outcome = journal.read(line, into: sink)
      if case .skipped = outcome {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not of a unit's status")
      }
      return outcome
    }
    if let unit { sink.event(Self.event(unit)) }
  }

  /// Behind the lines of a tree.
  private static func branch(_ text: ByteView) -> ByteView? {
    for sign in ["├─", "└─", "|-", "`-", "│"] as [StaticString] where text.hasPrefix(sign) {
      let rest = text.dropFirst(sign.utf8CodeUnitCount).trimmed
      return branch(rest) ?? rest
    }
    return nil
  }

  /// `392 "sshd: /usr/sbin/sshd -D"`
  private static func process(_ text: ByteView) -> ByteView? {
    guard let rest = branch(text), let number = rest.words(limit: 2).first, number.integer != nil else { return nil }
    return rest
  }

  /// `active (running) since Wed 2026-11-25 05:20:12 UTC; 5min ago`
  private static func since(_ value: ByteView, _ zone: Timestamp.Zone) -> Timestamp? {
    var rest = value
    if let place = value.firstIndex(of: ByteView("since ")) { rest = value.slice(place + 6) }
    let text = rest.cut(0x3B)?.before ?? rest
    return (text.string + " ").withView { JournalTime($0)?.timestamp(zone) }
  }

  private static func event(_ unit: Unit) -> Event {
    var attributes: [Attribute] = [Attribute("unit", unit.name)]
    attributes.add("description", unit.description)
    attributes += unit.attributes
    attributes.add("files", unit.files)
    attributes.add("processes", unit.processes)
    let state = unit.attributes.first { $0.name == "active_state" || $0.name == "state" }?.value.text
    return Event(
      time: unit.since, .start, dataType: "linux:capture:unit",
      message: "Unit \(unit.name) was \(state ?? "of unknown state").", attributes: attributes, locator: unit.locator)
  }
}
