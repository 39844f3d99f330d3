import Evidence

/// Looks at the files of a host by the time of the incident: setuid files, files without an owner, scripts that came into a
/// web root, executables in folders open to everybody, what was changed meanwhile.
///
/// A pure function of what it takes, in any order. Files of one path from several sources count once, the times together.
/// Half a million files are kept at most; `isCut` says that there were more.
public struct FileReview {
  static let maximumFiles = 500_000
  /// Findings of one rule; the last says how many more there are.
  static let maximumFindings = 100

  /// When the incident was, in order and apart; what was changed within counts as its work. Empty where nobody knows when it
  /// was: then files are told by their place and permissions alone. May be set when all files are taken, since only
  /// `findings` asks for it.
  public var windows: [ClosedRange<Timestamp>]
  private var files: [String: FileFact] = [:]
  private var accounts: Set<String> = []
  public private(set) var isCut = false

  public init(windows: [ClosedRange<Timestamp>] = []) { self.windows = windows }

  /// When files of these contents were written, an hour on both sides: what an intruder dropped tells when he was there, where
  /// nothing else does. Nil where no time of any is known.
  public func window(around contents: Set<Digest>) -> ClosedRange<Timestamp>? {
    let times = files.values.lazy.filter { $0.content.map { contents.contains($0) } ?? false }
      .flatMap { $0.times.map(\.time) }
    guard let first = times.min(), let last = times.max() else { return nil }
    return IncidentWindows.widened(first.nanoseconds, last.nanoseconds)
  }

  /// Whether something was done to a file of this path during the incident.
  public func isOfTheTime(_ path: String) -> Bool { files[path].map { moment($0) != nil } ?? false }

  /// Takes an event of a bodyfile, a listing or a list of accounts; others are passed over.
  public mutating func take(_ event: Event, artifact: Digest) {
    if let fact = FileFact(event, artifact: artifact) { take(fact) }
    if event.dataType == "linux:account" {
      if let name = event.text("user") { accounts.insert(name) }
      if let number = event.integer("uid") { accounts.insert(String(number)) }
    }
  }

  /// Takes what an archive or a file system says of a file.
  public mutating func take(_ fact: FileFact) {
    if var known = files[fact.path] {
      known.mode = known.mode ?? fact.mode
      known.owner = known.owner ?? fact.owner
      known.content = known.content ?? fact.content
      // A package's list of files has no types: whoever knows that it is a folder or a link is right.
      known.isRegular = known.isRegular && fact.isRegular
      for time in fact.times where !known.times.contains(time) && known.times.count < 16 { known.times.append(time) }
      // The place that tells it must not depend on the order of taking.
      if Self.order(fact.evidence) < Self.order(known.evidence) { known.evidence = fact.evidence }
      files[fact.path] = known
    } else if files.count < Self.maximumFiles {
      files[fact.path] = fact
    } else {
      isCut = true
    }
  }

  private static func order(_ evidence: EvidenceReference) -> (String, UInt64, String) {
    (evidence.artifact.hex, evidence.locator.order, evidence.locator.text)
  }

  /// What is to be told, by rule and path.
  public func findings() -> [Finding] {
    let sorted = files.values.sorted { $0.path < $1.path }
    let webRoots = WebRootReview(sorted, windows)
    let packages = PackageChanges(sorted)
    var byRule: [String: [Finding]] = [:]
    for file in sorted where file.isRegular {
      guard
        let finding = webRoots.finding(file) ?? setID(file, packages) ?? executable(file) ?? unowned(file)
          ?? changed(file)
      else { continue }
      byRule[finding.rule, default: []].append(finding)
    }
    return byRule.sorted { $0.key < $1.key }.flatMap { Self.limited($0.value) }
  }

  private static func limited(_ findings: [Finding]) -> [Finding] {
    guard findings.count > maximumFindings else { return findings }
    var kept = Array(findings.prefix(maximumFindings))
    kept[maximumFindings - 1].message += " \(findings.count - maximumFindings) more files are like it."
    return kept
  }

  // MARK: Rules

  /// The first moment within the incident at which something was done to the file.
  private func moment(_ file: FileFact) -> FileTime? {
    file.times.filter { windows.hold($0.time) }.min {
      ($0.time, $0.meaning.rawValue) < ($1.time, $1.meaning.rawValue)
    }
  }

