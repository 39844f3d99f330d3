import Bytes

/// Rows of ps whose headings were left out (`ps -eo pid=,args=`, `--no-headers`, `pgrep -a`): which columns they have is told by what
/// stands in all of them alike.
enum PsBareRows {
  /// The header that the rows would have; nil where they are none.
  ///
  /// Numbers with words behind them stand in many files, so there has to be a thread of the kernel among the rows, as there is on
  /// every host, or the file has to be named for ps.
  static func header(of lines: [ByteView], name: Substring) -> String? {
    guard let first = lines.first, first.trimmed.count > 2, first.count < 1 << 16 else { return nil }
    guard lines.contains(where: { $0.contains("[kthreadd]") }) || isNamed(name) else { return nil }
    var names: [String] = []
    var rests = lines
    while names.count < 12 {
      let words = rests.map { $0.words(limit: 6) }
      guard words.allSatisfy({ !$0.isEmpty }) else { return nil }
      guard let (name, count) = column(words, of: lines, behind: names) else { break }
      guard words.allSatisfy({ $0.count >= count }) else { return nil }
      names.append(name)
      for index in rests.indices {
        let last = words[index][count - 1]
        rests[index] = rests[index].slice(rests[index].offset(of: last) + last.count)
      }
      // Nothing but numbers and times is no list of processes.
      guard rests.allSatisfy({ !$0.trimmed.isEmpty }) else { return nil }
    }
    guard names.contains("PID"), rests.allSatisfy({ isCommand($0.trimmed) }) else { return nil }
    return (names + ["COMMAND"]).joined(separator: " ")
  }

  private static func isNamed(_ name: Substring) -> Bool {
    let name = name.lowercased()
    return name.hasPrefix("pgrep") || name.hasPrefix("ps_") || name.hasPrefix("ps-") || name.hasPrefix("ps.")
      || name.contains("process")
  }

  /// The next column of all rows, and how many words it is; nil where the command begins.
  private static func column(
    _ rows: [[ByteView]], of lines: [ByteView], behind names: [String]
  ) -> (name: String, words: Int)? {
    func all(_ test: (ByteView) -> Bool) -> Bool { rows.allSatisfy { $0.first.map(test) ?? false } }
    if rows.allSatisfy({ CivilTime.ctime($0[...])?.words == 5 && CivilTime.weekday($0[0]) != nil }) {
      return names.contains("STARTED") ? nil : ("STARTED", 5)
    }
    if all({ $0.integer.map { (0...(1 << 22)).contains($0) } ?? false }) {
      guard names.contains("PID") else { return ("PID", 1) }
      guard !names.contains("PPID"), !names.contains("UID") else { return nil }
      return (areParents(rows, lines) ? "PPID" : "UID", 1)
    }
    // Without the heading it may be the time that it runs or the time that it took.
    if all({ $0.firstIndex(of: 0x3A) != nil && PsTime.duration($0) != nil }) {
      return names.contains("SPAN") ? nil : ("SPAN", 1)
    }
    if all({ $0 == "?" || $0.hasPrefix("pts/") || $0.hasPrefix("tty") }) { return ("TTY", 1) }
    guard !names.contains("USER"), all(isUser), rows.contains(where: { $0[0] == "root" }) else { return nil }
    return ("USER", 1)
  }

  /// Whether numbers behind the processes' own are their parents' and not their users': all threads of the kernel but the first are
  /// children of it, and where none is shown, parents are among the processes.
  private static func areParents(_ rows: [[ByteView]], _ lines: [ByteView]) -> Bool {
    var pids: Set<Int64> = [0, 1]
    for line in lines { if let pid = line.words(limit: 2).first?.integer { pids.insert(pid) } }
    var threads = 0
    for (row, line) in zip(rows, lines) where line.trimmed.hasSuffix("]") && line.contains(" [") {
      guard !line.contains("[kthreadd]") else { continue }
      threads += 1
      if row.first?.integer != 2 { return false }
    }
    return threads > 0 || rows.allSatisfy { $0.first?.integer.map(pids.contains) ?? false }
  }

  private static func isUser(_ word: ByteView) -> Bool {
    guard word.count <= 32, (0x61...0x7A).contains(word[0]) || word[0] == 0x5F || (0x30...0x39).contains(word[0]) else {
      return false
    }
    return word.unsafeBytes.allSatisfy {
      (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0) || "-_.+$".utf8.contains($0)
    }
  }

  /// A program with its path, a thread of the kernel, or a word: not a sign, and no sentence.
  private static func isCommand(_ text: ByteView) -> Bool {
    !text.isEmpty
      && (text[0] == 0x2F || text[0] == 0x5B || text[0] == 0x28 || text[0] == 0x2D || text[0] == 0x2E
        || (0x30...0x39).contains(text[0]) || (0x41...0x5A).contains(text[0] & 0xDF) || text[0] >= 0x80)
  }
}
