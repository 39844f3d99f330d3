import Evidence

/// Looks at what the captures of a live host show of those who hide on it: programs whose file is gone, processes under the name
/// of a thread of the kernel, processes that a mount covers, modules of rootkits, what the kernel is told to run.
///
/// A pure function of what it takes, in any order. What several captures show is one finding with the evidence of all.
public struct LiveReview {
  /// Of one rule; a hostile capture has as many as it likes.
  private static let limit = 200

  private struct Fact {
    var rule: String
    var title: String
    var severity: Severity
    var attack: [String]
    var message: String
    var pid: Int64?
    var path: String?
    /// It counts only where the same listing shows that it is the exception.
    var isWeak = false
    /// The file that exists in memory alone: what runs it is told together.
    var program: String?

    var key: String { "\(rule) \(pid.map(String.init) ?? "") \(path ?? (pid == nil ? message : ""))" }
    /// Of two captures the one that shows more is told, in whatever order they come.
    func saysMore(than other: Fact) -> Bool {
      let (own, others) = (message.utf8.count, other.message.utf8.count)
      return own != others ? own > others : message < other.message
    }
  }

  private var known: [String: (fact: Fact, places: [EvidenceReference])] = [:]
  private var counts: [String: Int] = [:]
  /// Of each listing how many threads of the kernel have no memory of their own, as they all should, and how many have.
  private var threads: [Digest: (plain: Int, odd: Int)] = [:]

  public init() {}

  public mutating func take(_ event: Event, artifact: Digest) {
    guard event.dataType.hasPrefix("linux:") else { return }
    countThread(event, artifact)
    if let fact = Self.fact(event) { add(fact, event, artifact) }
    // A process that hides its name may have hidden its file too.
    if event.dataType == "linux:capture:process", let path = event.text("executable"),
      let fact = Self.executable(path, event.integer("pid"))
    {
      add(fact, event, artifact)
    }
  }

  private mutating func add(_ fact: Fact, _ event: Event, _ artifact: Digest) {
    let evidence = EvidenceReference(artifact: artifact, locator: event.locator)
    if var old = known[fact.key] {
      if fact.saysMore(than: old.fact) { old.fact = fact }
      if old.places.count < 16 { old.places.append(evidence) }
      known[fact.key] = old
    } else if counts[fact.rule, default: 0] < Self.limit {
      counts[fact.rule, default: 0] += 1
      known[fact.key] = (fact, [evidence])
    }
  }

  private mutating func countThread(_ event: Event, _ artifact: Digest) {
    guard event.dataType == "linux:capture:process", let size = event.integer("virtual_kib"),
      event.text("command_line")?.hasPrefix("[") == true
    else { return }
    if size > 0 { threads[artifact, default: (0, 0)].odd += 1 } else { threads[artifact, default: (0, 0)].plain += 1 }
  }

  private func isException(_ place: EvidenceReference) -> Bool {
    threads[place.artifact].map { $0.plain > $0.odd } ?? false
  }

  public func findings() -> [Finding] {
    let told = known.values.filter { fact, places in !fact.isWeak || places.contains(where: isException) }
    return Self.gathered(told).map { fact, places, pids in
      var entities = pids.map { Entity(.process, String($0)) }
      if let path = fact.path { entities.append(Entity(.file, path)) }
      var finding = Finding(
        rule: fact.rule, title: fact.title, severity: fact.severity,
        confidence: fact.severity >= .high ? .high : .medium, attack: fact.attack, entities: entities,
        evidence: places.sorted { Self.order($0) < Self.order($1) }, message: fact.message)
      finding.attributes.add("pid", fact.pid)
      finding.attributes.add("path", fact.path)
      return finding
    }
    .sorted { ($0.rule, $0.message) < ($1.rule, $1.message) }
  }

  private typealias Told = (fact: Fact, places: [EvidenceReference], pids: [Int64])

