import Bytes

/// A command for a shell in a request's query: a parameter named like one whose value is one.
enum QueryCommand {
  /// File managers have parameters like these too, and a word of theirs may be a command's.
  case possible
  /// A command's name where a command's would stand, and a column's as well: `cmd=id`.
  case likely
  /// Nothing else looks like it: an argument, a path, a shell's own signs, or a word that only a shell knows.
  case certain

  private static let names = NameTable(["cmd", "exec", "command", "execute", "run", "c"])
  private static let words = NameTable([
    "id", "whoami", "uname", "cat", "ls", "wget", "curl", "nc", "bash", "sh", "ping", "ifconfig", "netstat", "ps",
    "dir", "type", "powershell", "chmod", "echo", "pwd", "hostname",
  ])
  private static let certainWords = NameTable(["whoami", "uname", "ifconfig", "netstat"])
  /// elFinder's own parameters: `?cmd=ls&target=l1_Lw&reqid=18c`.
  private static let fileManager: [StaticString] = ["target=", "targets", "reqid=", "init="]

  private static let scripts: [StaticString] = [
    ".jsp", ".jspx", ".php", ".phtml", ".php5", ".asp", ".aspx", ".ashx", ".asmx", ".cfm", ".cgi",
  ]

  /// Whether a server runs what lies under the path.
  static func isScript(_ path: ByteView) -> Bool {
    scripts.contains {
      path.count >= $0.utf8CodeUnitCount && path.slice(path.count - $0.utf8CodeUnitCount).equalsIgnoringCase($0)
    }
  }

  private static let disguises: [StaticString] = [".ico", ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".css", ".txt"]

  /// Whether a script has the name of something harmless before its own: `/favicon.ico.jsp`.
  static func isDressed(_ path: ByteView) -> Bool {
    guard let dot = path.lastIndex(of: 0x2E) else { return false }
    return disguises.contains {
      dot >= $0.utf8CodeUnitCount && path.slice(dot - $0.utf8CodeUnitCount, dot).equalsIgnoringCase($0)
    }
  }

  /// Folders that a server lets be written to, or that hold no programs.
  private static let writable = LiteralSet(
    exact: [],
    ignoringCase: [
      "/up/", "/upload/", "/uploads/", "/uploaded/", "/images/", "/img/", "/tmp/", "/temp/", "/cache/", "/media/",
      "/static/", "/css/", "/fonts/", "/avatar/", "/avatars/", "/attachments/", "/.well-known/",
    ])

  /// Whether a script lies where no site keeps its own.
  static func isAstray(_ path: ByteView) -> Bool { writable.occurs(in: path) }

  private static let fetchers = LiteralSet(exact: ["curl", "wget"])

  /// Whether a value goes on with a download of its own: `?host=127.0.0.1;curl http://…|sh`, `` ?host=`wget http://…` ``.
  static func fetches(_ query: ByteView) -> Bool {
    var isFound = false
    fetchers.forEachMatch(in: query) { place, _ in
      var before = place
      while before > 0, place - before < 4, isAny(query[before - 1], of: " +") { before -= 1 }
      let next = query[place + 4]
      let rest = query.slice(place + 4, min(query.count, place + 4 + 512))
      isFound =
        before > 0 && isAny(query[before - 1], of: ";|&`(\n") && isAny(next, of: " +$\t<")
        && (rest.contains("http") || rest.contains("//") || rest.contains("|"))
      return isFound ? nil : place + 4
    }
    return isFound
  }

  static func find(in query: ByteView, isScript: Bool) -> QueryCommand? {
    guard query.firstIndex(of: 0x3D) != nil else { return nil }
    let parts = query.split(0x26, limit: 64)
    var found: QueryCommand?
    for part in parts {
      guard let (name, value) = part.cut(0x3D) else { continue }
      if isScript, value.equalsIgnoringCase("whoami") { return .certain }
      guard names.contains(name), let one = command(value, isShortName: name.count == 1) else { continue }
      if one == .certain { return one }
      if found != .likely { found = one }
    }
    guard found != nil, !parts.contains(where: { part in fileManager.contains { part.hasPrefix($0) } }) else {
      return nil
    }
    return found
  }

  private static func command(_ value: ByteView, isShortName: Bool) -> QueryCommand? {
    // `$(id)`, `` `id` ``, `;id`
    var start = 0
    while start < min(value.count, 4), isAny(value[start], of: "$(`;|") { start += 1 }
    var end = start
    while end < value.count, !isAny(value[end], of: " +;|&)`") { end += 1 }
    let path = value.slice(start, end)
    guard words.contains(ShellWords.baseName(path)) else { return nil }
    let rest = value.slice(end)
    let isPath = path.hasPrefix("/bin/") || path.hasPrefix("/usr/")
    let isOfShell = (0..<min(rest.count, 4096)).contains { isAny(rest[$0], of: "/\\-;|`$<>") }
    if start > 0 || isPath || isOfShell { return .certain }
    // `c=id` might be anything; so might a word behind it.
    if isShortName { return rest.isEmpty ? nil : .possible }
    return certainWords.contains(path) ? .certain : path.equalsIgnoringCase("id") ? .likely : .possible
  }
}
