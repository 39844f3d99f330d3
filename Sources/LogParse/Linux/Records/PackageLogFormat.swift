import Bytes
import Evidence

/// What was installed, upgraded and removed: `dpkg.log`, apt's `history.log`, `yum.log`, `dnf.rpm.log`,
/// zypper's history and pacman's log.
///
/// Times of dpkg, apt and yum are local to the host; yum's lack the year.
struct PackageLogFormat: LogFormat {
  let name = "linux.package_log"
  let version = 5

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(12)
    guard !lines.isEmpty else { return nil }
    if lines[0].hasPrefix("Start-Date: ") || lines[0].hasPrefix("Commandline: ") { return .high }
    let told = lines.count { PackageHistoryLine($0, .utc) != nil }
    if told > 0,
      told + lines.count(where: { PackageHistoryLine($0, .utc) == nil && PackageHistoryLine.isRemark($0) })
        == lines.count
    {
      return .high
    }
    var years = YearSettler(ParseContext(path: ""))
    let changes = lines.filter { PackageChange($0, .utc, &years) != nil || PackageCommand($0, .utc) != nil }.count
    var isBehindDnf = false
    let remarks = lines.filter {
      guard PackageChange($0, .utc, &years) == nil, PackageCommand($0, .utc) == nil else { return false }
      guard Self.isRemark($0) else { return isBehindDnf && changes > 0 && $0[4] != 0x2D }
      isBehindDnf = $0[10] == 0x54
      return true
    }.count
    // A run that only sets packages up tells of no change for many lines.
    return (changes + remarks) * 4 >= lines.count * 3 && (changes > 0 || lines.contains(where: Self.isDpkg))
      ? .high : nil
  }

  /// Remarks that no other log has: `startup packages configure`, `status half-configured a:amd64 1.0`.
  private static func isDpkg(_ line: ByteView) -> Bool {
    let words = line.words(limit: 7)
    guard words.count >= 5, isRemark(line) else { return false }
    if words[2] == "startup" { return words[3] == "packages" || words[3] == "archives" }
    guard words[2] == "status", words.count == 6 else { return false }
    for state in [
      "installed", "unpacked", "half-installed", "half-configured", "config-files", "not-installed",
      "triggers-pending", "triggers-awaited",
    ] as [StaticString] where words[3] == state { return true }
    return false
  }

  /// dpkg's `startup`, `status`, `configure`, `trigproc`, `conffile` lines; dnf's other levels.
  private static func isRemark(_ line: ByteView) -> Bool {
    // update-alternatives tells what became of what it was asked for.
    if line[39] == 0x3A, line.hasPrefix("update-alternatives "), Timestamp(iso8601: line.slice(20, 39)) != nil {
      return true
    }
    let words = line.words(limit: 4)
    guard words.count >= 3 else { return false }
    if Timestamp(iso8601: words[0]) != nil, words[1].count >= 4 {
      for level in ["INFO", "SUBDEBUG", "DEBUG", "WARNING", "ERROR", "DDEBUG", "--- logging"] as [StaticString]
      where words[1] == level { return true }
    }
    guard words[0].count == 10, words[0][4] == 0x2D, CivilTime.timeOfDay(words[1]) != nil else { return false }
    for remark in ["startup", "status", "configure", "trigproc", "conffile"] as [StaticString] where words[2] == remark
    { return true }
    return false
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var years = YearSettler(context)
    let stream = try years.lookAhead(stream) { PackageChange.timeWithoutYear($0.words(limit: 7)) }
    var apt: AptTransaction?
    // dnf draws a table of what it is about to do, and tells what packages' scripts print.
    var isBehindDnf = false
    try readLines(stream, into: sink) { line in
      if line.bytes[4] == 0x2D, line.bytes[7] == 0x2D { isBehindDnf = line.bytes[10] == 0x54 }
      if line.bytes.hasPrefix("Start-Date: ") {
        apt = AptTransaction(line, context.zone)
        return .parsed
      }
      if var now = apt, now.read(line) {
        apt = now
        if now.isEnded {
          sink.event(now.event())
          apt = nil
        }
        return .parsed
      }
      if let command = PackageCommand(line.bytes, context.zone) {
        sink.event(command.event(line.locator))
        return .parsed
      }
      if let change = PackageChange(line.bytes, context.zone, &years) {
        sink.event(change.event(line.locator))
        return .parsed
      }
      if let entry = PackageHistoryLine(line.bytes, context.zone) {
        sink.event(entry.event(line.locator))
        return .parsed
      }
      if Self.isRemark(line.bytes) || PackageHistoryLine.isRemark(line.bytes) { return .parsed }
      return isBehindDnf && SkippedLine.event(line) == nil
        ? .parsed : .skipped("line is not of a package manager's log")
    }
    if let apt { sink.event(apt.event()) }
  }
}

