import Bytes
import Evidence

/// Crontabs: of users (`/var/spool/cron`), of the system (`/etc/crontab`, `/etc/cron.d`), and anacron's.
///
/// A system crontab names the user after the schedule. A user's does not, and nothing in a line tells the two apart for
/// certain: the path does. A dash before the schedule keeps cron (cronie) from logging the job.
struct CrontabFormat: LogFormat {
  let name = "linux.crontab"
  let version = 5

  func recognizes(_ sample: FormatSample) -> Confidence? {
    let isNamed = Self.isCrontabPath(sample.path)
    // Redis was made to write its database here: cron passes over what is none of its lines.
    guard sample.isText || isNamed else { return nil }
    let lines = sample.lines(100).filter { $0.trimmed[0] != 0x23 && Self.variable($0) == nil }
    let isAnacron = sample.name == "anacrontab"
    let jobs = lines.filter { Self.schedule($0) != nil || isAnacron && Self.anacron($0) != nil }.count
    if jobs > 0, jobs * 2 > lines.count { return .high }
    // A crontab of comments only.
    return isNamed && (jobs > 0 || lines.isEmpty && !sample.head.isEmpty && sample.isText) ? .medium : nil
  }

  private static func isCrontabPath(_ path: String) -> Bool {
    let parts = path.split(separator: "/")
    guard let name = parts.last else { return false }
    return name == "crontab" || name == "anacrontab" || parts.dropLast().last == "cron.d"
      || FileOwner.ofCrontab(path) != nil
  }

  /// `MAILTO=root`
  private static func variable(_ line: ByteView) -> (name: ByteView, value: ByteView)? {
    guard let (left, right) = line.cut(0x3D) else { return nil }
    let name = left.trimmed
    guard !name.isEmpty, name.count <= 64, (0x41...0x5A).contains(name[0] & 0xDF) || name[0] == 0x5F else { return nil }
    for index in 0..<name.count {
      let byte = name[index]
      guard byte == 0x5F || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF) else { return nil }
    }
    return (name, right.trimmed)
  }

  // */5 * * * * /usr/local/bin/job >/dev/null 2>&1        @reboot /usr/local/bin/start        -*/5 * * * * /tmp/x
  private static func schedule(_ line: ByteView) -> (schedule: String, rest: ByteView)? {
    let whole = line.trimmed
    let text = isUnlogged(whole) ? whole.dropFirst(1) : whole
    if text[0] == 0x40 {
      let words = text.words(limit: 2)
      guard words.count == 2, nicknames.contains(words[0].string) else { return nil }
      return (words[0].string, words[1])
    }
    let words = text.words(limit: 6)
    guard words.count == 6 else { return nil }
    for (index, word) in words.prefix(5).enumerated()
    where !isField(word, names: index >= 3) || !isWithin(word, limits[index]) { return nil }
    return (words[0..<5].map(\.string).joined(separator: " "), words[5])
  }

  private static func isUnlogged(_ text: ByteView) -> Bool { text[0] == 0x2D && text[1] > 0x20 }

  private static let nicknames: Set<String> = [
    "@reboot", "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly", "@every_minute",
  ]

  /// Of minutes, hours, days, months and weekdays; a table of other numbers soon leaves them.
  private static let limits = [0...59, 0...23, 1...31, 1...12, 0...7]

  /// Whether every number that a field begins with, or that follows a comma or a dash, is within. Steps may be anything.
  private static func isWithin(_ word: ByteView, _ limit: ClosedRange<Int>) -> Bool {
    var place = 0
    while place < word.count {
      var end = place
      while (0x30...0x39).contains(word[end]) { end += 1 }
      if end > place, place == 0 || word[place - 1] != 0x2F {
        guard let number = CivilTime.number(word.slice(place, end)), limit.contains(number) else { return false }
      }
      place = max(end, place + 1)
    }
    return true
  }

  // 7	25	cron.weekly	run-parts /etc/cron.weekly        @monthly 45 cron.monthly run-parts /etc/cron.monthly
  private static func anacron(_ line: ByteView) -> (schedule: String, job: String, command: ByteView)? {
    let words = line.trimmed.words(limit: 4)
    guard words.count == 4, words[0].integer != nil || nicknames.contains(words[0].string), words[1].integer != nil
    else { return nil }
    let period = words[0].integer.map { "every \($0) days" } ?? words[0].string
    return ("\(period), \(words[1].string) minutes after the start", words[2].string, words[3])
  }

  /// Numbers, `*`, lists, ranges, steps; names of months and days where they may stand.
  private static func isField(_ word: ByteView, names: Bool) -> Bool {
    guard word.count <= 64,
      word[0] == 0x2A || (0x30...0x39).contains(word[0]) || names && (0x41...0x5A).contains(word[0] & 0xDF)
    else {
      return false
    }
    for index in 0..<word.count {
      switch word[index] {
      case 0x2A, 0x2C, 0x2D, 0x2F, 0x7E, 0x30...0x39: continue
      case 0x41...0x5A, 0x61...0x7A: if !names { return false }
      default: return false
      }
    }
    return !names || word[0] < 0x41 || word.count <= 3 || word.firstIndex(of: 0x2D) != nil
      || word.firstIndex(of: 0x2C) != nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let owner = FileOwner.ofCrontab(context.path)
    let name = context.path.split(separator: "/").last ?? ""
    let isAnacron = name == "anacrontab"
    let isSystem = owner == nil && (name == "crontab" || context.path.contains("cron.d/"))
    var installed: Timestamp?
    try readLines(stream, into: sink) { line in
      let text = line.bytes.trimmed
      if text[0] == 0x23 {
        // crontab -e leaves its time: # (/tmp/crontab.x installed on Wed Nov 25 05:24:31 2026)
        if let place = text.firstIndex(of: ByteView("installed on ")),
          let (civil, zone, _) = CivilTime.ctime(text.slice(place + 13).split(0x29, limit: 2)[0].words(limit: 7))
        {
          installed = civil.timestamp(zone?.zone(else: context.zone) ?? context.zone)
        }
        return .parsed
      }
      if let (variable, value) = Self.variable(text) {
        sink.event(
          Event(
            time: installed, .modification, dataType: "linux:cron:variable",
            message: "The crontab sets \(variable.string) to \(value.string).",
            attributes: [Attribute("name", variable.string), Attribute("text", value.string)], locator: line.locator))
        return .parsed
      }
      if isAnacron, let (schedule, job, command) = Self.anacron(text) {
        let entry = PersistenceEntry(
          mechanism: .cron, command: command.string, user: "root", schedule: schedule, extra: [Attribute("job", job)])
        sink.event(entry.event("anacron runs \(schedule) as root: \(command.string)", line.locator))
        return .parsed
      }
      guard let (schedule, rest) = Self.schedule(text) else { return .skipped("line is not a job of cron") }
      var user = owner
      var command = rest
      if isSystem {
        let words = rest.words(limit: 2)
        user = words.first?.string
        command = words.count > 1 ? words[1] : rest.slice(rest.count)
      }
      let entry = PersistenceEntry(
        mechanism: .cron, command: command.string, user: user, schedule: schedule, installed: installed,
        extra: Self.isUnlogged(text) ? [Attribute("is_unlogged", .flag(true))] : [])
      sink.event(
        entry.event(
          "cron runs at \(schedule)\(user.map { " as \($0)" } ?? ""): \(command.string)", line.locator))
      return .parsed
    }
  }
}
