import Bytes
import Evidence

/// coreutils' `who`, with the extra rows and columns of `-a`, with a header (`-H`), or names alone (`-q`); and busybox's.
struct WhoFormat: LogFormat {
  let name = "capture.who"
  let version = 6

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    var lines = sample.lines(12)[...]
    if let first = lines.first, Self.isBusyboxHeader(first) { return .high }
    if Self.isQuiet(lines) { return .high }
    if let first = lines.first, Self.isHeader(first) {
      lines = lines.dropFirst()
      if lines.isEmpty { return .high }
    }
    let rows = lines.filter { Self.row($0, nil, .inferred(0)) != nil }.count
    return rows > 0 && rows == lines.count ? .medium : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let relative = RelativeTime(context)
    let stream = try FrontStream(stream)
    let isQuiet = stream.front.withView {
      Self.isQuiet(FormatSample(head: $0, path: "", isWhole: stream.isWhole).lines(3)[...])
    }
    try readLines(stream, into: sink) { line in
      if isQuiet {
        if Self.count(line.bytes) != nil { return .parsed }
        for (index, name) in line.bytes.words(limit: 4096).enumerated() {
          var locator = line.locator
          // One line, several sessions.
          if index > 0 { locator.other["session"] = String(index + 1) }
          for event in LoginSession(user: name.string).events(locator) { sink.event(event) }
        }
        return .parsed
      }
      if Self.isHeader(line.bytes) || Self.isBusyboxHeader(line.bytes) { return .parsed }
      guard let session = Self.row(line.bytes, relative, context.zone) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a row of who")
      }
      for event in session.events(line.locator) { sink.event(event) }
      return .parsed
    }
  }

  // NAME     LINE         TIME             COMMENT
  private static func isHeader(_ line: ByteView) -> Bool {
    line.hasPrefix("NAME ") && line.contains(" LINE ") && line.contains(" TIME ")
  }

  /// The names of all sessions on one line, and how many they are on the next.
  private static func isQuiet(_ lines: ArraySlice<ByteView>) -> Bool {
    guard lines.count == 2, let first = lines.first, let last = lines.last, let count = count(last) else {
      return false
    }
    return count == first.words(limit: 4096).count
  }

  /// `# users=2`, below their names.
  private static func count(_ line: ByteView) -> Int? {
    line.hasPrefix("# users=") ? CivilTime.number(line.slice(8).trimmed) : nil
  }

  // USER		TTY		IDLE	TIME		 HOST
  static func isBusyboxHeader(_ line: ByteView) -> Bool {
    line.hasPrefix("USER\t") && line.contains("\tTTY\t") && line.contains("IDLE")
  }

  // ops      + pts/2        2026-11-25 05:21 00:06         435 (10.1.0.9)
  //            system boot  2026-11-25 05:20
  //            pts/3        2026-11-25 05:22               702 id=ts/3  term=0 exit=0
  // root            pts/0           00:06   Nov 25 05:21:40  10.1.0.9
  static func row(_ line: ByteView, _ relative: RelativeTime?, _ zone: Timestamp.Zone) -> LoginSession? {
    let words = line.words(limit: 16)
    // User, whether messages are let in, systemd's service, line, and busybox's idle time stand before the date.
    for place in 0..<min(words.count, 5) {
      guard let (civil, used) = date(words[place...]) else { continue }
      guard let tail = Tail(words[(place + used)...]),
        var session = session(words[..<place], tail, isNameless: line[0] == 0x20)
      else { return nil }
      // busybox alone prints seconds.
      guard civil.precision == .minute || session.idle != nil && tail.idle == nil else { return nil }
      session.start = civil.year == nil ? relative?.withoutYear(civil) : civil.timestamp(zone)
      session.startText = words[place..<place + used].map(\.string).joined(separator: " ")
      return session
    }
    return nil
  }

  /// `2026-11-25 05:21` or `Nov 25 05:21`, and how many words it is.
  private static func date(_ words: ArraySlice<ByteView>) -> (time: CivilTime, words: Int)? {
    let all = Array(words.prefix(3))
    guard let first = all.first, all.count > 1 else { return nil }
    if first.count == 10, first[4] == 0x2D, first[7] == 0x2D {
      guard all[1].count == 5, let year = CivilTime.number(first.slice(0, 4)),
        let month = CivilTime.number(first.slice(5, 7)), let day = CivilTime.number(first.slice(8)),
        let clock = CivilTime.timeOfDay(all[1])
      else { return nil }
      return (
        CivilTime(year: year, month: month, day: day, hour: clock.hour, minute: clock.minute, precision: .minute), 2
      )
    }
    guard all.count == 3, CivilTime.weekday(first) == nil, let (time, _, used) = CivilTime.ctime(all),
      (1...31).contains(time.day), used == 3
    else { return nil }
    return (time, 3)
  }

  /// What stands behind the date: how long the line was idle, the process, where from, and init's marks.
  private struct Tail {
    var idle: String?
    var pid: Int64?
    var host: Endpoint?
    /// What stands in the brackets where that is no host: `login screen`, `tmux(900).%0`.
    var comment: String?
    /// Somebody or something stands in brackets.
    var hasComment = false
    /// `id=ts/2`, of a process that init has started, or once had.
    var hasMark = false
    var isDead = false
    /// busybox writes the host without brackets.
    var bare: ByteView?

    /// Nil where there is anything else.
    init?(_ words: ArraySlice<ByteView>) {
      for (place, word) in words.enumerated() {
        if word[0] == 0x28, !hasComment {
          hasComment = true
          let isLast = place == words.count - 1
          if isLast, word.slice(1).firstIndex(of: 0x28) == nil {
            host = LoginSession.host(word)
          } else {
            comment = words.dropFirst(place).map(\.string).joined(separator: " ")
            if comment?.hasSuffix(")") ?? false { comment = comment.map { String($0.dropFirst().dropLast()) } }
          }
        } else if hasComment {
          // The rest of the comment.
          continue
        } else if let number = word.integer, number >= 0, pid == nil {
          pid = number
        } else if pid == nil, idle == nil,
          word == "." || word == "old" || word == "?" || olds.contains(word.string)
            || CivilTime.timeOfDay(word)?.precision == .minute
        {
          idle = word.string
        } else if word.hasPrefix("id=") || word.hasPrefix("term=") || word.hasPrefix("exit=") || word.hasPrefix("last=")
        {
          hasMark = true
          if word.hasPrefix("exit=") || word.hasPrefix("term=") { isDead = true }
        } else if words.count == 1 {
          bare = word
        } else if place == words.count - 1, pid != nil, !hasMark, IPAddress.normal(word) != nil {
          // `--ips` leaves the brackets out.
          host = LoginSession.host(word)
        } else {
          return nil
        }
      }
    }
  }

  private static func session(_ before: ArraySlice<ByteView>, _ tail: Tail, isNameless: Bool) -> LoginSession? {
    let words = Array(before)
    var session = LoginSession(user: "")
    session.host = tail.host
    session.pid = tail.pid
    session.idle = tail.idle
    if isNameless {
      guard tail.bare == nil else { return nil }
      let kind = words.map(\.string).joined(separator: " ")
      if kind == "system boot" || boots.contains(kind) {
        session.kind = "boot"
      } else if words.first.map({ $0 == "run-level" }) ?? false || isRunLevel(words) {
        session.kind = "runlevel"
      } else if kind == "clock change" {
        session.kind = kind
      } else if tail.hasMark, words.count < 2 {
        session.kind = tail.isDead ? "ended process" : "process of init"
        session.tty = words.first?.string
      } else {
        return nil
      }
      return session
    }
    session.status = tail.comment
    guard (2...4).contains(words.count), words[0].count < 33, words[0].integer == nil else { return nil }
    let line = words[words.count - 1]
    session.user = words[0].string
    session.tty = line.string
    // Where it asks systemd, it puts the service that let somebody in before the line.
    let isServed = words.count > 2 && isService(words[words.count - 2]) && isTerminal(line)
    if words.count == 4 {
      guard isMessageSign(words[1]), isServed else { return nil }
    }
    if words.count == 3, !isMessageSign(words[1]), !isServed {
      // busybox has the idle time between.
      let idle = words[2]
      guard CivilTime.timeOfDay(idle) != nil || idle == "old" || idle == "." || idle == "?", tail.idle == nil else {
        return nil
      }
      session.tty = words[1].string
      session.idle = idle.string
      if let bare = tail.bare { session.host = LoginSession.host(bare) }
    } else if let bare = tail.bare {
      guard IPAddress.normal(bare) != nil else { return nil }
      session.host = LoginSession.host(bare)
    }
    // Any two words may stand before a date: it is a terminal, or it is told where from.
    guard
      isServed || isTerminal(words[words.count == 3 && isMessageSign(words[1]) ? 2 : 1]) || tail.hasMark
        || tail.hasComment && CivilTime.weekday(words[0]) == nil
    else { return nil }
    // A getty waiting for somebody.
    if session.user == "LOGIN" { session.kind = "login prompt" }
    return session
  }

  /// In German, French, Spanish, Italian, Portuguese, Polish, Russian, Japanese, Korean and Chinese.
  private static let boots: Set<String> = [
    "Systemstart", "démarrage système", "arranque del sistema", "avvio di sistema", "inicialização do sistema",
    "start systemu", "загрузка системы", "システム起動", "시스템 부팅", "系统引导",
  ]
  private static let runLevels: Set<String> = [
    "Runlevel", "niveau d'exécution", "`run-level'", "nível de execução", "уровень выполнения", "런레벨", "运行级别",
  ]

  /// `old`, likewise.
  private static let olds: Set<String> = ["alt", "ancie", "antig", "fa", "dawno", "дав", "昔", "很久"]

  private static func isRunLevel(_ words: [ByteView]) -> Bool {
    guard let level = words.last, level.count == 1, words.count > 1 else { return false }
    return runLevels.contains(words.dropLast().map(\.string).joined(separator: " "))
  }

  private static func isMessageSign(_ word: ByteView) -> Bool { word == "+" || word == "-" || word == "?" }

  /// `sshd`, `gdm-password`, `login`.
  private static func isService(_ word: ByteView) -> Bool {
    guard word.count < 33, (0x61...0x7A).contains(word[0]) else { return false }
    for index in 1..<max(word.count, 1) {
      switch word[index] {
      case 0x61...0x7A, 0x30...0x39, 0x2D, 0x5F, 0x40, 0x2E: continue
      default: return false
      }
    }
    return true
  }

  private static func isTerminal(_ word: ByteView) -> Bool {
    for name in ["pts/", "tty", "hvc", "xvc", "vc/", "seat", "console", "lxc/", "sclp", "ssh", "?"] as [StaticString]
    where word.hasPrefix(ByteView(name)) { return true }
    return word[0] == 0x3A && (0x30...0x39).contains(word[1])
  }
}