  private func setID(_ file: FileFact, _ packages: PackageChanges) -> Finding? {
    guard file.isSetID else { return nil }
    let moment = moment(file)
    if PackageChanges.isProgram(file.path) {
      guard let moment, !packages.brought(file, at: moment, in: windows) else { return nil }
    }
    let word = (file.mode ?? 0) & 0o4000 != 0 ? "setuid" : "setgid"
    if moment == nil, AttackMarks.isDropPlace(file.path) {
      return finding(
        "file.setuid-in-open-folder", "A setuid file in a folder open to everybody", .high, ["T1548.001"], file, nil,
        "\(file.path) is \(word)\(file.owner.map { " of \($0)" } ?? "")")
    }
    return finding(
      moment == nil ? "file.setuid-in-odd-place" : "file.setuid-of-the-time",
      moment == nil ? "A setuid file outside of the program folders" : "A file was made setuid during the incident",
      moment == nil ? .medium : .high, ["T1548.001"], file, moment,
      "\(file.path) is \(word)\(file.owner.map { " of \($0)" } ?? "")")
  }

  private func executable(_ file: FileFact) -> Finding? {
    // Where schedules lie nobody but their owner writes, and jobs of `at` are executable.
    guard file.isExecutable, AttackMarks.isDropPlace(file.path), !file.path.hasPrefix("/var/spool/") else { return nil }
    let moment = moment(file)
    return finding(
      "file.executable-in-open-folder", "An executable file in a folder open to everybody",
      moment == nil ? .low : .medium, ["T1105"], file, moment, "\(file.path) can be run")
  }

  private func unowned(_ file: FileFact) -> Finding? {
    // Without the accounts nobody can say who is missing.
    guard !accounts.isEmpty, let owner = file.owner, !accounts.contains(owner), owner.allSatisfy(\.isNumber)
    else { return nil }
    let moment = moment(file)
    return finding(
      "file.unowned", "A file of no known account", moment == nil ? .low : .medium, ["T1136.001"], file, moment,
      "\(file.path) belongs to the number \(owner), which is no account")
  }

  private func changed(_ file: FileFact) -> Finding? {
    guard let moment = moment(file) else { return nil }
    let isWritten = file.times.contains { $0.meaning == .modification && windows.hold($0.time) }
    if PersistencePlaces.holds(file.path, isWritten: isWritten) {
      return finding(
        "file.persistence-changed", "What starts or lets somebody in was changed during the incident", .medium,
        ["T1546"], file, moment, "\(file.path) says what runs by itself or who may log in")
    }
    guard Self.isSensitive(file.path) else { return nil }
    return finding(
      "file.changed-in-incident", "A file of the system was changed during the incident", .low, [], file, moment,
      "\(file.path) matters to the system")
  }

  private func finding(
    _ rule: String, _ title: String, _ severity: Severity, _ attack: [String], _ file: FileFact, _ moment: FileTime?,
    _ what: String
  ) -> Finding {
    Self.finding(rule, title, severity, attack, file, moment, what, isTimeKnown: !windows.isEmpty)
  }

  static func finding(
    _ rule: String, _ title: String, _ severity: Severity, _ attack: [String], _ file: FileFact, _ moment: FileTime?,
    _ what: String, isTimeKnown: Bool
  ) -> Finding {
    let when =
      moment.map { " At \($0.time), during the incident, \(words($0.meaning))." }
      ?? (isTimeKnown ? " No change of it lies in the incident." : " When the incident was is not known.")
    var finding = Finding(
      rule: rule, title: title, severity: severity, confidence: .medium, attack: attack, firstSeen: moment?.time,
      entities: [Entity(.file, file.path)], evidence: [file.evidence], message: what + "." + when)
    finding.attributes.add("path", file.path)
    finding.attributes.add("mode", file.mode.map { String($0, radix: 8) })
    finding.attributes.add("owner", file.owner)
    finding.attributes.add("sha256", file.content?.hex)
    return finding
  }

  private static func words(_ meaning: TimeMeaning) -> String {
    switch meaning {
    case .modification: "it was written to"
    case .creation: "it was created"
    default: "its permissions, owner or name were changed"
    }
  }

  // MARK: Places

  /// Configuration, programs and what starts by itself; logs and state change all the time.
  private static func isSensitive(_ path: String) -> Bool {
    for folder in [
      "/etc/", "/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/", "/boot/", "/root/", "/var/spool/cron/", "/opt/",
    ]
    where path.hasPrefix(folder) { return true }
    return path.contains("/.ssh/") || path.hasSuffix("rc") && path.contains("/.")
  }
}
