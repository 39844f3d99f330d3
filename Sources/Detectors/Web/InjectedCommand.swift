import Bytes

/// A command that a parameter's value goes on with: `?host=127.0.0.1;cat /etc/passwd`, `` ?ip=`id` ``, `?name=$(whoami)`.
///
/// Lists of columns are parted by the same signs (`fields=id;name`), so behind those a name alone is not enough.
enum InjectedCommand {
  private static let starts = ByteSet(";|&`$\n")
  /// Where only a command can stand.
  private static let substituted = NameTable([
    "id", "whoami", "uname", "hostname", "ifconfig", "cat", "ls", "sleep", "nslookup", "ping", "curl", "wget", "pwd",
  ])
  /// Words that are nothing else.
  private static let lone = NameTable(["whoami", "ifconfig", "netstat"])
  /// Those with an argument behind them.
  private static let spoken = NameTable([
    "cat", "ls", "head", "tail", "more", "less", "sleep", "nslookup", "ping", "uname", "sh", "bash", "nc", "rm",
    "curl", "wget", "python", "python3", "perl", "type", "chmod",
  ])
  /// Of one query.
  private static let maximumLooks = 64

  static func occurs(in query: ByteView) -> Bool {
    var places = BytePlaces(of: starts, in: query)
    var from = 0
    var looks = 0
    while looks < maximumLooks {
      let place = places.next(from: from)
      guard place < query.count else { return false }
      from = place + 1
      looks += 1
      if isCommand(query, place) { return true }
    }
    return false
  }

  private static func isCommand(_ query: ByteView, _ place: Int) -> Bool {
    var start = place + 1
    let isSubstituted = query[place] == 0x60 || query[place] == 0x24 && query[start] == 0x28
    if query[place] == 0x24 {
      guard isSubstituted else { return false }
      start += 1
    }
    // One ampersand parts parameters.
    if query[place] == 0x26 {
      guard query[start] == 0x26 else { return false }
      start += 1
    }
    while start - place < 8, isAny(query[start], of: " +\t|") { start += 1 }
    var end = start
    while end - start < 32, isWordByte(query[end]) || query[end] == 0x2F { end += 1 }
    let word = ShellWords.baseName(query.slice(start, end))
    let isBlank =
      isAny(query[end], of: " +\t<") || query.slice(end).hasPrefix("${IFS}") || query.slice(end).hasPrefix("$IFS")
    if isSubstituted {
      let isEnd = query[end] == (query[place] == 0x60 ? 0x60 : 0x29)
      return substituted.contains(word) && (isEnd || isBlank)
    }
    let isEnd = end == query.count || isAny(query[end], of: "&;|#`\n\"'")
    if lone.contains(word), isEnd || isBlank { return true }
    if isEnd, word == "id" { return followsAddress(query, place) }
    guard spoken.contains(word), isBlank else { return false }
    var argument = end
    while argument - end < 8, isAny(query[argument], of: " +\t<${}IFS") { argument += 1 }
    // A path, an option, an address or a time; words of a search have none of them.
    let next = query[argument]
    if word == "sleep" { return next >= 0x30 && next <= 0x39 }
    return next == 0x2F || next == 0x2D && query[argument + 1] | 0x20 >= 0x61 || query.slice(argument).hasPrefix("http")
      || query.slice(argument).hasPrefix("../") || next >= 0x30 && next <= 0x39
  }

  /// `host=127.0.0.1;id`, `host=;id`
  private static func followsAddress(_ query: ByteView, _ place: Int) -> Bool {
    var start = place
    var dots = 0
    while start > 0, place - start < 20,
      query[start - 1] >= 0x30 && query[start - 1] <= 0x39 || query[start - 1] == 0x2E
    {
      if query[start - 1] == 0x2E { dots += 1 }
      start -= 1
    }
    return query[start - 1] == 0x3D && start > 0 && (start == place || dots == 3)
  }
}
