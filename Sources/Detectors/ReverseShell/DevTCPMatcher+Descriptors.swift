import Bytes

/// Devices that are opened under a number, and what is done with what comes in there.
extension DevTCPMatcher {
  private static let maximumInputs = 512

  /// The number in `5<>/dev/tcp/…`; 0 in `exec </dev/tcp/…`.
  static func descriptor(_ text: ByteView, before place: Int) -> [UInt8]? {
    // `exec {fd}<>"/dev/tcp/…"`
    let place = text[place - 1] == 0x22 || text[place - 1] == 0x27 ? place - 1 : place
    var end = place
    while end > 0, place - end < 6, [0x3C, 0x3E, 0x20, 0x26].contains(text[end - 1]) { end -= 1 }
    guard end < place, text[end] != 0x20 || text[end + 1] == 0x3C || text[end + 1] == 0x3E else { return nil }
    if text[end - 1] == 0x7D {
      // `exec {fd}<>/dev/tcp/…`
      let near = max(end - 32, 0)
      guard let open = text.slice(near, end).lastIndex(of: 0x7B) else { return nil }
      return [0x24] + text.slice(near + open + 1, end - 1).array
    }
    var start = end
    while start > 0, text[start - 1] >= 0x30, text[start - 1] <= 0x39, end - start < 4 { start -= 1 }
    return start < end ? text.slice(start, end).array : nil
  }

  static func inputs(_ shell: ShellText) -> [(command: Int, descriptor: ByteView)] {
    var found: [(command: Int, descriptor: ByteView)] = []
    for (index, command) in shell.commands.enumerated() {
      // `read -u 6 line`
      if let flag = command.words.firstIndex(where: { $0.hasPrefix("-u") }),
        command.words[..<flag].contains(where: { $0 == "read" })
      {
        let attached = command.words[flag].slice(2)
        found.append((index, attached.isEmpty ? command.word(flag + 1) : attached))
      }
      for word in command.words {
        var from = 0
        while let place = word.firstIndex(of: 0x26, from: from) {
          from = place + 1
          guard word[place - 1] == 0x3C || word[place - 1] == 0x3E && word[place - 2] == 0x30 else { continue }
          found.append((index, word.slice(from)))
          if found.count >= maximumInputs { return found }
        }
      }
    }
    return found
  }

  /// Whether anything runs what comes in on a descriptor: a shell with its input there, or a loop over its lines.
  static func isRun(_ facts: Facts, _ descriptor: [UInt8]) -> Bool {
    let shell = facts.shell
    var last = -1
    for (index, input) in facts.inputs where index != last && isSame(input, descriptor) {
      last = index
      let command = shell.commands[index]
      if command.words.contains(where: ShellWords.isShell) { return true }
      if command.word(0) == "exec", facts.hasReader { return true }
      if command.end == 0x7C, index + 1 < shell.commands.count,
        ShellWords.isShellReadingInput(shell.commands[index + 1].words[...])
      {
        return true
      }
      if facts.runsLines { return true }
      // `coproc bash; cat <&3 >&${COPROC[1]}`
      if shell.hasCoprocess, command.words.contains(where: { $0.contains("COPROC[1]") }),
        shell.commands.contains(where: {
          $0.words.prefix(24).contains { $0 == "coproc" } && $0.words.contains(where: ShellWords.isShell)
        })
      {
        return true
      }
    }
    return false
  }

  /// `$fd` is `${fd}` too.
  private static func isSame(_ input: ByteView, _ descriptor: [UInt8]) -> Bool {
    descriptor.withView { descriptor in
      input.hasPrefix(descriptor)
        || descriptor[0] == 0x24 && input[1] == 0x7B && input.slice(2).hasPrefix(descriptor.slice(1))
    }
  }

