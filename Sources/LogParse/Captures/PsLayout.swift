import Bytes
import Evidence

/// What a column of ps holds.
enum PsColumn: Hashable {
  case pid, user, uid, cpuTime, start, longStart, elapsed, elapsedSeconds, command, commandLine
  case number(String)
  case text(String)

  /// By ps's header (procps, busybox, top). `CMD` and `COMMAND` are told apart by where they stand: see `PsLayout`.
  ///
  /// procps knows some 150 columns and takes any heading from `-o pid,x=HEADING`: one that is not known here is kept as
  /// text under its own name. Nil for a word that is no heading.
  init?(header: ByteView) {
    if let known = Self.known[header.string] {
      self = known
    } else {
      guard header.count <= 24, (0x41...0x5A).contains(header[0]) || header[0] == 0x25 else { return nil }
      for index in 0..<header.count {
        switch header[index] {
        case 0x41...0x5A, 0x30...0x39, 0x25, 0x2B, 0x5F: continue
        default: return nil
        }
      }
      self = .text("ps_" + header.string.lowercased())
    }
  }

  private static let known: [String: PsColumn] = [
    "PID": .pid, "TGID": .number("tgid"), "PPID": .number("ppid"), "LWP": .number("tid"), "SPID": .number("tid"),
    "TID": .number("tid"), "PGID": .number("pgid"), "PGRP": .number("pgid"), "SID": .number("sid"),
    "SESS": .number("sid"), "TPGID": .number("tpgid"), "NLWP": .number("threads"), "THCNT": .number("threads"),
    "USER": .user, "UID": .uid, "EUSER": .user, "RUSER": .text("real_user"), "EUID": .uid,
    "RUID": .number("real_uid"), "GID": .number("gid"), "EGID": .number("gid"), "RGID": .number("real_gid"),
    "GROUP": .text("group"), "EGROUP": .text("group"), "RGROUP": .text("real_group"), "SUSER": .text("saved_user"),
    "TT": .text("tty"), "TTY": .text("tty"), "STAT": .text("process_state"), "S": .text("process_state"),
    "%CPU": .text("cpu_percent"), "C": .text("cpu_percent"), "CP": .text("cpu_permille"),
    "%MEM": .text("memory_percent"), "VSZ": .number("virtual_kib"), "RSS": .number("resident_kib"),
    "SZ": .number("size_pages"), "PRI": .text("priority"), "NI": .text("nice"), "CLS": .text("scheduling_class"),
    "RTPRIO": .text("realtime_priority"), "PSR": .number("processor"), "P": .text("processor_assigned"),
    "F": .text("flags"), "ADDR": .text("kernel_address"), "WCHAN": .text("waits_in"), "TIME": .cpuTime,
    "STIME": .start, "START": .start, "STARTED": .longStart, "ELAPSED": .elapsed, "ELAPSEDSECS": .elapsedSeconds,
    "LABEL": .text("security_label"), "CONTEXT": .text("security_label"), "UNIT": .text("unit"),
    "CGROUP": .text("cgroup"), "LXC": .text("container"), "MACHINE": .text("container"), "NS": .text("namespace"),
    "NETNS": .number("network_namespace"), "PIDNS": .number("pid_namespace"), "MNTNS": .number("mount_namespace"),
    "USERNS": .number("user_namespace"), "CAPABILITIES": .text("capabilities"), "EXE": .text("executable"),
    "PENDING": .text("signals_pending"), "BLOCKED": .text("signals_blocked"), "IGNORED": .text("signals_ignored"),
    "CAUGHT": .text("signals_caught"), "CMD": .commandLine, "COMMAND": .commandLine, "ARGS": .commandLine,
    "COMM": .command, "UCMD": .command, "UCOMM": .command,
    // Those of top.
    "PR": .text("priority"), "VIRT": .number("virtual_kib"), "RES": .number("resident_kib"),
    "SHR": .number("shared_kib"), "TIME+": .cpuTime,
  ]