/// One change of one package.
struct PackageChange {
  private var time: Timestamp?
  private var action: String
  private var package: String
  private var from: String?
  private var to: String?
  private var isYearInferred = false

  // 2026-11-25 05:20:12 upgrade openssl:amd64 3.0.1 3.0.2
  // 2026-11-25T05:20:12+0000 SUBDEBUG Installed: nc-1.2-3.x86_64
  // Nov 25 05:20:12 Installed: nc-1.2-3.x86_64
  init?(_ line: ByteView, _ zone: Timestamp.Zone, _ years: inout YearSettler) {
    let words = line.words(limit: 7)
    guard words.count >= 4 else { return nil }
    if words[0].count == 10, words[0][4] == 0x2D {
      guard
        let time = Timestamp(
          iso8601: line.slice(line.offset(of: words[0]), line.offset(of: words[0]) + 19), assuming: zone),
        let action = Self.dpkg[words[2].string]
      else { return nil }
      self.time = time
      self.action = action
      package = words[3].string
      from = words.count > 4 && !(words[4] == "<none>") ? words[4].string : nil
      to = words.count > 5 && !(words[5] == "<none>") ? words[5].string : nil
      return
    }
    if let time = Timestamp(iso8601: words[0], assuming: zone) {
      guard let action = Self.rpm[words[2].string] else { return nil }
      self.time = time
      self.action = action
      package = words[3].string
      return
    }
    guard let civil = Self.timeWithoutYear(words), let action = Self.rpm[words[3].string] else { return nil }
    time = years.settle(civil)
    isYearInferred = time != nil
    self.action = action
    package = words[4].string
  }

  /// The time in front of a line of yum's.
  static func timeWithoutYear(_ words: [ByteView]) -> CivilTime? {
    guard words.count >= 5, let (civil, _, used) = CivilTime.ctime(words), used == 3, rpm[words[3].string] != nil else {
      return nil
    }
    return civil
  }

  private static let dpkg = [
    "install": "installed", "upgrade": "upgraded", "remove": "removed", "purge": "purged", "disappear": "replaced",
  ]
  private static let rpm = [
    "Installed:": "installed", "Installed": "installed", "Upgraded:": "upgraded", "Updated:": "upgraded",
    "Upgrade:": "upgraded", "Erased:": "removed", "Removed:": "removed", "Erase:": "removed",
    "Downgraded:": "downgraded", "Downgrade:": "downgraded", "Reinstalled:": "reinstalled", "Reinstall:": "reinstalled",
    "Obsoleted:": "obsoleted", "Obsolete:": "obsoleted", "Obsoleting:": "obsoleted", "Cleanup:": "cleaned up",
    "Failed:": "failed", "Install:": "installed", "Remove:": "removed",
  ]

  func event(_ locator: Locator) -> Event {
    var attributes: [Attribute] = [Attribute("action", action), Attribute("package", package)]
    attributes.add("version_before", from)
    attributes.add("version_after", to)
    if isYearInferred { attributes.add("year", "inferred") }
    return Event(
      time: time, dataType: "linux:package:change",
      message: action == "failed" ? "A change of package \(package) failed." : "Package \(package) was \(action).",
      attributes: attributes, locator: locator)
  }
}

/// A run of apt as its history has it: `Start-Date:` to `End-Date:`.
struct AptTransaction {
  private var time: Timestamp?
  private var locator: Locator
  private var fields: [(name: String, value: String)] = []
  private(set) var isEnded = false

  init(_ line: TextLine, _ zone: Timestamp.Zone) {
    // Two blanks stand between date and time.
    let words = line.bytes.slice(12).words(limit: 2)
    let text = words.map(\.string).joined(separator: " ")
    time = text.withView { Timestamp(iso8601: $0, assuming: zone) }
    locator = line.locator
  }

  mutating func read(_ line: TextLine) -> Bool {
    guard let (key, value) = line.bytes.cut(0x3A), let name = Self.names[key.string] else { return false }
    locator = locator.reaching(line.end)
    if name == "end" {
      isEnded = true
    } else if fields.count < 32 {
      fields.append((name, value.trimmed.slice(0, 1 << 16).string))
    }
    return true
  }

  private static let names = [
    "Commandline": "command", "Requested-By": "requested_by", "Install": "packages_installed",
    "Upgrade": "packages_upgraded", "Remove": "packages_removed", "Purge": "packages_purged",
    "Downgrade": "packages_downgraded", "Reinstall": "packages_reinstalled", "Error": "error", "Comment": "comment",
    "End-Date": "end",
  ]

  func event() -> Event {
    var attributes: [Attribute] = []
    for field in fields { attributes.add(field.name, field.value) }
    let command = fields.first { $0.name == "command" }?.value
    return Event(
      time: time, .start, dataType: "linux:package:transaction",
      message: "apt changed packages\(command.map { " for \($0)" } ?? "").",
      attributes: attributes, locator: locator)
  }
}
