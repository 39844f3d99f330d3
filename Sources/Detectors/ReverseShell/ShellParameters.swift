import Bytes

/// What a shell itself assigns: `set -- host port`, `for h in host`, `read h p <<< "host port"`, `sh -c '…' host port`, and the
/// words that a function is called with.
struct ShellParameters {
  private var values: [String: String] = [:]
  private static let maximum = 64
  private static let maximumCommands = 512
  /// Words that stand before a command's own: a crontab's times, a row of a process list.
  private static let before = 16

  private static let keywords = NameTable(["set", "for", "read"])

  init(_ shell: ShellText) {
    var functions: Set<String> = []
    let commands = shell.commands
    for index in commands.indices.prefix(Self.maximumCommands) where values.count < Self.maximum {
      let command = commands[index]
      let first = command.word(0)
      if let start = command.words.indices.prefix(Self.before).first(where: {
        Self.keywords.contains(command.words[$0])
      }) {
        takeKeyword(commands, index, command.words[start...])
      } else if let name = Self.function(shell.text, command) {
        if functions.count < Self.maximum { functions.insert(name.string) }
      } else if command.words.count > 1, !functions.isEmpty, first.count <= 64, functions.contains(first.string) {
        give((1..<10).map { String($0) }, command.words.dropFirst().prefix(9))
      } else if command.before == 0x22 || command.before == 0x27, command.end != 0x28 {
        takeOperands(command.words)
      }
    }
    if !values.isEmpty { takeCopies(commands) }
  }

  subscript(_ name: ByteView) -> String? { values.isEmpty ? nil : values[name.string] }

  private mutating func give(_ names: some Sequence<String>, _ words: some Sequence<ByteView>) {
    for (name, word) in zip(names, words) where values[name] == nil { values[name] = word.slice(0, 256).string }
  }

  private mutating func takeKeyword(_ commands: [SimpleCommand], _ index: Int, _ words: WordRun) {
    let first = words[words.startIndex]
    let second = words.dropFirst().first ?? ByteView("")
    if first == "set", second == "--" {
      give((1..<10).map { String($0) }, words.dropFirst(2).prefix(9))
    } else if first == "set", words.count == 3, second[0] > 0x39 {
      // Tcl's `set host kali`.
      give(CollectionOfOne(second.string), words.dropFirst(2).prefix(1))
    } else if first == "for", words.dropFirst(2).first.map({ $0 == "in" }) == true {
      give(CollectionOfOne(second.string), words.dropFirst(3).prefix(1))
    } else if first == "read", index + 1 < commands.count,
      // `<<< \"…` within another string.
      words.suffix(2).last(where: { !($0 == "\\") }).map({ $0 == "<<<" }) == true
    {
      let names = words.dropFirst().prefix(8).filter { !isAny($0[0], of: "-<\\") }.map(\.string)
      // `\"` within a string.
      let next = commands[index + 1].words.first.map { $0 == "\\" } == true ? index + 2 : index + 1
      guard next < commands.count else { return }
      let line = commands[next].words
      // `IFS=: read h p <<< host:port`
      if names.count > 1, line.count == 1, let (host, port) = line[line.startIndex].cut(0x3A), !port.isEmpty {
        give(names, [host, port])
      } else {
        give(names, line.prefix(8))
      }
    }
  }

  /// What follows a quoted script: `host port`, `name host port`.
  private mutating func takeOperands(_ words: WordRun) {
    let all = Array(words.prefix(3))
    if all.count > 1, Endpoint.isPlainHost(all[0]), Endpoint.isPort(all[1]) {
      give(["0", "1"], all)
    } else if all.count > 2, Endpoint.isPlainHost(all[1]), Endpoint.isPort(all[2]) {
      give(["0", "1", "2"], all)
    }
  }

  /// `name()` and `function name`: the name of what is defined.
  private static func function(_ text: ByteView, _ command: SimpleCommand) -> ByteView? {
    if command.word(0) == "function", command.words.count > 1 { return command.word(1) }
    guard command.end == 0x28, let last = command.words.last, isWordByte(last[0]),
      isWordByte(last[last.count - 1]), last.count <= 64
    else { return nil }
    var place = command.range.upperBound + 1
    while text[place] == 0x20, place - command.range.upperBound < 8 { place += 1 }
    return text[place] == 0x29 ? last : nil
  }

  /// `local h=$1 p="$2"`: names for what was given by number.
  private mutating func takeCopies(_ commands: [SimpleCommand]) {
    for (index, command) in commands.enumerated().prefix(Self.maximumCommands) where values.count < Self.maximum {
      for word in command.words.prefix(8) {
        guard let (name, value) = word.cut(0x3D), !name.isEmpty, name.count <= 64 else { continue }
        var source = value
        if value.isEmpty, command.end == 0x22, index + 1 < commands.count { source = commands[index + 1].word(0) }
        guard source[0] == 0x24, source[1] == 0x7B ? source.count == 4 : source.count == 2,
          let given = values[source.slice(source[1] == 0x7B ? 2 : 1).slice(0, 1).string]
        else { continue }
        values[name.string] = values[name.string] ?? given
      }
    }
  }
}
