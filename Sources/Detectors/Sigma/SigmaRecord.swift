import Bytes
import Evidence

/// One event as a rule sees it: under the field names of one kind of log source.
final class SigmaRecord: SigmaFields {
  let event: Event
  let kind: SigmaSource.Kind
  /// Fields that no attribute holds as it stands.
  private let derived: [String: [String]]
  private var known: [String: [SigmaValue]?] = [:]
  private var all: [SigmaValue]?

  init(_ event: Event, _ kind: SigmaSource.Kind, derived: [String: [String]] = [:]) {
    self.event = event
    self.kind = kind
    self.derived = derived
  }

  func values(_ field: String) -> [SigmaValue]? {
    if let value = known[field] { return value }
    let found = look(field)?.map { SigmaValue($0) }
    known[field] = .some(found)
    return found
  }

  /// Every text of the record, for keywords.
  var everything: [SigmaValue] {
    if let all { return all }
    var texts = derived.values.flatMap { $0 }
    for attribute in event.attributes { texts += Self.texts(attribute.value) }
    texts.append(event.message)
    let values = texts.map { SigmaValue($0) }
    all = values
    return values
  }

  /// Every text in which a field's value can stand, for looking for literals: `everything`, and what is put together or
  /// unwrapped only when a field is asked for.
  var searchable: [SigmaValue] {
    var values = everything
    if kind == .webServer, let address = address() { values += address.map { SigmaValue($0) } }
    if let time = event.time { values.append(SigmaValue("\(time)")) }
    if kind == .cloudTrail {
      for name in SigmaTaxonomy.cloudTrailObjects.values {
        guard let text = event.text(name), text.utf8.contains(0x5C) else { continue }
        values.append(SigmaValue(text.withView { String(decoding: JSONView.unescape($0), as: UTF8.self) }))
      }
    }
    return values
  }

  private func look(_ field: String) -> [String]? {
    if let texts = derived[field] { return texts }
    if field == "timestamp" || field == "EventTime" { return event.time.map { ["\($0)"] } }
    for name in SigmaTaxonomy.attributes(field, kind) {
      if name == "address" { return address() }
      if name.hasPrefix("header:") {
        if let values = header(String(name.dropFirst(7))) { return values }
      } else if let value = event[name] {
        return Self.texts(value)
      }
    }
    switch kind {
    case .audit:
      if let argument = argument(field) { return [argument] }
      if let value = event["audit_\(field)"] { return Self.texts(value) }
    case .cloudTrail:
      if let texts = member(field) { return texts }
    default: break
    }
    return event[field].map { Self.texts($0) }
  }

  private static func texts(_ value: Value) -> [String] {
    if case .texts(let texts) = value { return texts }
    return [value.text]
  }

  /// Path and query, together and apart.
  private func address() -> [String]? {
    let path = event.text("path") ?? event.text("uri")
    guard let path else { return event.text("query").map { [$0] } }
    guard let query = event.text("query"), !path.contains("?") else { return [path] }
    return [path + "?" + query, query]
  }

  /// Values of `headers`, each `Name: value`.
  private func header(_ name: String) -> [String]? {
    guard case .texts(let headers)? = event["headers"] else { return nil }
    let found = headers.compactMap { header -> String? in
      guard let colon = header.firstIndex(of: ":"), header[..<colon].lowercased() == name else { return nil }
      return header[header.index(after: colon)...].drop { $0 == " " }.description
    }
    return found.isEmpty ? nil : found
  }

  /// `a0` … of an audit record.
  private func argument(_ field: String) -> String? {
    guard field.hasPrefix("a"), let number = Int(field.dropFirst()), case .texts(let arguments)? = event["arguments"],
      arguments.indices.contains(number)
    else { return nil }
    return arguments[number]
  }

  /// `requestParameters.a.b` in the JSON text of the object; of arrays every element.
  private func member(_ field: String) -> [String]? {
    var names = field.split(separator: ".").map(String.init)
    guard names.count > 1, let attribute = SigmaTaxonomy.cloudTrailObjects[names.removeFirst()],
      let text = event.text(attribute)
    else { return nil }
    return text.withView { view in
      var places = [JSONView(view)]
      for name in names {
        var next: [JSONView] = []
        for place in places.flatMap({ $0.kind == .array ? Array($0.elements.prefix(1000)) : [$0] }) {
          place.forEachMember { key, value in
            if key.string == name { next.append(value) }
            return next.count < 1000
          }
        }
        places = next
      }
      let texts = places.flatMap { $0.kind == .array ? $0.elements : [$0] }.compactMap(\.text)
      return texts.isEmpty ? nil : texts
    }
  }
}

/// Makes the records of an event. Remembers the processes of a listing, because a rule may ask for the parent's.
final class SigmaRecordMaker {
  private var processes: [Int64: (image: String, commandLine: String)] = [:]
  /// A listing with more processes than this is not one.
  private static let maximumProcesses = 1 << 20

  func records(of event: Event) -> [SigmaRecord] {
    SigmaTaxonomy.kinds(of: event.dataType).flatMap { kind in
      kind == .process ? processRecords(event) : [SigmaRecord(event, kind)]
    }
  }

  private func processRecords(_ event: Event) -> [SigmaRecord] {
    switch event.dataType {
    case "linux:shell:command":
      guard let line = event.text("command") else { return [] }
      return ShellCommandLine.simpleCommands(line).map { command in
        var fields = ["CommandLine": [command.text], "Image": command.images]
        if let user = command.runsAs ?? event.text("user") { fields["User"] = [user] }
        if let shell = event.text("shell") { fields["ParentImage"] = ["/bin/\(shell)", "/usr/bin/\(shell)"] }
        return SigmaRecord(event, .process, derived: fields)
      }
    case "linux:auth:entry":
      guard event.text("action") == "sudo", let line = event.text("command") else { return [] }
      var fields = ["CommandLine": [line], "Image": ShellCommandLine.images(line), "ParentImage": ["/usr/bin/sudo"]]
      if let user = event.text("target_user") { fields["User"] = [user] }
      return [SigmaRecord(event, .process, derived: fields)]
    case "linux:cron:entry":
      guard let line = event.text("command") else { return [] }
      return ShellCommandLine.simpleCommands(line).map { command in
        SigmaRecord(
          event, .process,
          derived: ["CommandLine": [command.text], "Image": command.images, "ParentImage": ["/usr/sbin/cron"]])
      }
    case "linux:audit:syscall", "linux:audit:entry":
      guard case .texts(let types)? = event["types"], types.contains("EXECVE") else { return [] }
      return [SigmaRecord(event, .process)]
    default: return listed(event)
    }
  }

  /// A process as `ps` or a memory image shows it.
  private func listed(_ event: Event) -> [SigmaRecord] {
    let commandLine = event.text("command_line") ?? event.text("command") ?? ""
    let image = event.text("exe") ?? ShellCommandLine.images(commandLine).first ?? ""
    var fields: [String: [String]] = [:]
    if event["exe"] == nil { fields["Image"] = ShellCommandLine.images(commandLine) }
    if let parent = event.integer("ppid"), let seen = processes[parent] {
      fields["ParentImage"] = [seen.image]
      fields["ParentCommandLine"] = [seen.commandLine]
    }
    if let pid = event.integer("pid"), processes.count < Self.maximumProcesses { processes[pid] = (image, commandLine) }
    return [SigmaRecord(event, .process, derived: fields)]
  }
}
