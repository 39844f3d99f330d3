import Bytes

/// What code gives to the calls that run something: a shell for whoever is connected, or a command of its own.
enum ShellCalls {
  /// Calls of one name that are looked at.
  private static let maximumCalls = 64

  /// The first place where a word stands as such a call: no part of another's name, and of no other object's.
  static func place(_ text: ByteView, _ name: StaticString, in language: String, from first: Int) -> Int? {
    calls(text, name, in: language, from: first) { _ in true }
  }

  /// Whether any call of a name is given something else than a text that stands there.
  static func runsNoLiteral(_ text: ByteView, _ name: StaticString, in language: String, from first: Int) -> Bool {
    calls(text, name, in: language, from: first) { givesVariable(text, name, $0) } != nil
  }

  private static func calls(
    _ text: ByteView, _ name: StaticString, in language: String, from first: Int, _ isWanted: (Int) -> Bool
  ) -> Int? {
    var from: Int? = first
    var calls = 0
    while let place = from, calls < maximumCalls {
      if stands(text, name, in: language, place), isWanted(place) { return place }
      calls += 1
      from = text.firstIndex(of: ByteView(name), from: place + 1)
    }
    return nil
  }

  /// Words behind which another letter makes another word: `execute`.
  private static let whole = NameTable(["exec", "system", "iex", "Invoke-Expression"])

  private static func stands(_ text: ByteView, _ name: StaticString, in language: String, _ place: Int) -> Bool {
    let before = text[place - 1]
    let behind = place + name.utf8CodeUnitCount
    // `curl_exec(`, `$db->exec(`
    if isWordByte(text[place]), isWordByte(before), !isOption(text, place) { return false }
    let name = ByteView(name)
    let isWhole = whole.contains(name)
    if before == 0x3E, text[place - 2] == 0x2D, isWhole || language == "php" { return false }
    if isWhole, isWordByte(text[behind]) { return false }
    if name == "fdopen" { return text[behind] == 0x28 }
    if name == "dup2" { return isOfInput(text, behind) }
    // `open(STDIN,">&S")`, unlike `open(STDIN,"</dev/null")`.
    if name == "open(STDIN" || name == "open STDIN" {
      return text.slice(behind, behind + 16).firstIndex(of: 0x26) != nil
    }
    if name == "exec(" || name == "eval(" { return before != 0x2E || language == "node" }
    if name == ".exec(" { return takesRuntime(text) }
    if name == ".execute()" {
      return before == 0x22 || before == 0x27 || before == 0x5D || isCommandName(text, place)
    }
    // `SELECT `a``
    if name == "`", language == "php" { return !text.contains("SELECT ") && !text.contains("UPDATE ") }
    if name == ".Stdin" { return text[place - 1] != 0x73 && !text.slice(behind, behind + 12).contains("os.Stdin") }
    // Its own pipe or none is not the socket.
    return !(name == "stdin=") || !ownInputs.contains { text.slice(behind).hasPrefix($0) }
  }

  private static let ownInputs: [StaticString] = ["subprocess", "PIPE", "None", "sys.", "sp.", "open("]

  /// `ruby -espawn(…`: the code joined to its option.
  private static func isOption(_ text: ByteView, _ place: Int) -> Bool {
    text[place - 1] == 0x65 && text[place - 2] == 0x2D && isAny(text[place - 3], of: " '\"\0")
  }

  /// `dup2(s, 0)`, `dup2(s.fileno(), f)`: the input is given away. A log takes the place of the other two only.
  private static func isOfInput(_ text: ByteView, _ start: Int) -> Bool {
    // `map(os.dup2, …)`, `getattr(os, "dup2")`, `o = os.dup2;`
    guard text[start] == 0x28 else { return isAny(text[start], of: ",;\"'") }
    var place = start + 1
    var depth = 0
    let limit = start + 96
    while place < limit, place < text.count, depth > 0 || text[place] != 0x2C {
      if text[place] == 0x28 { depth += 1 }
      if text[place] == 0x29 { depth -= 1 }
      if depth < 0 { return false }
      place += 1
    }
    let source = text.slice(start + 1, place)
    if source.contains("null") || source.firstIndex(of: 0x22) != nil { return false }
    place += 1
    while text[place] == 0x20 { place += 1 }
    var end = place
    while isWordByte(text[end]) || text[end] == 0x2E, end < limit { end += 1 }
    let target = text.slice(place, end)
    if target == "0" || target == "STDIN_FILENO" { return true }
    // A variable that counts up from 0; no name of another's.
    return !target.isEmpty && target[0] > 0x39 && target.count <= 8 && target.firstIndex(of: 0x2E) == nil
      && !target.hasPrefix("STD") && !target.hasPrefix("std")
  }

