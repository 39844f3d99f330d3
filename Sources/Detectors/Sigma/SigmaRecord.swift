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
    let hasObjects = kind == .cloudTrail || kind == .kubernetes
    for attribute in event.attributes {
      if hasObjects, case .text(let object) = attribute.value, let inner = Self.innerTexts(object) {
        texts += inner
      } else {
        texts += Self.texts(attribute.value)
      }
    }
    if isLine { texts.append(Self.line(event)) }
    let values = texts.map { SigmaValue($0) }
    all = values
    return values
  }

  private func look(_ field: String) -> [String]? {
    if let texts = derived[field] { return texts }
    if SigmaTaxonomy.times.contains(field) { return event.time.map { ["\($0)"] } }
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
    case .cloudTrail, .kubernetes:
      if let texts = member(field) { return texts }
      if kind == .kubernetes, SigmaTaxonomy.kubernetesMembers.contains(field) { return innerMember(field) }
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
    // Most fields with a dot are the identity's, and attributes of their own.
    guard let dot = field.firstIndex(of: "."),
      let attribute = SigmaTaxonomy.objects(kind)[String(field[..<dot])], let text = event.text(attribute)
    else { return nil }
    let names = field[field.index(after: dot)...].split(separator: ".").map(String.init)
    guard !names.isEmpty else { return nil }
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
      // A member that is null is there all the same.
      if places.isEmpty { return nil }
      return places.flatMap { $0.kind == .array ? Array($0.elements.prefix(1000)) : [$0] }.compactMap(\.text)
    }
  }
}

/// Makes the records of an event. Remembers the processes of a listing, because a rule may ask for the parent's.
final class SigmaRecordMaker {
  private var processes: [Int64: (images: [String], commandLine: String)] = [:]
  /// A listing with more processes than this is not one.
  private static let maximumProcesses = 1 << 20

  func records(of event: Event) -> [SigmaRecord] {
    SigmaTaxonomy.kinds(of: event.dataType).flatMap { kind in
      switch kind {
      case .process: processRecords(event)
      case .file: Self.written(event)
      case .audit: [Self.audited(event)]
      case .connection: [connection(event)]
      case .proxy: Self.proxied(event)
      case .firewall: [SigmaFirewall.record(event)].compactMap { $0 }
      default: [SigmaRecord(event, kind)]
      }
    }
  }

  /// A file was made or written: a time of birth or of change in a listing, or a system call that made an entry in a
  /// directory (its first path is then the parent) and is none that removes one.
  private static func written(_ event: Event) -> [SigmaRecord] {
    if event.dataType == "fs:stat" {
      let isWrite = event.timeMeaning == .creation || event.timeMeaning == .modification
      return isWrite ? [SigmaRecord(event, .file)] : []
    }
    guard case .texts(let paths)? = event["paths"] else { return [] }
    // What each path was to the call: of a file that was renamed one is removed and the other made.
    if case .texts(let roles)? = event["audit_nametypes"], roles.count == paths.count {
      let made = zip(paths, roles).filter { $0.1 == "CREATE" }.map(\.0)
      return made.isEmpty ? [] : [SigmaRecord(event, .file, derived: ["TargetFilename": made])]
    }
    guard let role = event.text("audit_nametype"), role == "PARENT" || role == "CREATE" else { return [] }
    let call = SigmaSyscalls.name(event) ?? event.text("syscall_name") ?? event.text("syscall") ?? ""
    return ["unlink", "unlinkat", "rmdir"].contains(call) ? [] : [SigmaRecord(event, .file)]
  }

  /// The call by its name, also where the log has its number.
  private static func audited(_ event: Event) -> SigmaRecord {
    guard event["syscall_name"] == nil, let name = SigmaSyscalls.name(event) else { return SigmaRecord(event, .audit) }
    return SigmaRecord(event, .audit, derived: ["SYSCALL": [name] + (event.text("syscall").map { [$0] } ?? [])])
  }