  /// Whether ps fills the column from its left edge.
  var isLeftAligned: Bool {
    switch self {
    case .command, .commandLine, .user, .text: true
    default: false
    }
  }
}

/// The columns of one run of ps.
struct PsLayout {
  private var columns: [(column: PsColumn, start: Int, end: Int)] = []

  /// Nil where the line is not ps's header: PID and a command column must be there, and only words that are headings.
  init?(_ line: ByteView) {
    let first = line.trimmed
    // Cheap refusal of the rows, which come to here too.
    guard first.contains("PID"), first.contains("CMD") || first.contains("COMM") || first.contains("ARGS") else {
      guard Self.isTranslatedTop(first) else { return nil }
      self = Self.top
      return
    }
    if Self.isTranslatedTop(first) {
      self = Self.top
      return
    }
    for header in ColumnHeader(line).columns {
      guard let column = header.name.withView({ PsColumn(header: $0) }) else { return nil }
      columns.append((column, header.start, header.end))
    }
    // lsfd's table is of open files.
    guard columns.contains(where: { $0.column == .pid }), columns.count >= 2, !LsfdFormat.isHeader(line) else {
      return nil
    }
    // `-eo pid,comm,args` prints COMMAND twice: the short name first.
    let commands = columns.indices.filter { columns[$0].column == .commandLine }
    if commands.count > 1 { for index in commands.dropLast() { columns[index].column = .command } }
    guard columns.contains(where: { $0.column == .commandLine || $0.column == .command }) else { return nil }
  }

  private static let top: PsLayout = {
    var layout = PsLayout()
    layout.columns = ColumnHeader(ByteView("PID USER PR NI VIRT RES SHR S %CPU %MEM TIME+ COMMAND")).columns.compactMap
    {
      column in
      column.name.withView { PsColumn(header: $0) }.map { ($0, column.start, column.end) }
    }
    return layout
  }()

  private init() {}

  /// The usual columns of top, some of whose headings are translated; of a wide one what stands behind it may be gone.
  // PID UTIL.     PR  NI    VIRT    RES    SHR S  %CPU  %MEM    TEMPS+ COM.
  private static func isTranslatedTop(_ line: ByteView) -> Bool {
    guard line.count < 160, line.contains(" PR  NI ") else { return false }
    let words = line.words(limit: 14)
    return (11...12).contains(words.count) && words[2] == "PR" && words[words.count - 4] == "%CPU"
      && words[words.count - 2][words[words.count - 2].count - 1] == 0x2B
  }

  /// The cells of a row; nil where a column is missing or a pid is not a number.
  func row(_ line: ByteView) -> [(column: PsColumn, text: ByteView)]? {
    var cells: [(column: PsColumn, text: ByteView)] = []
    var place = 0
    var line = line
    // Behind a command that is not the last column stand words only, so they are taken from the end.
    var behind: [(column: PsColumn, text: ByteView)] = []
    if let command = columns.lastIndex(where: { $0.column == .commandLine || $0.column == .command }) {
      for (column, _, _) in columns[(command + 1)...].reversed() {
        guard let (rest, cell) = Self.cutLast(line, isLong: column == .longStart || column == .start) else {
          return nil
        }
        behind.append((column, cell))
        line = rest
      }
    }
    let last = columns.count - 1 - behind.count
    for (index, (column, _, _)) in columns[...last].enumerated() {
      while place < line.count, line[place] == 0x20 || line[place] == 0x09 { place += 1 }
      let rest = line.slice(place)
      if index == last {
        cells.append((column, Self.withoutTree(rest.trimmed)))
        break
      }
      guard let word = rest.words(limit: 2).first else { return nil }
      var end = place + word.count
      switch column {
      case .longStart, .start: end = place + Self.longStart(rest)
      case .command, .commandLine, .text("executable"):
        // In the middle a name may hold blanks, as that of a deleted program does; it ends where the next column begins, if that one keeps to its place.
        let (next, start, stop) = columns[index + 1]
        if next.isLeftAligned {
          if start > end, line[start - 1] == 0x20, line[start] != 0x20 { end = start }
        } else if let blank = line.slice(0, stop).lastIndex(of: 0x20), blank > end,
          line.count == stop || line[stop] == 0x20, CivilTime.number(line.slice(blank + 1, stop)) != nil
        {
          end = blank
        }
      default: break
      }
      cells.append((column, line.slice(place, end).trimmed))
      place = end
    }
    cells += behind.reversed()
    // A program may blank its command out: then all other columns are there.
    guard cells.count == columns.count, last >= 0 else { return nil }
    for (column, text) in cells where column == .pid || column == .number("ppid") {
      guard text.integer != nil else { return nil }
    }
    return cells
  }

