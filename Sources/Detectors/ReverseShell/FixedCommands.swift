import Bytes

/// Whether a shell that code names is told what to run there and then: a script, or a command that stands in the text. Such a
/// shell is a tool of the program's own; one that is handed over has nothing behind it, or what came in.
enum FixedCommands {
  /// How far the words behind a shell may reach.
  private static let reach = 96

  /// - Parameter start: behind the shell's name.
  static func follows(_ text: ByteView, _ start: Int) -> Bool {
    if text[start] == 0x20 { return followInLine(text, start + 1) }
    // `"bash", "run.sh"`, `"bash", ["-c", "run"`, `"sh").arg("-c").arg("run"`
    var place = start
    while isAny(text[place], of: "\\\"'"), place - start < 4 { place += 1 }
    guard place > start else { return false }
    for _ in 0..<4 {
      guard let next = nextString(text, place, before: start + reach) else { return false }
      place = next
      if text[place] == 0x2D || text[place] == 0x2F && isAny(text[place + 2], of: "\"'\\") {
        let end = wordEnd(text, place)
        if takesCommand(text.slice(place, end)) {
          guard let command = nextString(text, behindQuote(text, end), before: start + reach) else { return false }
          return isFixed(text, command)
        }
        guard !isInteractive(text.slice(place, end)) else { return false }
        place = behindQuote(text, end)
      } else {
        return isName(text, place)
      }
    }
    return false
  }

  /// `bash run.sh`, `sh -c migrate`; not `sh -i`, `sh <&3`, `sh 2>&1`, `sh -c $c`.
  private static func followInLine(_ text: ByteView, _ start: Int) -> Bool {
    var place = start
    while text[place] == 0x2D || text[place] == 0x2F && text[place + 2] == 0x20, place - start < reach {
      let end = wordEnd(text, place)
      let flag = text.slice(place, end)
      guard text[end] == 0x20, !isInteractive(flag) else { return false }
      place = end + 1
      if takesCommand(flag) {
        while isAny(text[place], of: "\\\"'"), place - end < 4 { place += 1 }
        return isFixed(text, place)
      }
    }
    return isName(text, place)
  }

  private static func wordEnd(_ text: ByteView, _ start: Int) -> Int {
    var end = start + 1
    while end - start < 16, isWordByte(text[end]) || text[end] == 0x2D { end += 1 }
    return end
  }

  private static func behindQuote(_ text: ByteView, _ start: Int) -> Int {
    var place = start
    while isAny(text[place], of: "\\\"'"), place - start < 4 { place += 1 }
    return place
  }

  /// What may stand between two arguments of a list besides its signs.
  private static let between = NameTable(["arg", "args", "new", "String", "vec", "array"])

  /// The place within the quotes of the next argument; nil where a variable or nothing comes.
  private static func nextString(_ text: ByteView, _ start: Int, before limit: Int) -> Int? {
    var place = start
    while place < limit {
      let byte = text[place]
      if byte == 0x22 || byte == 0x27 { return place + 1 }
      if isWordByte(byte) {
        var end = place
        while end < limit, isWordByte(text[end]) { end += 1 }
        // A letter before quotes says what kind of string it is.
        guard between.contains(text.slice(place, end)) || end == place + 1 && isAny(text[end], of: "\"'") else {
          return nil
        }
        place = end
      } else if isAny(byte, of: " ,.!([{&)\\]\n\t\r") {
        place += 1
      } else {
        return nil
      }
    }
    return nil
  }

  private static func takesCommand(_ flag: ByteView) -> Bool {
    ShellWords.takesCommand(flag) || flag.equalsIgnoringCase("/c") || flag.equalsIgnoringCase("-Command")
  }

  /// `-i`, and `-s`, which reads commands whatever follows.
  private static func isInteractive(_ flag: ByteView) -> Bool {
    flag[1] != 0x2D && flag.count <= 4 && (flag.firstIndex(of: 0x69) ?? flag.firstIndex(of: 0x73)) != nil
      && !ShellWords.takesCommand(flag)
  }

  /// A word that is neither a flag nor a shell's own name.
  private static func isName(_ text: ByteView, _ start: Int) -> Bool {
    let first = text[start]
    guard first | 0x20 >= 0x61 && first | 0x20 <= 0x7A || first == 0x2F || first == 0x2E else { return false }
    var end = start
    while end - start < 64, isWordByte(text[end]) || isAny(text[end], of: "/.-") { end += 1 }
    return !ShellWords.isShell(text.slice(start, end))
  }

  /// Whether a command stands there to the end of its quotes: none that a variable begins, or that goes on with one.
  private static func isFixed(_ text: ByteView, _ start: Int) -> Bool {
    // `"$@"`: what this command was given itself.
    if text[start] == 0x24, text[start + 1] == 0x40 { return true }
    guard isName(text, start) || text[start] == 0x7E else { return false }
    let limit = start + 240
    var place = start
    var begins = true
    while place < limit, place < text.count {
      switch text[place] {
      case 0x22, 0x27, 0x0A: return !goesOn(text, place + 1)
      case 0x3B, 0x26, 0x7C, 0x28, 0x60: begins = true
      case 0x20: break
      case 0x24, 0x23, 0x25, 0x7B:
        // `cd /; $c`, `exec #{c}`, `cd /; %s`
        if begins || text.slice(max(place - 5, start), place) == "exec " { return false }
        if text.slice(max(place - 5, start), place) == "eval " { return false }
      default: begins = false
      }
      place += 1
    }
    return true
  }

  /// `"cd /; " + c`, `"sh -c " . $c`; what Python's `%` puts in was seen within the quotes.
  private static func goesOn(_ text: ByteView, _ start: Int) -> Bool {
    var place = start
    while isAny(text[place], of: " \"'\\"), place - start < 4 { place += 1 }
    return text[place] == 0x2B
      || text[place] == 0x2E && (text[place + 1] == 0x20 || text[place + 1] == 0x24 || text[place + 1] == 0x66)
  }
}