  /// Whose socket it is stands in few listings, as a bare name; which side began is told by whose port is a passing one.
  private func connection(_ event: Event) -> SigmaRecord {
    var fields: [String: [String]] = [:]
    if event["exe"] == nil {
      let known = event.integer("pid").flatMap { processes[$0]?.images } ?? []
      let name = event.text("program") ?? event.text("comm") ?? ""
      let images = known + name.withView { ShellCommandLine.paths($0) }.filter { !known.contains($0) }
      if !images.isEmpty { fields["Image"] = images }
    }
    if let local = event.integer("local_port"), let remote = event.integer("remote_port"), local > 0, remote > 0,
      (local >= Self.firstPassingPort) != (remote >= Self.firstPassingPort)
    {
      fields["Initiated"] = [local >= Self.firstPassingPort ? "true" : "false"]
    }
    return SigmaRecord(event, .connection, derived: fields)
  }

  /// Linux takes ports of its own choice from here on (`net.ipv4.ip_local_port_range`).
  private static let firstPassingPort: Int64 = 32768

  /// Whether a request is one that a proxy passed on: for an address elsewhere, or `CONNECT`, which names host and port.
  static func isProxied(_ event: Event) -> Bool {
    guard let path = event.text("path") ?? event.text("uri") else { return false }
    if path.utf8.first != 0x2F, path.withView(isAddress) { return true }
    return event.text("method") == "CONNECT"
  }

  private static func isAddress(_ path: ByteView) -> Bool {
    guard let scheme = path.firstIndex(of: ByteView("://")) else { return false }
    return ["http", "https", "ftp"].contains(path.slice(0, min(scheme, 8)).string.lowercased())
  }

  private static func proxied(_ event: Event) -> [SigmaRecord] {
    guard isProxied(event), let path = event.text("path") ?? event.text("uri") else { return [] }
    let rest = path.withView { view in
      (view.firstIndex(of: ByteView("://")).map { view.slice($0 + 3) } ?? view).array
    }
    let authority = rest.prefix { $0 != 0x2F && $0 != 0x3F }
    // `user:password@host:port`, `[2001:db8::1]:port`
    var place = authority[...]
    if let user = place.lastIndex(of: 0x40) { place = place[(user + 1)...] }
    let isBracketed = place.first == 0x5B
    let host = String(
      decoding: isBracketed ? place.dropFirst().prefix { $0 != 0x5D } : place.prefix { $0 != 0x3A }, as: UTF8.self)
    var fields = ["cs-host": [host], "r-dns": [host]]
    let stem = rest.dropFirst(authority.count).prefix { $0 != 0x3F }
    if path.withView(isAddress) {
      let text = stem.isEmpty ? "/" : String(decoding: stem, as: UTF8.self)
      fields["c-uri-stem"] = [text]
      fields["cs-uri-stem"] = [text]
    }
    if let dot = stem.lastIndex(of: 0x2E), !stem[dot...].contains(0x2F) {
      fields["c-uri-extension"] = [String(decoding: stem[(dot + 1)...], as: UTF8.self)]
    }
    return [SigmaRecord(event, .proxy, derived: fields)]
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
    var fields: [String: [String]] = [:]
    if event["exe"] == nil { fields["Image"] = ShellCommandLine.images(listed: commandLine) }
    if let parent = event.integer("ppid"), let seen = processes[parent] {
      fields["ParentImage"] = seen.images
      fields["ParentCommandLine"] = [seen.commandLine]
    }
    return [SigmaRecord(event, .process, derived: fields)]
  }

  /// A process seen before, by its number.
  func process(_ pid: Int64) -> (images: [String], commandLine: String)? { processes[pid] }

  /// Whether an event shows a process of a listing.
  static func isListed(_ event: Event) -> Bool {
    event.dataType == "linux:capture:process" || event.dataType == "linux:memory:process"
  }

  /// Whether a process of a listing has a parent that was not listed so far: it may be listed later, for listings have
  /// many orders.
  func misses(parentOf event: Event) -> Bool {
    guard let parent = event.integer("ppid"), parent > 0 else { return false }
    return processes[parent] == nil
  }

  /// Must be called for every event, after its records were made.
  func remember(_ event: Event) {
    guard Self.isListed(event), let pid = event.integer("pid"), processes.count < Self.maximumProcesses else { return }
    let commandLine = event.text("command_line") ?? event.text("command") ?? ""
    let images = event.text("exe").map { [$0] } ?? ShellCommandLine.images(listed: commandLine)
    processes[pid] = (images, commandLine)
  }
}
