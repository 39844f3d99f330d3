import Bytes
import Evidence

/// Tells whether a command line erases logs, in the ways that name no file behind an eraser.
enum LogWiping {
  private static let erasers = NameTable(["rm", "shred", "truncate", "unlink", "wipe", "srm"])
  /// What lies in `/var/log` and says who was there.
  private static let logins = NameTable([
    "wtmp", "btmp", "lastlog", "utmp", "auth.log", "secure", "audit.log", "faillog",
  ])
  private static let logs = NameTable([
    "syslog", "messages", "kern.log", "cron", "maillog", "mail.log", "daemon.log", "*", "*.log",
  ])

  private static func namesLogs(_ word: ByteView) -> Bool { word.firstIndex(of: ByteView("/var/log")) != nil }

  /// All logs at once, or one by a tool that copies nothing over it.
  static func sweeps(_ it: BehaviourText) -> Bool {
    it.programs.indices.contains { index in
      let words = it.programs[index]
      switch it.tools[index] {
      case let tool where tool == "dd": return words.contains { $0.hasPrefix("of=/var/log/") }
      // `cp /dev/null /var/log/auth.log`
      case let tool where tool == "cp":
        return words.contains { $0 == "/dev/null" } && words.last.map(namesLogs) == true
      case let tool where tool == "tee":
        return words.dropFirst().contains(where: namesLogs) && !words.contains { $0 == "-a" || $0 == "--append" }
          && it.commands[index].before == 0x7C && index > 0 && saysNothing(it, index - 1)
      case let tool where tool == "find": return words.contains(where: namesLogs) && findErases(it, index)
      default: return false
      }
    }
      || it.commands.contains { $0.word(0) == "for" && $0.words.contains(where: namesLogs) } && emptiesEach(it)
      || it.runs(NameTable(["utmpdump"]))
        && it.hasAny([">/var/log/", "> /var/log/", ">/var/run/utmp", "> /var/run/utmp"])
  }

  private static func emptiesEach(_ it: BehaviourText) -> Bool {
    it.hasAny(["> $", ">$", "> \"$", ">\"$", "truncate"])
  }

  /// `cat /dev/null |`, `echo "" |`, `: |`
  private static func saysNothing(_ it: BehaviourText, _ index: Int) -> Bool {
    let words = it.programs[index]
    let tool = it.tools[index]
    if words.count == 1 { return tool == "echo" || tool == "printf" || tool == ":" || tool == "true" }
    return tool == "cat" && words.dropFirst().allSatisfy { $0 == "/dev/null" }
      || tool == "echo" && words.last.map { $0 == "-n" } == true
  }

  /// `find /var/log … -delete`, `… -exec truncate`, `… | xargs rm`. What is only taken away once it is old is housekeeping.
  private static func findErases(_ it: BehaviourText, _ index: Int) -> Bool {
    let (words, last) = it.wordsAcrossQuotes(index)
    if words.contains(where: { $0 == "-exec" }), words.contains(where: { $0 == "truncate" || $0 == "shred" }) {
      return true
    }
    let isOld = zip(words, words.dropFirst()).contains { flag, value in
      value[0] == 0x2B && (flag.hasSuffix("time") || flag.hasSuffix("min"))
    }
    if isOld { return false }
    if words.contains(where: { $0 == "-delete" || $0 == "-exec" || $0 == "-execdir" || $0 == "-ok" }) {
      return words.contains { $0 == "-delete" } || words.contains { erasers.contains(ShellWords.baseName($0)) }
    }
    guard last + 1 < it.commands.count, it.commands[last + 1].before == 0x7C, it.tools[last + 1] == "xargs" else {
      return false
    }
    return it.programs[last + 1].contains { erasers.contains(ShellWords.baseName($0)) }
  }

  /// `cd /var/log && rm -f wtmp btmp`: nil where nothing is erased so, else whether it is what says who logged in.
  static func erasesWithin(_ it: BehaviourText) -> Bool? {
    guard
      let start = it.programs.indices.first(where: {
        it.tools[$0] == "cd" && it.programs[$0].dropFirst().contains(where: namesLogs)
      })
    else { return nil }
    lazy var emptiesEach = Self.emptiesEach(it)
    var found: Bool?
    for index in it.programs.indices where index > start {
      // Elsewhere it is something else.
      if it.tools[index] == "cd" { break }
      if it.tools[index] == "for", it.programs[index].contains(where: { logs.contains($0) }), emptiesEach {
        found = found ?? false
      }
      guard erasers.contains(it.tools[index]) else { continue }
      for word in it.programs[index].dropFirst() {
        if logins.contains(word) { return true }
        if logs.contains(word) { found = false }
      }
    }
    return found
  }
}