  /// Of many processes that run the same program from memory one speaks for all, with every place.
  private static func gathered(_ all: [(fact: Fact, places: [EvidenceReference])]) -> [Told] {
    let groups = Dictionary(grouping: all) { $0.fact.program ?? $0.fact.key }
    return groups.values.compactMap { group in
      let ordered = group.sorted { ($0.fact.pid ?? -1, $0.fact.message) < ($1.fact.pid ?? -1, $1.fact.message) }
      guard var fact = ordered.first?.fact else { return nil }
      let pids = ordered.compactMap(\.fact.pid)
      if ordered.count > 1 {
        let others = pids.dropFirst().prefix(32).map(String.init).joined(separator: ", ")
        fact.message += " So do \(ordered.count - 1) more: \(others)."
      }
      var seen: Set<EvidenceReference> = []
      return (fact, ordered.flatMap(\.places).filter { seen.insert($0).inserted }, pids)
    }
  }

  private static func order(_ place: EvidenceReference) -> (String, UInt64, String) {
    (place.artifact.hex, place.locator.order, place.locator.text)
  }

  // MARK: Facts

  private static func fact(_ event: Event) -> Fact? {
    switch event.dataType {
    case "linux:capture:path": return linked(event) ?? capable(event)
    case "linux:capture:open_file":
      guard event.text("fd") == "txt", let path = event.text("name") else { return nil }
      return executable(path, event.integer("pid"))
    case "linux:capture:process":
      return disguised(event)
    case "linux:capture:environment": return preloaded(event)
    case "linux:capture:kernel_setting": return coreHandler(event)
    case "linux:mount": return covered(event)
    case "linux:module": return module(event)
    case "linux:capture:rootkit_check": return scanned(event)
    default: return nil
    }
  }

  /// `/proc/470/exe -> /var/tmp/.cache/kdev (deleted)`
  private static func linked(_ event: Event) -> Fact? {
    guard let target = event.text("link_target"), let path = event.text("path"), path.hasPrefix("/proc/"),
      path.hasSuffix("/exe"), let pid = Int64(path.dropFirst(6).dropLast(4))
    else { return nil }
    return executable(target, pid)
  }

  /// An upgrade replaces the files of running services, so one that is gone from the folders of programs says nothing.
  private static func executable(_ path: String, _ pid: Int64?) -> Fact? {
    let process = pid.map { "Process \($0)" } ?? "A process"
    if path.hasPrefix("/memfd:") || path.hasPrefix("memfd:") {
      // Container engines run their first step from such a copy of themselves.
      if path.contains("memfd:runc") || path.contains("memfd:crun") { return nil }
      return Fact(
        rule: "process.memfd-executable", title: "Program run from memory", severity: .high,
        attack: ["T1620", "T1027.011"], message: "\(process) runs \(path): a file that exists in memory alone.",
        pid: pid, program: path)
    }
    guard path.hasSuffix(" (deleted)") else { return nil }
    let file = String(path.dropLast(10))
    let isOpen = HostNames.isOddPlace(file)
    guard isOpen || !HostNames.isOfPrograms(file) else { return nil }
    return Fact(
      rule: "process.deleted-executable", title: "Program whose file was deleted",
      severity: isOpen ? .high : .low, attack: ["T1070.004"],
      message: "\(process) runs \(file), which is not there any more.", pid: pid, path: file)
  }

  /// Threads of the kernel are root's, have no memory of their own and no arguments, and are children of kthreadd.
  private static func disguised(_ event: Event) -> Fact? {
    guard let line = event.text("command_line"), line.hasPrefix("["), !line.hasSuffix("<defunct>"),
      let close = line.firstIndex(of: "]"), HostNames.isKernelThread(line[line.index(after: line.startIndex)..<close])
    else { return nil }
    var signs: [String] = []
    if line.index(after: close) != line.endIndex { signs.append("has arguments") }
    if let user = event.text("user"), user != "root", user != "0" { signs.append("is \(user)'s") }
    if let uid = event.integer("uid"), uid != 0 { signs.append("is the number \(uid)'s") }
    if let size = event.integer("virtual_kib"), size > 0 { signs.append("has memory of its own") }
    let isWeak = signs == ["has memory of its own"]
    // kthreadd starts nobody else's processes. Before it had the number 2, another of the first processes was their parent.
    let parent = event.integer("ppid")
    if parent == 2, isWeak { return nil }
    if let parent, parent > 100 || parent != 0 && parent != 2 && !signs.isEmpty {
      signs.append("is a child of process \(parent)")
    }
    guard !signs.isEmpty else { return nil }
    let pid = event.integer("pid")
    return Fact(
      rule: "process.masquerade", title: "Process disguised as a kernel thread", severity: .high, attack: ["T1036.004"],
      message: (pid.map { "Process \($0)" } ?? "A process") + " calls itself \(line.prefix(200)) like a thread of the "
        + "kernel, but it \(signs.joined(separator: ", ")).", pid: pid, isWeak: isWeak && signs.count == 1)
  }

