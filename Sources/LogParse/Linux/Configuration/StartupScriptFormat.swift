import Bytes
import Evidence

/// Scripts that the system runs by themselves because of where they lie: init.d, cron.daily and its kin, update-motd.d, at's
/// spool, hooks of the network. One event a script, with its lines that are no comments in `script`; a long one goes on in
/// further events.
struct StartupScriptFormat: LogFormat {
  let name = "linux.startup_script"
  let version = 3

  /// Lines and bytes of one event.
  private static let lineLimit = 400
  private static let byteLimit = 1 << 18

  /// Folders whose scripts run, how, and when.
  private static let places: [(folder: String, mechanism: PersistenceEntry.Mechanism, schedule: String)] = [
    ("init.d", .initScript, "at boot"), ("rc.d", .initScript, "at boot"), ("boot.d", .initScript, "at boot"),
    ("local.d", .rcLocal, "at boot"), ("cron.hourly", .cron, "@hourly"), ("cron.daily", .cron, "@daily"),
    ("cron.weekly", .cron, "@weekly"),
    ("cron.monthly", .cron, "@monthly"), ("update-motd.d", .motd, "at each login"),
    ("if-up.d", .network, "as a network comes up"), ("if-pre-up.d", .network, "before a network comes up"),
    ("if-down.d", .network, "as a network goes down"), ("dispatcher.d", .network, "as a network changes"),
    ("dhclient-enter-hooks.d", .network, "as an address is leased"),
    ("dhclient-exit-hooks.d", .network, "as an address is leased"),
    ("system-generators", .generator, "at boot, before any unit"),
    ("user-generators", .generator, "as a user's manager starts"),
  ]

  private struct Place {
    var mechanism: PersistenceEntry.Mechanism
    var schedule: String
    var user: String? = "root"
    var time: Timestamp?
  }

  private static func place(_ path: String) -> Place? {
    let parts = path.split(separator: "/")
    // On RHEL rc.local lies among them, and is read line by line like that of others.
    guard parts.count >= 2, let name = parts.last, name.first != ".", name != "rc.local" else { return nil }
    // sshd runs it in place of xauth, before the shell.
    if name == "rc", parts[parts.count - 2] == ".ssh" {
      return Place(mechanism: .sshLogin, schedule: "at each login by SSH", user: FileOwner.user(ofPath: path))
    }
    if name == "sshrc", parts[parts.count - 2] == "ssh" {
      return Place(mechanism: .sshLogin, schedule: "at each login by SSH", user: nil)
    }
    // Alpine's cron.hourly and its kin.
    if parts.count >= 3, parts[parts.count - 3] == "periodic" {
      return Place(mechanism: .cron, schedule: "@\(parts[parts.count - 2])")
    }
    // `rc3.d/S20job` is init.d by another name.
    for folder in parts.dropLast().suffix(2) {
      if let found = places.first(where: { $0.folder == folder }) {
        return Place(mechanism: found.mechanism, schedule: found.schedule)
      }
      if folder.hasPrefix("rc"), folder.hasSuffix(".d"), folder.utf8.count == 5 {
        return Place(mechanism: .initScript, schedule: "at boot")
      }
    }
    let isSpool = parts.dropLast().contains { $0 == "at" || $0 == "atjobs" } && parts.contains("spool")
    guard isSpool || parts.dropLast().last == "atjobs", let time = jobTime(name) else { return nil }
    return Place(mechanism: .at, schedule: "once at \(time)", user: nil, time: time)
  }

  /// at's own names: a letter for the queue, five hexadecimal digits for the job, eight for the minute since 1970.
  private static func jobTime(_ name: Substring) -> Timestamp? {
    guard name.utf8.count == 14 else { return nil }
    return String(name.suffix(8)).withView { $0.hexadecimal }
      .flatMap { Timestamp(seconds: Int64($0) * 60, precision: .minute) }
  }

  /// The path on the host: what stands before its first folder belongs to the collection.
  private static func absolute(_ path: String) -> String {
    let parts = path.split(separator: "/")
    let start =
      parts.lastIndex { $0 == "etc" || $0 == "var" } ?? parts.firstIndex { $0 == "home" || $0 == "root" } ?? 0
    return "/" + parts[start...].joined(separator: "/")
  }

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText, Self.place(sample.path) != nil, ShellCommand.isPlausible(sample) else { return nil }
    return sample.head.hasPrefix("#!") ? .high : .medium
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var place = Self.place(context.path) ?? Place(mechanism: .initScript, schedule: "at boot")
    let file = Self.absolute(context.path)
    var lines: [String] = []
    var bytes = 0
    var locator: Locator?
    var told = 0
    func flush() {
      guard let start = locator else { return }
      told += 1
      var entry = PersistenceEntry(
        mechanism: place.mechanism, command: file, user: place.user, schedule: place.schedule)
      entry.installed = place.time
      entry.extra.add("script", lines)
      if told > 1 { entry.extra.add("part", Int64(told)) }
      sink.event(
        entry.event(
          "The script \(file) runs \(place.schedule)\(place.user.map { " as \($0)" } ?? "").", start,
          meaning: place.time == nil ? .modification : .start))
      lines = []
      bytes = 0
      locator = nil
    }
    try readLines(stream, into: sink) { line in
      let text = line.bytes.trimmed
      // atrun leaves whose job it is in its first lines.
      if place.mechanism == .at, place.user == nil, text.hasPrefix("# atrun uid=") {
        let digits = text.slice(12).words(limit: 2).first ?? text.slice(text.count)
        place.user = digits == "0" ? "root" : "uid \(digits.string)"
      }
      locator = (locator ?? line.locator).reaching(line.end)
      if text[0] == 0x23 { return .parsed }
      lines.append(text.slice(0, 1 << 14).string)
      bytes += text.count
      if lines.count >= Self.lineLimit || bytes >= Self.byteLimit { flush() }
      return .parsed
    }
    if !lines.isEmpty || told == 0 { flush() }
  }
}
