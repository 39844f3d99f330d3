import Bytes

/// The words of a simple command, and which of them is the program: not what a shell reads for itself (`then`, `!`, `LANG=C`), nor a
/// program that starts another (`sudo -u x`, `timeout 5`).
struct ShellStart {
  private let words: [ByteView]
  private static let mostWords = 64

  init(_ line: ByteView) { words = line.words(limit: Self.mostWords) }

  struct Start {
    var images: [String] = []
    var runsAs: String?
  }

  /// A program that starts another: options that have a value of their own, and how many words stand before the other.
  private struct Launcher {
    var valued = ""
    var positions = 0
    var isRootly = false
  }

  private static let launchers: [String: Launcher] = [
    "sudo": Launcher(valued: "ugphCcrtTDRU", isRootly: true), "doas": Launcher(valued: "uC", isRootly: true),
    "nohup": Launcher(), "exec": Launcher(valued: "a"), "time": Launcher(valued: "fo"), "env": Launcher(valued: "uCS"),
    "setsid": Launcher(), "timeout": Launcher(valued: "ks", positions: 1), "nice": Launcher(valued: "n"),
    "ionice": Launcher(valued: "cn"), "command": Launcher(), "builtin": Launcher(),
    "stdbuf": Launcher(valued: "ioe"), "xargs": Launcher(valued: "IanPLdEs"), "chrt": Launcher(positions: 1),
  ]
  private static let reserved: Set<String> = [
    "if", "then", "else", "elif", "while", "until", "do", "!", "{", "coproc",
  ]

  var start: Start {
    var found = Start()
    var place = 0
    while place < words.count {
      let word = Self.plain(words[place])
      place += 1
      if word.isEmpty || Self.reserved.contains(word) || Self.isAssignment(word) { continue }
      let name = word.utf8.lastIndex(of: 0x2F).map { String(word[word.utf8.index(after: $0)...]) } ?? word
      guard let launcher = Self.launchers[name] else {
        found.images = word.withView { ShellCommandLine.paths($0) }
        return found
      }
      if launcher.isRootly { found.runsAs = found.runsAs ?? "root" }
      skip(launcher, &place, &found)
    }
    return found
  }

  /// The launcher's options and their values, and what else stands before the program.
  private func skip(_ launcher: Launcher, _ place: inout Int, _ found: inout Start) {
    while place < words.count, words[place].count > 1, words[place][0] == 0x2D {
      let option = words[place]
      place += 1
      if option == "--" { break }
      // `-u www`, but `-uwww` and `--user=www` have theirs with them.
      guard option.count == 2, launcher.valued.utf8.contains(option[1]), place < words.count else { continue }
      if launcher.isRootly, option[1] == 0x75 { found.runsAs = Self.plain(words[place]) }
      place += 1
    }
    place += launcher.positions
  }

  /// Without what a shell takes away: quotes, escapes, and brackets around a command.
  private static func plain(_ word: ByteView) -> String {
    var word = word
    while !word.isEmpty, isOpening(word[0]) || word[0] == 0x24 && (word[1] == 0x28 || word[1] == 0x27) {
      word = word.dropFirst(1)
    }
    while !word.isEmpty, word[word.count - 1] == 0x29 || word[word.count - 1] == 0x60 { word = word.dropLast(1) }
    let isPlain = (0..<word.count).allSatisfy { !isQuote(word[$0]) }
    return isPlain ? word.string : String(decoding: word.array.filter { !isQuote($0) }, as: UTF8.self)
  }

  private static func isOpening(_ byte: UInt8) -> Bool { byte == 0x28 || byte == 0x60 }
  /// Bytes that a shell takes out of a word.
  static func isQuote(_ byte: UInt8) -> Bool { byte == 0x22 || byte == 0x27 || byte == 0x5C }

  /// `LANG=C`
  private static func isAssignment(_ word: String) -> Bool {
    guard let equals = word.utf8.firstIndex(of: 0x3D), equals > word.utf8.startIndex else { return false }
    return word.utf8[..<equals].allSatisfy { YaraToken.isWord($0) }
  }
}