  private static func preloaded(_ event: Event) -> Fact? {
    guard case .texts(let variables)? = event["environment"] else { return nil }
    for variable in variables where variable.hasPrefix("LD_PRELOAD=") {
      let paths = variable.dropFirst(11).split { $0 == ":" || $0 == " " }.map(String.init)
      guard let path = paths.first(where: HostNames.isOddPlace) else { continue }
      let pid = event.integer("pid")
      return Fact(
        rule: "process.preload", title: "A process loads a library from a hidden or open place first",
        severity: .medium,
        attack: ["T1574.006"],
        message: (pid.map { "Process \($0)" } ?? "The captured environment") + " has LD_PRELOAD set to \(path).",
        pid: pid,
        path: path)
    }
    return nil
  }

  /// `kernel.core_pattern = |/tmp/.x`: run as root whenever any program crashes.
  private static func coreHandler(_ event: Event) -> Fact? {
    guard event.text("name") == "kernel.core_pattern", let value = event.text("value"), value.hasPrefix("|"),
      let path = value.dropFirst().split(separator: " ").first.map(String.init),
      HostNames.isOddPlace(path) || !HostNames.isOfPrograms(path)
    else { return nil }
    let isOpen = HostNames.isOddPlace(path)
    return Fact(
      rule: "persistence.core-pattern", title: "The kernel runs a program of an odd place when another crashes",
      severity: isOpen ? .high : .medium, attack: ["T1546", "T1611"],
      message: "kernel.core_pattern makes the kernel run \(path) as root whenever a program crashes.", path: path)
  }

  /// Whatever is mounted over a process's folder hides it from ps.
  private static func covered(_ event: Event) -> Fact? {
    guard let place = event.text("mount_point"), place.hasPrefix("/proc/"), let pid = Int64(place.dropFirst(6)), pid > 0
    else { return nil }
    return Fact(
      rule: "process.covered-by-mount", title: "A mount hides a process", severity: .high, attack: ["T1564.013"],
      message:
        "\(event.text("device") ?? "Something") is mounted over \(place), so that ps does not show process \(pid).",
      pid: pid)
  }

  private static func module(_ event: Event) -> Fact? {
    guard let name = event.text("module"), HostNames.rootkits.contains(name.lowercased()) else { return nil }
    return Fact(
      rule: "persistence.rootkit-module", title: "A module of a known rootkit is loaded", severity: .high,
      attack: ["T1014", "T1547.006"], message: "The kernel has the module \(name) loaded, which is a rootkit's name.")
  }

  /// A scanner's word; it is often wrong of ports and of processes that came and went meanwhile.
  private static func scanned(_ event: Event) -> Fact? {
    guard let check = event.text("check"), let said = event.text("text") else { return nil }
    return Fact(
      rule: "scanner.rootkit", title: "A scanner for rootkits found something",
      severity: event.text("verdict") == "infected" ? .medium : .low, attack: ["T1014"],
      message: "\(event.text("program") ?? "A scanner") says of \(check): \(said.prefix(200))")
  }

  /// `/usr/bin/python3.11 cap_setuid=ep`: who may start it is root.
  private static func capable(_ event: Event) -> Fact? {
    guard let capabilities = event.text("capabilities"), let path = event.text("path"),
      HostNames.givesRoot(capabilities)
    else { return nil }
    let isOpen = HostNames.isOddPlace(path)
    guard isOpen || HostNames.runsAnything(path) else { return nil }
    return Fact(
      rule: "file.capability", title: "A file has rights that make who runs it root",
      severity: isOpen ? .high : .medium,
      attack: ["T1548.001"], message: "\(path) has the capabilities \(capabilities).", path: path)
  }
}