  /// With `m` the threads of a process follow it, a dash in place of the pid and mostly of all else.
  func isThread(_ line: ByteView) -> Bool {
    guard let place = columns.firstIndex(where: { $0.column == .pid }) else { return false }
    let words = line.words(limit: place + 2)
    return words.count > place && words[place] == "-"
  }

  /// The last word of a line and what stands before it; of a long start all its words.
  private static func cutLast(_ line: ByteView, isLong: Bool) -> (rest: ByteView, cell: ByteView)? {
    let text = line.slice(0, line.offset(of: line.trimmed) + line.trimmed.count)
    var start = text.lastIndex(of: 0x20).map { $0 + 1 } ?? 0
    guard start < text.count else { return nil }
    if isLong {
      // `Wed Nov 25 05:20:12 2026` is five words, `Nov 25` two, `05:20:12` one.
      var places: [Int] = [start]
      var before = text.slice(0, start)
      while places.count < 5, !before.trimmed.isEmpty {
        before = before.slice(0, before.offset(of: before.trimmed) + before.trimmed.count)
        let next = before.lastIndex(of: 0x20).map { $0 + 1 } ?? 0
        places.append(next)
        before = before.slice(0, next)
      }
      if places.count == 5, CivilTime.ctime(text.slice(places[4]).words(limit: 5))?.words == 5 {
        start = places[4]
      } else if places.count >= 2, CivilTime.month(text.slice(places[1], places[0]).trimmed) != nil,
        text.slice(places[1], places[0]).trimmed.count == 3
      {
        start = places[1]
      }
    }
    return (text.slice(0, start), text.slice(start))
  }

  /// `Wed Nov 25 05:20:12 2026` (lstart), `05:20:12` or `Nov 25` (start, bsdstart): how many bytes it takes.
  private static func longStart(_ text: ByteView) -> Int {
    let words = text.words(limit: 6)
    guard let first = words.first else { return 0 }
    if CivilTime.weekday(first) != nil, words.count >= 5 { return text.offset(of: words[4]) + words[4].count }
    if CivilTime.month(first) != nil, first.count == 3, words.count >= 2, words[1].count <= 2,
      CivilTime.number(words[1]) != nil
    {
      return text.offset(of: words[1]) + words[1].count
    }
    return first.count
  }

  /// Without the branches that `--forest` draws: `|   \_ bash`.
  private static func withoutTree(_ text: ByteView) -> ByteView {
    var place = 0
    while text[place] == 0x20 || text[place] == 0x7C { place += 1 }
    guard text[place] == 0x5C, text[place + 1] == 0x5F, text[place + 2] == 0x20 else { return text }
    return text.slice(place + 3).trimmed
  }
}

