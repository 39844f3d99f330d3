import Bytes

/// Makes plain what a shell would see: `{bash,-i}`, `${IFS}`, `b\ash`, `b''ash`, `$@`.
enum ShellSpelling {
  /// The bytes at which a spelling may begin.
  private static let mayBegin = ByteSet("{$\\'\"\0?*[`")

  /// The plain text; nil where there is nothing to change.
  static func plain(_ text: ByteView) -> [UInt8]? {
    var beginnings = BytePlaces(of: mayBegin, in: text)
    var out: [UInt8] = []
    var changed = false
    var copied = 0
    var place = 0
    while true {
      place = beginnings.next(from: place)
      guard place < text.count else { break }
      guard let (length, plain) = spelling(text, place) else {
        place += 1
        continue
      }
      if !changed {
        changed = true
        out.reserveCapacity(text.count)
      }
      if case .path(let path, let start) = plain {
        // A part of the word was made plain already.
        guard start >= copied else {
          place += 1
          continue
        }
        out.append(contentsOf: text.slice(copied, start).unsafeBytes)
        out.append(contentsOf: ByteView(path).unsafeBytes)
        place = start + length
        copied = place
        continue
      }
      out.append(contentsOf: text.slice(copied, place).unsafeBytes)
      switch plain {
      case .path: break
      case .nothing: break
      case .blank: out.append(0x20)
      case .part(let part): out.append(contentsOf: part.unsafeBytes)
      case .list(let words): for index in 0..<words.count { out.append(words[index] == 0x2C ? 0x20 : words[index]) }
      case .bytes(let bytes): out += bytes
      }
      place += length
      copied = place
    }
    guard changed else { return nil }
    out.append(contentsOf: text.slice(copied).unsafeBytes)
    return out
  }

  /// What a spelling stands for.
  private enum Plain {
    case nothing, blank
    case part(ByteView)
    /// Words with commas between.
    case list(ByteView)
    case bytes([UInt8])
    /// A program's path, for a pattern that begins at a place before.
    case path(StaticString, Int)
  }

  private static func spelling(_ text: ByteView, _ place: Int) -> (length: Int, plain: Plain)? {
    switch text[place] {
    case 0x7B: return list(text.slice(place))
    case 0x24: return parameter(text, place)
    case 0x5C:
      // The line goes on in the next.
      if text[place + 1] == 0x0A { return (2, .nothing) }
      if text[place + 1] == 0x0D, text[place + 2] == 0x0A { return (3, .nothing) }
      // A backslash before a letter inside a word; an escape such as \n or \x41 is not one.
      let next = lowercased(text[place + 1])
      // `sh -c '$@|sh' . echo bash -i \>\& …`: what one shell is kept from reading, the next reads.
      if next == 0x3E || next == 0x26, text[place - 1] != 0x5C { return (1, .nothing) }
      let isLetter = next >= 0x61 && next <= 0x7A
      let isEscape =
        switch next {
        case 0x6E, 0x72, 0x74, 0x78, 0x75, 0x30, 0x61, 0x62, 0x65, 0x66, 0x76: true
        default: false
        }
      let isWithin = isWordByte(text[place - 1]) || text[place - 1] == 0x2F
      return isLetter && isWithin
        && (!isEscape
          || (isWordByte(text[place + 2]) || text[place + 2] == 0x2F) && next != 0x78 && next != 0x75 && next != 0x6E)
        ? (1, .nothing) : nil
    case 0x3F, 0x2A, 0x5B: return PathPattern.path(text, place).map { ($0.length, .path($0.path, $0.start)) }
    case 0x60: return printed(text.slice(place), from: 1, to: 0x60)
    case 0x27, 0x22:
      if let word = quotedName(text, place) { return (word.count + 2, .part(word)) }
      if let part = quotedPart(text, place) { return (part.count + 2, .part(part)) }
      // Empty quotes within a word, or quotes around a part of one: `b''ash`, `b'a's'h'`.
      guard isWordByte(text[place - 1]) || isAny(text[place - 1], of: "+/-") else { return nil }
      if text[place + 1] == text[place] {
        return isWordByte(text[place + 2]) || isAny(text[place + 2], of: "+/") ? (2, .nothing) : nil
      }
      var end = place + 1
      while isWordByte(text[end]), end - place <= 4 { end += 1 }
      return text[end] == text[place] ? (end + 1 - place, .part(text.slice(place + 1, end))) : nil
    case 0x00: return (1, .blank)
    default: return nil
    }
  }

