import Bytes

/// A line in front of what one command printed, in a file that holds the output of several: a prompt with what was typed, a
/// banner of a script (`===== ps aux =====`), or the name of a file as `head` and `tail` write it (`==> /etc/passwd <==`).
struct TranscriptHeading {
  /// What the output is to be called: the file that was shown, else the command with its words joined (`ps_aux`). Empty for a
  /// prompt at which nothing was typed.
  var path: String
  /// Whether nothing else looks like it: a prompt with user and host, a file's name between arrows.
  var isSure: Bool

  init?(_ line: ByteView) {
    let text = line.trimmed
    // Most lines end here: a row of a table begins with a letter, a digit or a slash, and has no prompt in it.
    guard text.count >= 3, text.count <= 512 else { return nil }
    if text.hasPrefix("==> "), text.hasSuffix(" <=="), text.count > 8 {
      self.init(path: text.slice(4, text.count - 4).trimmed.string, isSure: true)
      return
    }
    // What `script` writes around the rest.
    if text.hasPrefix("Script started on ") || text.hasPrefix("Script done on ") {
      self.init(path: "", isSure: true)
      return
    }
    if let (typed, isSure) = Self.prompt(text) {
      // A comment begins like root's bare prompt.
      guard isSure || Self.isCommand(typed, isTyped: text[0] != 0x23) else { return nil }
      self.init(path: Self.path(typed), isSure: isSure)
      return
    }
    guard let command = Self.banner(text), Self.isCommand(command, isTyped: false) else { return nil }
    self.init(path: Self.path(command), isSure: false)
  }

  /// A command alone on its line, between two rules.
  init?(underlined line: ByteView) {
    guard Self.isCommand(line.trimmed, isTyped: false) else { return nil }
    self.init(path: Self.path(line.trimmed), isSure: false)
  }

  init(path: String, isSure: Bool) {
    self.path = path
    self.isSure = isSure
  }

  /// Whether the line only underlines or fences what stands above it.
  static func isRule(_ line: ByteView) -> Bool {
    let text = line.trimmed
    guard text.count >= 3, "=-_*#~+`".utf8.contains(text[0]) else { return false }
    return text.unsafeBytes.allSatisfy { $0 == text[0] }
  }

  // MARK: Prompts

  // [root@web-1 ~]# ps aux — root@web-1:~# ps aux — bash-5.1$ id — web-1:~ # id — / # ps — $ id
  private static func prompt(_ text: ByteView) -> (typed: ByteView, isSure: Bool)? {
    var place = 0
    while let end = sign(text, from: place), end < 96 {
      let front = text.slice(0, end)
      let typed = text.slice(end + 1).trimmed
      if let isSure = isPrompt(front) { return (typed, isSure) }
      place = end + 1
    }
    return nil
  }

  /// The next `$`, `#` or `%` with a blank or nothing behind it.
  private static func sign(_ text: ByteView, from start: Int) -> Int? {
    var place = start
    while place < min(text.count, 96) {
      switch text[place] {
      case 0x24, 0x23, 0x25: if place + 1 == text.count || text[place + 1] == 0x20 { return place }
      default: break
      }
      place += 1
    }
    return nil
  }

  /// Whether it is what a shell writes in front of its sign, and whether it names user and host; nil where it is neither.
  private static func isPrompt(_ front: ByteView) -> Bool? {
    let text = front.trimmed
    // `$ id`, `# id`: a line of a script or a text may begin so too.
    if text.isEmpty { return false }
    if text.hasPrefix("bash-") || text.hasPrefix("sh-"), text.count <= 10,
      text.words(limit: 2).count == 1
    {
      return true
    }
    // busybox shows the folder alone.
    if text[0] == 0x2F || text == "~" {
      return text.words(limit: 2).count == 1 && front.count > text.count ? false : nil
    }
    var name = text
    if name[0] == 0x28, let close = name.firstIndex(of: 0x29) { name = name.slice(close + 1).trimmed }
    if name[0] == 0x5B, name[name.count - 1] == 0x5D { name = name.slice(1, name.count - 1) }
    let words = name.words(limit: 4)
    guard let first = words.first, words.count <= 2 else { return nil }
    if let (user, host) = first.cut(0x40), isName(user), !host.isEmpty {
      let machine = host.cut(0x3A)?.before ?? host
      return isName(machine) && (words.count == 2 || host.firstIndex(of: 0x3A) != nil) ? true : nil
    }
    // SUSE: host, folder, blank, sign.
    if words.count == 1, front.count > text.count, let (host, folder) = first.cut(0x3A), isName(host),
      folder[0] == 0x7E || folder[0] == 0x2F
    {
      return true
    }
    return nil
  }

  private static func isName(_ word: ByteView) -> Bool {
    guard !word.isEmpty, word.count <= 64 else { return false }
    return word.unsafeBytes.allSatisfy {
      (0x30...0x39).contains($0) || (0x41...0x5A).contains($0 & 0xDF) || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F
    }
  }

  // MARK: Banners

