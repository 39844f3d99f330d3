import Bytes

/// Makes plain what a shell would see: `{bash,-i}`, `${IFS}`, `b\ash`, `b''ash`, `$@`.
enum ShellSpelling {
  /// The plain text; nil where there is nothing to change.
  static func plain(_ text: ByteView) -> [UInt8]? {
    var out: [UInt8] = []
    out.reserveCapacity(text.count)
    var changed = false
    var place = 0
    while place < text.count {
      if let (length, replacement) = spelling(text, place) {
        out.append(contentsOf: replacement)
        place += length
        changed = true
      } else {
        out.append(text[place])
        place += 1
      }
    }
    return changed ? out : nil
  }

  private static func spelling(_ text: ByteView, _ place: Int) -> (length: Int, replacement: [UInt8])? {
    let rest = text.slice(place)
    switch text[place] {
    case 0x7B: return list(rest)
    case 0x24:
      // The field separator in place of a blank, with any of the ways to part it from what follows.
      if rest.hasPrefix("${IFS") { return rest.slice(0, 24).firstIndex(of: 0x7D).map { ($0 + 1, [0x20]) } }
      if rest.hasPrefix("$IFS") { return (rest.hasPrefix("$IFS$9") ? 6 : 4, [0x20]) }
      if text[place + 1] == 0x28 { return printed(rest) }
      if text[place + 1] == 0x27 { return quoted(rest) }
      // An empty parameter within a word: `ba$@sh`.
      let isEmpty = text[place + 1] == 0x40 || text[place + 1] == 0x2A
      return isEmpty && isWordByte(text[place - 1]) && isWordByte(text[place + 2]) ? (2, []) : nil
    case 0x5C:
      // A backslash before a letter inside a word; an escape such as \n or \x41 is not one.
      let next = lowercased(text[place + 1])
      // `sh -c '$@|sh' . echo bash -i \>\& …`: what one shell is kept from reading, the next reads.
      if next == 0x3E || next == 0x26, text[place - 1] != 0x5C { return (1, []) }
      let isLetter = next >= 0x61 && next <= 0x7A
      let isEscape =
        switch next {
        case 0x6E, 0x72, 0x74, 0x78, 0x75, 0x30, 0x61, 0x62, 0x65, 0x66, 0x76: true
        default: false
        }
      let isWithin = isWordByte(text[place - 1]) || text[place - 1] == 0x2F
      return isLetter && isWithin
        && (!isEscape || isWordByte(text[place + 2]) && next != 0x78 && next != 0x75 && next != 0x6E)
        ? (1, []) : nil
    case 0x27, 0x22:
      // Empty quotes within a word, or quotes around a part of one: `b''ash`, `b'a's'h'`.
      guard isWordByte(text[place - 1]) else { return nil }
      if text[place + 1] == text[place] { return isWordByte(text[place + 2]) ? (2, []) : nil }
      var end = place + 1
      while isWordByte(text[end]), end - place <= 4 { end += 1 }
      return text[end] == text[place] ? (end + 1 - place, text.slice(place + 1, end).array) : nil
    case 0x00: return (1, [0x20])
    default: return nil
    }
  }

  /// `$'\x2fbin\057sh'`: what the escapes stand for.
  private static func quoted(_ rest: ByteView) -> (length: Int, replacement: [UInt8])? {
    guard let end = rest.slice(0, 1024).firstIndex(of: 0x27, from: 2) else { return nil }
    let inner = rest.slice(2, end)
    guard inner.firstIndex(of: 0x5C) != nil else { return nil }
    let undone = Encodings.undo(inner).bytes
    return undone.allSatisfy { $0 >= 0x20 && $0 < 0x7F } ? (end + 1, undone) : nil
  }

  /// `$(printf 'bash')`, `$(echo bash)`: what is printed, where it is plain.
  private static func printed(_ rest: ByteView) -> (length: Int, replacement: [UInt8])? {
    guard let end = rest.slice(0, 256).firstIndex(of: 0x29) else { return nil }
    var words = rest.slice(2, end).words(limit: 8)[...]
    guard let name = words.popFirst(), name == "printf" || name == "echo" else { return nil }
    while let flag = words.first, flag == "-n" || flag == "-e" || flag == "-ne" || flag == "%s" { words.removeFirst() }
    guard words.count == 1, var word = words.first else { return nil }
    let quote = word[0]
    if word.count >= 2, quote == 0x27 || quote == 0x22, word[word.count - 1] == quote {
      word = word.slice(1, word.count - 1)
    }
    return word.array.allSatisfy { isWordByte($0) || "/.-+:=".utf8.contains($0) } ? (end + 1, word.array) : nil
  }

  /// A brace list without blanks, `{echo,aGk=}`: its words. At most 64 KiB, no braces within.
  private static func list(_ rest: ByteView) -> (length: Int, replacement: [UInt8])? {
    var hasComma = false
    for index in 1..<max(rest.count, 1) {
      switch rest[index] {
      case 0x7D:
        guard hasComma else { return nil }
        return (index + 1, rest.slice(1, index).array.map { $0 == 0x2C ? 0x20 : $0 })
      case 0x2C: hasComma = true
      // A blank, a quote or another brace: code, not a list. This bounds the walk as well.
      case 0x20, 0x09, 0x0A, 0x7B, 0x22, 0x27, 0x3B, 0x28, 0x3A: return nil
      default: break
      }
    }
    return nil
  }
}
