import Bytes

/// What code gives to the calls that run something: a shell for whoever is connected, or a command of its own.
enum ShellCalls {
  /// Whether a script's name follows a shell's: `["bash", "run.sh"]`, `"bash run.sh"`, but not `"/bin/sh"`, `["bash", "-i"]`.
  static func runsScript(_ text: ByteView, _ start: Int) -> Bool {
    var place = start
    if text[place] == 0x20 {
      // `bash run.sh`, not `sh -i`, `sh <&3`, `sh 2>&1`.
      return isName(text, place + 1)
    }
    // `"bash", "run.sh"`, `"bash", ["run.sh"`
    while isAny(text[place], of: "\\\"'"), place - start < 4 { place += 1 }
    guard place > start, text[place] == 0x2C else { return false }
    place += 1
    while isAny(text[place], of: " [\\"), place - start < 16 { place += 1 }
    guard text[place] == 0x22 || text[place] == 0x27 else { return false }
    return isName(text, place + 1)
  }

  /// A word that is neither a flag nor a shell's own name.
  private static func isName(_ text: ByteView, _ start: Int) -> Bool {
    let first = text[start]
    guard first | 0x20 >= 0x61 && first | 0x20 <= 0x7A || first == 0x2F || first == 0x2E else { return false }
    var end = start
    while end - start < 64, isWordByte(text[end]) || isAny(text[end], of: "/.-") { end += 1 }
    return !ShellWords.isShell(text.slice(start, end))
  }

  /// Calls of one name that are looked at.
  private static let maximumCalls = 64

  /// Whether any call of a name is given something else than a text that stands there.
  static func runsNoLiteral(_ text: ByteView, _ name: StaticString, from first: Int) -> Bool {
    var from: Int? = first
    var calls = 0
    while let place = from, calls < maximumCalls {
      if givesVariable(text, name, place) { return true }
      calls += 1
      from = text.firstIndex(of: ByteView(name), from: place + 1)
    }
    return false
  }

  private static func givesVariable(_ text: ByteView, _ name: StaticString, _ start: Int) -> Bool {
    let count = name.utf8CodeUnitCount
    var place = start + count
    if count == 1 { return text[place] == 0x24 || text[place] == 0x23 }
    // `qx{$c}`, `%x(#{c})`: any sign may stand for the quotes.
    if count == 2 { return true }
    // Groovy's `"date".execute()`.
    if text[place - 1] == 0x29 { return text[start - 1] != 0x22 && text[start - 1] != 0x27 }
    if text[place - 1] != 0x28 {
      // `subprocess.run(`, `ProcessBuilder(`: without a call it is an import, or a word.
      let end = place + 64
      while isWordByte(text[place]) || text[place] == 0x2E, place < end { place += 1 }
      if text[place] == 0x20 || text[place] == 0x5C {
        // `system $c`, `exec c`: a call without brackets.
        guard place == start + count, text[start] | 0x20 != 0x70, !(ByteView(name) == "subprocess") else {
          return false
        }
      } else if text[place] != 0x28 {
        return false
      }
      place += 1
    }
    let end = place + 64
    while place < end {
      let next = text[place]
      if isAny(next, of: " (\\[{") {
        place += 1
      } else if text.slice(place).hasPrefix("new String[]") {
        place += 12
      } else {
        // Nothing given at all: `getRuntime()`.
        return next != 0x22 && next != 0x27 && next != 0x29
      }
    }
    return true
  }
}