  /// `while read line; do $line`, `eval "$cmd"`.
  static func runsLines(_ shell: ShellText) -> Bool {
    // A download by hand reads lines too, but asks for a page first.
    guard ShellWords.contains(shell.text, word: "read"), !asksForPage(shell.text) else { return false }
    var looks = 0
    return shell.commands.indices.contains { index in
      let command = shell.commands[index]
      let rest =
        command.words.first.map { $0 == "do" || $0 == "then" } == true ? command.words.dropFirst() : command.words[...]
      guard let first = rest.first else { return false }
      if isUse(first) {
        looks += 1
        return !isArgument(shell.text, shell.commands, index) && (looks > maximumUses || isNamed(shell.text, first))
      }
      // `eval "$(echo $c | …)"`, unlike `eval "$(ssh-agent)"`.
      if first == "eval" {
        return shell.commands[index..<min(index + 3, shell.commands.count)].contains { command in
          command.words.contains { word in
            guard isUse(word) else { return false }
            looks += 1
            return looks > maximumUses || isNamed(shell.text, word)
          }
        }
      }
      return ShellWords.isShell(first) && rest.dropFirst().first.map { $0 == "-c" } == true
        && rest.dropFirst(2).contains(where: isUse)
    }
  }

  /// Whether the text sends a request; one that it came in, in an access log or as it was captured, asks for nothing.
  private static func asksForPage(_ text: ByteView) -> Bool {
    var from = 0
    var looks = 0
    while let place = text.firstIndex(of: ByteView("HTTP/1."), from: from), looks < maximumUses {
      from = place + 7
      looks += 1
      // `GET / HTTP/1.1" 200`
      if text[place + 8] == 0x22, text[place + 9] == 0x20, text[place + 10] >= 0x31, text[place + 10] <= 0x35 {
        continue
      }
      // `GET / HTTP/1.1` on a line of its own.
      var start = place
      while start > 0, place - start < 2048, text[start - 1] != 0x0A { start -= 1 }
      var method = start
      while text[method] >= 0x41, text[method] <= 0x5A { method += 1 }
      let isRequest = method - start >= 3 && text[method] == 0x20 && (start == 0 || text[start - 1] == 0x0A)
      if !isRequest { return true }
    }
    return false
  }

  /// `$line`, `${line}`, `\$line`
  static func isUse(_ word: ByteView) -> Bool {
    word[0] == 0x24 && (isWordByte(word[1]) || word[1] == 0x7B) || word.hasPrefix("\\$")
  }

  /// Uses of names that are looked up in one text.
  private static let maximumUses = 16

  /// Whether the text reads or assigns what is used; what is another's, such as `$CHECK`, did not come in.
  private static func isNamed(_ text: ByteView, _ use: ByteView) -> Bool {
    var start = 0
    while start < use.count, isAny(use[start], of: "\\${") { start += 1 }
    var end = start
    while isWordByte(use[end]) { end += 1 }
    let name = use.slice(start, end)
    // `$REPLY` is what `read` names by itself, `$1` a function's.
    if name == "REPLY" || name[0] <= 0x39 || name == "SHELL" { return true }
    var from = 0
    while let place = text.firstIndex(of: name, from: from) {
      from = place + 1
      if !isWordByte(text[place - 1]), text[place - 1] != 0x24, text[place - 1] != 0x7B,
        !isWordByte(text[place + name.count])
      {
        return true
      }
    }
    return false
  }

  private static let runners = NameTable(["eval", "do", "then", "else", "{", "!", "exec", "sudo", "nohup", "time"])

  /// Whether a command stands in the quotes of another that only takes it for a word: `echo "$line"`, unlike `sh -c "$line"`.
  static func isArgument(_ text: ByteView, _ commands: [SimpleCommand], _ index: Int) -> Bool {
    let command = commands[index]
    guard index > 0 else { return false }
    if command.before == 0x0A {
      // `printf '%s⏎' "$line"`: a line end within quotes, and others that follow them on the line.
      var place = command.range.lowerBound - 1
      guard text[place] == 0x22 || text[place] == 0x27 else { return false }
      repeat { place -= 1 } while isAny(text[place], of: " \\")
      guard text[place] == 0x22 || text[place] == 0x27 else { return false }
    } else if command.before != 0x22, command.before != 0x27 {
      return false
    }
    // Quotes of code within code have a backslash.
    var last = commands[index - 1].words.last { !($0 == "\\") }
    // `printf '%s' \"$line\"`: the backslash alone between two quotes.
    if last == nil, index > 1 { last = commands[index - 2].words.last }
    guard let last else { return false }
    return !runners.contains(last) && !(last[0] == 0x2D && ShellWords.takesCommand(last))
  }
}