  /// `Runtime.getRuntime().exec(c)` or `r = Runtime.getRuntime()`; what only asks how many processors there are runs nothing.
  private static func takesRuntime(_ text: ByteView) -> Bool {
    var from = 0
    var looks = 0
    while let place = text.firstIndex(of: ByteView("getRuntime"), from: from), looks < maximumCalls {
      looks += 1
      from = place + 10
      var next = from
      while isAny(text[next], of: "() \n\r\t"), next - from < 32 { next += 1 }
      if text[next] != 0x2E || text.slice(next + 1).hasPrefix("exec") { return true }
    }
    return false
  }

  /// `cmd.execute()`, unlike `statement.execute()`.
  private static func isCommandName(_ text: ByteView, _ end: Int) -> Bool {
    var start = end
    while isWordByte(text[start - 1]), end - start < 32 { start -= 1 }
    let name = text.slice(start, end).string.lowercased()
    return name.hasSuffix("cmd") || name.hasSuffix("command") || name.hasSuffix("line") || name.hasSuffix("input")
  }

  /// Whether a name stands there that the text assigns nothing but texts to: `cmd = ["df", "-h"]; check_output(cmd)`.
  private static func isFixed(_ text: ByteView, _ start: Int) -> Bool {
    var start = start
    if text[start] == 0x24 { start += 1 }
    var end = start
    while isWordByte(text[end]), end - start < 32 { end += 1 }
    let name = text.slice(start, end)
    guard !name.isEmpty, text[end] == 0x29 || text[end] == 0x2C else { return false }
    var from = 0
    var isAssigned = false
    for _ in 0..<maximumCalls {
      guard let place = text.firstIndex(of: name, from: from) else { return isAssigned }
      from = place + name.count
      if isWordByte(text[place - 1]) || isWordByte(text[from]) { continue }
      var next = from
      while isAny(text[next], of: " :"), next - from < 4 { next += 1 }
      guard text[next] == 0x3D, text[next + 1] != 0x3D else { continue }
      next += 1
      while isAny(text[next], of: " [({"), next - from < 12 { next += 1 }
      guard text[next] == 0x22 || text[next] == 0x27, !isAny(text[next + 1], of: "\"'${") else { return false }
      isAssigned = true
    }
    return false
  }

  private static func givesVariable(_ text: ByteView, _ name: StaticString, _ start: Int) -> Bool {
    let count = name.utf8CodeUnitCount
    var place = start + count
    if count == 1 { return text[place] == 0x24 || text[place] == 0x23 }
    // `qx{$c}`, `%x(#{c})`: any sign may stand for the quotes; `exec $c` has said it.
    if count == 2 || text[place - 1] == 0x24 || text[place - 1] == 0x5B { return true }
    // Groovy's `"date".execute()`.
    if text[place - 1] == 0x29 { return text[start - 1] != 0x22 && text[start - 1] != 0x27 }
    if text[place - 1] != 0x28 {
      // `shell_exec`, and the text was cut there.
      if place >= text.count { return true }
      // `subprocess.run(`, `ProcessBuilder(`: without a call it is an import, or a word.
      let end = place + 64
      while isWordByte(text[place]) || text[place] == 0x2E, place < end { place += 1 }
      if text[place] == 0x20 || text[place] == 0x5C {
        // `system $c`, `exec c`: a call without brackets.
        guard place == start + count, text[start] | 0x20 != 0x70, !(ByteView(name) == "subprocess") else {
          return false
        }
      } else if text[place] != 0x28 {
        // `system$_`
        return text[place] == 0x24 && place == start + count
      }
      place += 1
    }
    let end = place + 64
    while place < end {
      let next = text[place]
      if isAny(next, of: " (\\[{&") {
        place += 1
      } else if text.slice(place).hasPrefix("new String[]") {
        place += 12
      } else if isWordByte(next), text[place + 1] == 0x22 || text[place + 1] == 0x27 {
        // `f"ssh {host}"`, unlike `f"{c}"`.
        return text[place + 2] == 0x7B
      } else if next == 0x22 || next == 0x27 {
        // `"$c"`, `"#{c}"`, `". { $c } 2>&1"`: all of it comes from a variable.
        while isAny(text[place + 1], of: " .{"), place < end { place += 1 }
        return next == 0x22 && (text[place + 1] == 0x24 || text[place + 1] == 0x23)
      } else {
        // Nothing given at all: `getRuntime()`.
        return next != 0x29 && !isFixed(text, place)
      }
    }
    return true
  }
}