/// ps's ways of writing times.
enum PsTime {
  /// `[DD-]HH:MM:SS`, `MM:SS`, `MMM:SS`, busybox's `1h02`, `3d02` and `120d`, plain seconds, in seconds.
  static func duration(_ text: ByteView) -> Int64? {
    var days: Int64 = 0
    var rest = text
    if let (before, after) = text.cut(0x2D) {
      guard let value = CivilTime.number(before) else { return nil }
      days = Int64(value)
      rest = after
    }
    if let (days, hours) = rest.cut(0x64), let day = CivilTime.number(days),
      let hour = hours.isEmpty ? 0 : CivilTime.number(hours)
    {
      return Int64(day) * 86400 + Int64(hour) * 3600
    }
    if let (hours, minutes) = rest.cut(0x68), let hour = CivilTime.number(hours), let minute = CivilTime.number(minutes)
    {
      return Int64(hour) * 3600 + Int64(minute) * 60
    }
    let parts = rest.split(0x3A, limit: 4)
    // `times`, a number of seconds, is headed like `time`.
    guard parts.count <= 3, days == 0 || parts.count > 1 else { return nil }
    var seconds: Int64 = 0
    for part in parts {
      guard let value = CivilTime.number(part.cut(0x2E)?.before ?? part) else { return nil }
      seconds = seconds * 60 + Int64(value)
    }
    return days * 86400 + seconds
  }

  /// `05:20`, `05:20:12`, `Nov25`, `Nov 25`, `Wed Nov 25 05:20:12 2026`.
  static func start(_ text: ByteView, _ relative: RelativeTime?, _ zone: Timestamp.Zone) -> Timestamp? {
    let words = text.words(limit: 6)
    if words.count >= 5, let (time, _, _) = CivilTime.ctime(words) { return time.timestamp(zone) }
    guard let relative else { return nil }
    if let time = relative.timeOfDay(text) { return time }
    // `11월25`
    let end = (text.firstIndex(of: ByteView("월")) ?? text.firstIndex(of: ByteView("月"))).map { $0 + 3 } ?? 3
    guard text.count >= 4, let month = CivilTime.month(text) ?? LocaleDate.month(text.slice(0, end)),
      let day = CivilTime.number(text.slice(end).trimmed)
    else { return nil }
    return relative.withoutYear(CivilTime(month: month, day: day, precision: .day))
  }

  /// `1234`, and what busybox and top make of large numbers (`123m`, `1.6g`), in KiB.
  static func kib(_ text: ByteView) -> Int64? {
    if let value = text.integer { return value }
    let units: [UInt8: Int64] = [0x6B: 1, 0x6D: 1 << 10, 0x67: 1 << 20, 0x74: 1 << 30]
    guard let unit = units[text[text.count - 1] | 0x20] else { return nil }
    let (whole, part) = text.dropLast(1).cut(0x2E) ?? (text.dropLast(1), text.slice(0, 0))
    guard let value = CivilTime.number(whole), let tenths = part.isEmpty ? 0 : CivilTime.number(part.slice(0, 1)) else {
      return nil
    }
    return Int64(value) * unit + Int64(tenths) * unit / 10
  }

  /// The program's name in a command line: `/usr/sbin/sshd -D` → `sshd`, `[kthreadd]` → `kthreadd`, `-bash` → `bash`,
  /// `sshd: admin [priv]` → `sshd`.
  static func program(_ commandLine: String) -> String? {
    commandLine.withView { text in
      if text[0] == 0x5B, let close = text.lastIndex(of: 0x5D) { return text.slice(1, close).string }
      // busybox puts the short name in front where it differs: `{init} /bin/sh /init`.
      if text[0] == 0x7B, let close = text.firstIndex(of: 0x7D), close > 1 { return text.slice(1, close).string }
      guard var word = text.words(limit: 2).first else { return nil }
      if word.count > 1, word[word.count - 1] == 0x3A { word = word.dropLast(1) }
      if let slash = word.lastIndex(of: 0x2F), slash + 1 < word.count { word = word.slice(slash + 1) }
      if word.count > 1, word[0] == 0x2D { word = word.dropFirst(1) }
      return word.string
    }
  }
}