  /// Quotes around a part of a path, an address or a word: `/dev/tcp/"$H"/"$P"`, `TCP:"10.0.0.1":1`, `b"as"h`.
  static func quotedPart(_ text: ByteView, _ place: Int) -> ByteView? {
    let before = text[place - 1]
    guard isWordByte(before) || before == 0x2F || before == 0x3A && isWordByte(text[place - 2]),
      isWordByte(text[place + 1]) || text[place + 1] == 0x24
    else { return nil }
    var end = place + 1
    var isWord = true
    while end - place <= 64, isWordByte(text[end]) || isAny(text[end], of: ".-${}") {
      if !isWordByte(text[end]) { isWord = false }
      end += 1
    }
    guard text[end] == text[place] else { return nil }
    let after = text[end + 1]
    let isPart =
      before == 0x2F || after == 0x2F || before == 0x3A && after == 0x3A
      || isWord && end - place <= 5 && isWordByte(before) && isWordByte(after)
    return isPart ? text.slice(place + 1, end) : nil
  }

  private static func parameter(_ text: ByteView, _ place: Int) -> (length: Int, plain: Plain)? {
    let rest = text.slice(place)
    switch rest[1] {
    // The field separator in place of a blank, with any of the ways to part it from what follows.
    case 0x7B where isWordByte(rest[2]) && !rest.hasPrefix("${IFS"):
      // A name that nothing was assigned to, within a word: `n${x}c`.
      guard isWordByte(text[place - 1]) || text[place - 1] == 0x2F else { return nil }
      var end = 3
      while end < 16, isWordByte(rest[end]) { end += 1 }
      return rest[end] == 0x7D && isWordByte(rest[end + 1]) ? (end + 1, .nothing) : nil
    case 0x7B where rest.hasPrefix("${IFS"): return rest.slice(0, 24).firstIndex(of: 0x7D).map { ($0 + 1, .blank) }
    case 0x49 where rest.hasPrefix("$IFS"): return (rest.hasPrefix("$IFS$9") ? 6 : 4, .blank)
    case 0x28:
      if rest[2] == 0x28 { return sum(rest, from: 3, to: "))") }
      return printed(rest, from: 2, to: 0x29) ?? decoded(rest)
    case 0x5B: return sum(rest, from: 2, to: "]")
    case 0x27: return quoted(rest)
    // An empty parameter within a word: `ba$@sh`.
    case 0x40, 0x2A: return isWordByte(text[place - 1]) && isWordByte(rest[2]) ? (2, .nothing) : nil
    default: return nil
    }
  }

  /// `$'\x2fbin\057sh'`: what the escapes stand for.
  private static func quoted(_ rest: ByteView) -> (length: Int, plain: Plain)? {
    guard let end = rest.slice(0, 1024).firstIndex(of: 0x27, from: 2) else { return nil }
    let inner = rest.slice(2, end)
    guard inner.firstIndex(of: 0x5C) != nil else {
      return inner.hasPrefix("/dev/") && inner.firstIndex(of: 0x20) == nil ? (end + 1, .part(inner)) : nil
    }
    let undone = Encodings.undo(inner, keepsOrigins: false).bytes
    return undone.allSatisfy { $0 >= 0x20 && $0 < 0x7F || $0 == 0x0A } ? (end + 1, .bytes(undone)) : nil
  }

  /// `$(printf 'bash')`, `$(echo bash)`: what is printed, where it is plain.
  private static func printed(_ rest: ByteView, from first: Int, to last: UInt8) -> (length: Int, plain: Plain)? {
    var start = first
    while rest[start] == 0x20, start < 16 { start += 1 }
    let isPrinter = rest.slice(start).hasPrefix("echo") || rest.slice(start).hasPrefix("printf")
    guard isPrinter, let end = rest.slice(0, 256).firstIndex(of: last, from: first) else { return nil }
    var words = rest.slice(first, end).words(limit: 8)[...]
    guard let name = words.popFirst(), name == "printf" || name == "echo" else { return nil }
    while let flag = words.first, flag == "-n" || flag == "-e" || flag == "-ne" || flag == "%s" { words.removeFirst() }
    if words.count > 1, words.count <= 4, name == "printf" { return formatted(words).map { (end + 1, .bytes($0)) } }
    guard words.count == 1, var word = words.first else { return nil }
    let quote = word[0]
    if word.count >= 2, quote == 0x27 || quote == 0x22, word[word.count - 1] == quote {
      word = word.slice(1, word.count - 1)
    }
    for index in 0..<word.count where !isWordByte(word[index]) && !isAny(word[index], of: "/.-+:=") { return nil }
    return (end + 1, .part(word))
  }

  /// `$(printf "/dev/tcp/%s/%d" 203.0.113.9 4444)`
  private static func formatted(_ words: ArraySlice<ByteView>) -> [UInt8]? {
    guard let format = words.first.map(withoutQuotes), format[0] == 0x2F else { return nil }
    var values = words.dropFirst().map(withoutQuotes)[...]
    var out: [UInt8] = []
    var place = 0
    while place < format.count {
      if format[place] == 0x25, isAny(format[place + 1], of: "sdiu") {
        guard let value = values.popFirst() else { return nil }
        out.append(contentsOf: value.unsafeBytes)
        place += 2
      } else {
        out.append(format[place])
        place += 1
      }
    }
    return values.isEmpty && out.allSatisfy { isWordByte($0) || isAny($0, of: "/.-") } ? out : nil
  }