  // ===== ps aux ===== — ### netstat -anp ### — [+] Collecting ps aux — + ps aux — Command: ps aux
  private static func banner(_ text: ByteView) -> ByteView? {
    var (start, end) = (0, text.count)
    func isDecoration(_ byte: UInt8) -> Bool { "=-_*#~+<>|:[](){}!. ".utf8.contains(byte) }
    switch text[0] {
    case 0x5B:  // [+], [*], [INFO]
      guard let close = text.firstIndex(of: 0x5D), close <= 8 else { return nil }
      start = close + 1
    case 0x3D, 0x2D, 0x5F, 0x2A, 0x23, 0x7E, 0x2B, 0x3E, 0x3C:
      let isTrace = text[0] == 0x2B
      while start < end, isDecoration(text[start]) { start += 1 }
      // `+ ps aux` is what `sh -x` writes; of anything else one sign is not enough.
      guard start >= 3 || isTrace, start < end else { return nil }
    case 0x43, 0x63, 0x52, 0x72, 0x4F, 0x6F, 0x45, 0x65:
      guard let colon = text.firstIndex(of: 0x3A), colon <= 16 else { return nil }
      let lead = text.slice(0, colon)
      guard
        ["command", "cmd", "running", "output", "output of", "executing", "exec"].contains(lead.string.lowercased())
      else { return nil }
      start = colon + 1
    default: return nil
    }
    while end > start, isDecoration(text[end - 1]), text[end - 1] != 0x2E || end - start > 2 { end -= 1 }
    var rest = text.slice(start, end).trimmed
    for _ in 0..<2 {
      guard let word = rest.words(limit: 2).first, leadWords.contains(word.string.lowercased()) else { break }
      rest = rest.slice(word.count).trimmed
    }
    if rest[0] == 0x27 || rest[0] == 0x22 || rest[0] == 0x60, rest.count > 2, rest[rest.count - 1] == rest[0] {
      rest = rest.slice(1, rest.count - 1)
    }
    return rest
  }

  private static let leadWords: Set<String> = [
    "collecting", "running", "output", "of", "command", "cmd", "command:", "cmd:", "executing", "begin", "start", "$",
    "#", "running:", "executing:", "collecting:", "output:", "capturing", "capturing:", "exec:", "run:",
  ]

  // MARK: Commands

  /// Words that stand in front of the command itself.
  private static let wrappers: Set<String> = ["sudo", "time", "nice", "env", "command", "busybox", "timeout", "stdbuf"]

  /// Whether it is a call of a command whose output somebody who looks at a host keeps.
  ///
  /// - Parameter isTyped: whether it stands behind a prompt's sign. Elsewhere a word of English may be meant (`last`, `find`), so
  ///   what follows has to look like arguments.
  private static func isCommand(_ text: ByteView, isTyped: Bool) -> Bool {
    var words = text.words(limit: 24)[...]
    while let word = words.first {
      let isSetting = word.firstIndex(of: 0x3D).map { $0 > 0 } ?? false
      guard isSetting || wrappers.contains(word.string) || CivilTime.number(word) != nil else { break }
      words = words.dropFirst()
    }
    guard let first = words.first else { return false }
    let name = first.lastIndex(of: 0x2F).map { first.slice($0 + 1) } ?? first
    guard commands.contains(name.string) else { return false }
    // An option shows that no English is meant.
    if isTyped || words.dropFirst().contains(where: { $0[0] == 0x2D && $0.count > 1 }) { return true }
    for word in words.dropFirst() {
      // Behind a pipe anything may follow.
      if word == "|" || word == ";" || word == "&&" || word == "||" { return true }
      let isLetter = (0x41...0x5A).contains(word[0] & 0xDF)
      guard !isLetter || arguments.contains(word.string) || word.firstIndex(of: 0x2F) != nil else { return false }
    }
    return true
  }

  private static let commands: Set<String> = [
    "ps", "top", "netstat", "ss", "lsof", "ip", "ifconfig", "route", "arp", "w", "who", "last", "lastb", "lastlog",
    "lsmod", "mount", "findmnt", "df", "free", "date", "uname", "uptime", "history", "env", "printenv", "systemctl",
    "docker", "podman", "crictl", "crontab", "iptables", "ip6tables", "iptables-save", "nft", "cat", "head", "tail",
    "ls",
    "find", "stat", "md5sum", "sha1sum", "sha256sum", "lsblk", "getenforce", "sestatus", "rpm", "dpkg", "id",
    "hostname",
    "hostnamectl", "timedatectl", "dmesg", "journalctl", "sysctl", "atq", "getent", "lsattr", "getcap", "ulimit",
    "dmidecode", "chkconfig", "service", "utmpdump", "pstree", "getfacl", "ausearch", "aureport", "whoami", "loginctl",
    "exit", "logout",
  ]

  private static let arguments: Set<String> = [
    "aux", "auxf", "auxw", "auxww", "auxwww", "auxwwf", "ax", "axjf", "axo", "ef", "eww", "faux", "waux", "addr",
    "address",
    "a", "r", "route", "neigh", "neighbor", "link", "rule", "show", "list", "list-units", "list-unit-files",
    "list-timers",
    "status", "images", "inspect", "info", "ls", "root", "ruleset", "output", "table", "all", "passwd", "group",
    "shadow",
    "container", "image", "network", "volume",
  ]

  /// The file that was shown, so that its output is read as that file is; else the command as collectors name their files.
  private static func path(_ command: ByteView) -> String {
    let words = command.words(limit: 24).drop { wrappers.contains($0.string) }
    guard let first = words.first else { return "" }
    if first == "cat" || first == "head" || first == "tail" || first == "less" || first == "more" {
      if let file = words.dropFirst().last(where: { $0[0] == 0x2F && $0.count > 1 }) { return file.string }
    }
    if first == "ls" {
      let folders = words.dropFirst().filter { $0[0] != 0x2D }
      if folders.count == 1, let folder = folders.first, folder[0] == 0x2F { return "ls " + folder.string }
    }
    let name = words.prefix { !($0 == "|") && !($0 == ";") && !$0.hasPrefix("2>") && !($0 == "&&") }
    return name.map { String($0.string.map { $0 == "/" ? "." : $0 }) }.joined(separator: "_")
  }
}
