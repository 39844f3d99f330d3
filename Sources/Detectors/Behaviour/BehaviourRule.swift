import Bytes
import Evidence

/// One thing that an intruder does at a shell, and what gives it away.
///
/// Severity follows who else does it: what an administrator types on an ordinary day is informational or low, what has an
/// innocent reading is medium, and only what has none is high.
struct BehaviourRule: Sendable {
  /// `behaviour.metadata-credentials`
  var rule: String
  var title: String
  var severity: Severity
  var attack: [String]
  /// One of these must stand in the command; they are sought together with those of all rules.
  var leads: [StaticString]
  /// What more it takes; nil for not this, else the severity for this very command.
  var judge: @Sendable (BehaviourText) -> Severity?

  init(
    _ rule: String, _ title: String, _ severity: Severity, _ attack: [String], leads: [StaticString],
    when test: @escaping @Sendable (BehaviourText) -> Bool = { _ in true }
  ) {
    self.init(rule, title, severity, attack, leads: leads, judge: { test($0) ? severity : nil })
  }

  init(
    _ rule: String, _ title: String, _ severity: Severity, _ attack: [String], leads: [StaticString],
    judge: @escaping @Sendable (BehaviourText) -> Severity?
  ) {
    self.rule = "behaviour." + rule
    self.title = title
    self.severity = severity
    self.attack = attack
    self.leads = leads
    self.judge = judge
  }

  static let all: [BehaviourRule] =
    credentialRules + downloadRules + transferRules + exfiltrationRules + persistenceRules + evasionRules
    + privilegeRules + reachRules + botRules + impactRules + campaignRules
}

/// A command, taken apart once for all rules.
final class BehaviourText {
  let text: ByteView
  let commands: [SimpleCommand]
  /// Of each command the program that it runs and its arguments, whatever stands before it (`sudo`, `nohup`, an
  /// assignment).
  let programs: [WordRun]
  /// Of each command its program's name, without the path.
  let tools: [ByteView]
  private let names: ToolNames
  private let shared: SharedText
  /// Whether a URL or an argument names a machine by its number.
  private(set) lazy var namesAddress = hasAddress { _ in true }
  /// The same of a machine outside.
  private(set) lazy var namesPublicAddress = namesAddress && hasAddress { !AddressText.isPrivate($0.string) }

  /// How bad it is that a download is run: two rules ask.
  private(set) lazy var downloadSeverity = BehaviourRule.downloadSeverity(self)

  convenience init(_ text: ByteView) { self.init(SharedText(text)) }

  init(_ shared: SharedText) {
    self.shared = shared
    text = shared.text
    commands = shared.line.commands
    programs = commands.map { Self.program($0.words) }
    tools = programs.map { $0.name($0.startIndex) }
    names = ToolNames(tools)
  }

  /// What runs a script that it is given.
  static let interpreters = NameTable([
    "sh", "bash", "zsh", "dash", "ksh", "ash", "perl", "python", "python2", "python3", "php", "ruby", "node",
  ])

  private static let keywords = NameTable(["do", "then", "else", "if", "while", "until", "{", "!"])

  /// Without what says when: a keyword of the shell, a line's fields in a crontab.
  private static func program(_ words: WordRun) -> WordRun {
    guard words.count > 1 else { return words }
    var start = 0
    while start + 1 < words.count, start < 3, keywords.contains(words[start]) { start += 1 }
    if start == 0, words.count >= 6, words[..<5].allSatisfy(isSchedule) {
      start = words.count > 6 && words[5] == "root" ? 6 : 5
    }
    return CommandPrefix.drop(words[start...])
  }

  private static func isSchedule(_ word: ByteView) -> Bool {
    guard word[0] == 0x2A || word[0] >= 0x30 && word[0] <= 0x39, word.count <= 16 else { return false }
    for index in 0..<word.count where word[index] < 0x30 || word[index] > 0x39 {
      if !isAny(word[index], of: "*/,-") { return false }
    }
    return true
  }

  func has(_ literal: StaticString) -> Bool { shared.has(literal) }

  func hasAny(_ literals: [StaticString]) -> Bool { literals.contains { has($0) } }

  /// Commands that run one of these.
  func running(_ names: NameTable) -> [WordRun] {
    marks(names).places.map { programs[$0] }
  }

  func runs(_ names: NameTable) -> Bool { self.names.contains(names) }

  /// Which commands run one of these.
  func marks(_ names: NameTable) -> ToolNames.Marks { self.names.marks(names) }