  private static func withoutQuotes(_ word: ByteView) -> ByteView {
    let quote = word[0]
    return word.count >= 2 && (quote == 0x27 || quote == 0x22) && word[word.count - 1] == quote
      ? word.slice(1, word.count - 1) : word
  }

  /// `$(echo MTkyLjAuMi4x | base64 -d)`, `$(base64 -d <<< MTkyLjAuMi4x)`: what comes out, where it is plain.
  private static func decoded(_ rest: ByteView) -> (length: Int, plain: Plain)? {
    let first = rest.slice(2, 10)
    guard first.hasPrefix("echo ") || first.hasPrefix("printf ") || first.hasPrefix("base64 "),
      let end = rest.slice(0, 512).firstIndex(of: 0x29, from: 2)
    else { return nil }
    let inner = rest.slice(2, end)
    guard inner.contains("base64 -d") || inner.contains("base64 --decode") else { return nil }
    var digits: ByteView?
    if let here = inner.firstIndex(of: ByteView("<<<")) {
      digits = inner.slice(here + 3).words(limit: 2).first
    } else if let (echo, _) = inner.cut(0x7C) {
      let words = echo.words(limit: 4)
      guard let name = words.first, name == "echo" || name == "printf" else { return nil }
      digits = words.dropFirst().first { $0[0] != 0x2D }
    }
    guard var digits else { return nil }
    if digits[0] == 0x22 || digits[0] == 0x27 { digits = digits.slice(1, digits.count - 1) }
    let value = Base64.decode(digits)
    guard !value.isEmpty, value.allSatisfy({ isWordByte($0) || isAny($0, of: "/.-:") || $0 == 0x0A }) else {
      return nil
    }
    return (end + 1, .bytes(value.filter { $0 != 0x0A }))
  }

  /// `$((4000 + 444))`, `$[4000+444]`: a port that is worked out.
  private static func sum(_ rest: ByteView, from first: Int, to last: StaticString) -> (length: Int, plain: Plain)? {
    guard let end = rest.slice(0, 48).firstIndex(of: ByteView(last), from: first) else { return nil }
    var total = 0
    var sign: UInt8 = 0x2B
    var place = first
    while place < end {
      var digits = place
      while rest[digits] == 0x20 { digits += 1 }
      place = digits
      while rest[place] >= 0x30, rest[place] <= 0x39, place - digits < 6 { place += 1 }
      guard let number = rest.slice(digits, place).integer.map({ Int($0) }) else { return nil }
      switch sign {
      case 0x2B: total += number
      case 0x2D: total -= number
      case 0x2A where total <= 65535: total *= number
      default: return nil
      }
      while rest[place] == 0x20 { place += 1 }
      sign = rest[place]
      if place < end { place += 1 }
    }
    return total >= 0 ? (end + last.utf8CodeUnitCount, .bytes(Array(String(total).utf8))) : nil
  }

  /// A brace list without blanks, `{echo,aGk=}`: its words. At most 64 KiB, no braces within.
  private static func list(_ rest: ByteView) -> (length: Int, plain: Plain)? {
    var hasComma = false
    for index in 1..<max(rest.count, 1) {
      switch rest[index] {
      case 0x7D:
        guard hasComma else { return nil }
        return (index + 1, .list(rest.slice(1, index)))
      case 0x2C: hasComma = true
      // The first word of a command names a program; `{a:1,b:2}` is code.
      case 0x3A where hasComma: break
      // A blank, a quote or another brace: code, not a list. This bounds the walk as well.
      case 0x20, 0x09, 0x0A, 0x7B, 0x22, 0x27, 0x3B, 0x28, 0x3A: return nil
      default: break
      }
    }
    return nil
  }

  private static let names = NameTable(["sh", "bash", "zsh", "ksh", "dash", "nc", "ncat", "netcat", "-i", "-e", "-c"])

  /// `"bash" "-i"`: a word that needs no quotes, in quotes.
  private static func quotedName(_ text: ByteView, _ place: Int) -> ByteView? {
    guard place == 0 || isAny(text[place - 1], of: " \t\n;|&("),
      let end = text.slice(0, place + 16).firstIndex(of: text[place], from: place + 1),
      end + 1 >= text.count || isAny(text[end + 1], of: " \t\n;|&<>")
    else { return nil }
    let word = text.slice(place + 1, end)
    return names.contains(ShellWords.baseName(word)) ? word : nil
  }
}