  /// Of each command whether any of these stands in it; empty where none does anywhere.
  func commands(naming literals: [StaticString]) -> [Bool] {
    var found: [Bool] = []
    for literal in literals where has(literal) {
      var index = 0
      var from = 0
      while index < commands.count, let place = text.firstIndex(of: ByteView(literal), from: from) {
        while index < commands.count, commands[index].range.upperBound <= place { index += 1 }
        guard index < commands.count else { break }
        from = place + 1
        guard commands[index].range.lowerBound <= place else { continue }
        if found.isEmpty { found = [Bool](repeating: false, count: commands.count) }
        found[index] = true
        // Another in the same command says no more.
        from = max(from, commands[index].range.upperBound)
      }
    }
    return found
  }

  /// Whether the text writes to such a path: `> path`, `>> path`, `tee path`, or a tool that copies there.
  func writes(_ path: StaticString) -> Bool {
    guard has(path) else { return false }
    var from = 0
    while let place = text.firstIndex(of: ByteView(path), from: from) {
      from = place + 1
      var start = place
      // Back over the rest of the path and blanks.
      while start > 0, place - start < 64, isWordByte(text[start - 1]) || isAny(text[start - 1], of: "/~.$-{}") {
        start -= 1
      }
      while start > 0, text[start - 1] == 0x20 || text[start - 1] == 0x22 || text[start - 1] == 0x27 { start -= 1 }
      if text[start - 1] == 0x3E { return true }
    }
    let edits = running(Self.editing)
    if edits.contains(where: { words in words.dropFirst().contains { $0.firstIndex(of: ByteView(path)) != nil } }) {
      return true
    }
    // What is copied stands before where it goes, but for `-t`.
    return running(Self.placing).contains { words in
      let last = words.dropFirst().last { $0[0] != 0x2D && !ShellWords.isRedirection($0) }
      return last?.firstIndex(of: ByteView(path)) != nil
        || zip(words, words.dropFirst()).contains { $0 == "-t" && $1.firstIndex(of: ByteView(path)) != nil }
    }
  }

  private static let editing = NameTable(["tee", "dd", "sed"])
  private static let placing = NameTable(["cp", "mv", "ln", "install"])
  static let copying = NameTable(["tee", "cp", "mv", "ln", "install", "dd", "sed"])

  private static let digits = ByteSet("0123456789.")

  private func hasAddress(_ fits: (ByteView) -> Bool) -> Bool {
    var digits = BytePlaces(of: Self.digits, in: text)
    var place = 0
    while place < text.count {
      place = digits.next(from: place)
      let start = place
      place = digits.end(from: start)
      if place - start >= 7, !isWordByte(text[start - 1]), !isWordByte(text[place]) {
        let address = text.slice(start, place)
        if Endpoint.isPlainHost(address), address.split(0x2E).count == 4, !address.hasPrefix("127."),
          !address.hasPrefix("0."), fits(address)
        {
          return true
        }
      }
      place = max(place, start) + 1
    }
    return false
  }

  /// Whether all that stands behind a redirection is where the text's last words go: `… | base64 -d > ~/.kube/config`.
  var onlyWrites: Bool {
    guard let last = commands.last, last.words.count >= 2 else { return false }
    let target = last.words[last.words.count - 2]
    guard target == ">" || target == ">>" else { return false }
    let path = last.words[last.words.count - 1]
    return path.count > 4 && text.firstIndex(of: path).map { $0 >= last.range.lowerBound } == true
      && commands.allSatisfy { command in
        command.words.dropLast(command.range == last.range ? 1 : 0).allSatisfy { word in
          !Self.secretFiles.contains { word.firstIndex(of: ByteView($0)) != nil }
        }
      }
  }

  private static let secretFiles: [StaticString] = [
    ".aws/", ".kube/", "id_rsa", "id_ed25519", "id_ecdsa", ".docker/", ".pgpass", ".my.cnf", ".git-cred",
  ]

  /// Whether a path leads into a directory that everyone may write to.
  func isTemporary(_ path: ByteView) -> Bool {
    path[0] == 0x2F && Self.temporary.contains { path.hasPrefix(ByteView($0)) }
  }

  static let temporary: [StaticString] = ["/tmp/", "/var/tmp/", "/dev/shm/"]

  /// A file in a directory that everyone may write to, hidden by a dot.
  var hasHiddenTemporary: Bool {
    hasAny(["/tmp/.", "/dev/shm/.", "/var/tmp/."])
      && !hasAny([
        "/tmp/.X11-", "/tmp/.ICE-unix", "/tmp/.font-unix", "/tmp/.XIM-unix", "/tmp/.Test-unix", "/tmp/.X0-lock",
        // Where an AppImage mounts itself.
        "/tmp/.mount_", "/tmp/.$",
        "/tmp/...",
      ])
  }
}
