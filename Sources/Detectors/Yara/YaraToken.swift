import Bytes

/// The words of a YARA file, without its comments and blanks.
///
/// Follows libyara's `lexer.l`: `/` always begins a comment or a regular expression (division is `\`), and `{` after `=`
/// always begins a hex string. Total: whatever is not understood becomes a token of one byte.
struct YaraToken: Hashable, Sendable {
  enum Kind: Hashable, Sendable { case word, text, regex, hex, number, mark }

  var kind: Kind
  /// In the file.
  var range: Range<Int>
  /// As written; a hex string without blanks and comments and in upper case.
  var text: String

  static func tokens(of source: ByteView) -> [YaraToken] {
    var tokens: [YaraToken] = []
    var place = 0
    while true {
      place = skipBlanks(source, place)
      guard place < source.count else { return tokens }
      let start = place
      let afterEquals = tokens.last?.text == "="
      let (kind, end) = next(source, start, afterEquals: afterEquals)
      place = max(end, start + 1)
      let text = kind == .hex ? hexText(source.slice(start, place)) : source.slice(start, place).string
      tokens.append(YaraToken(kind: kind, range: start..<min(place, source.count), text: text))
    }
  }

  /// Whether it is a text whose end stands in its line.
  var isClosedText: Bool { kind == .text && text.utf8.count >= 2 && text.utf8.last == 0x22 }

  /// Where a comment begins that nothing closes.
  static func openComment(in source: ByteView) -> Int? {
    var end = tokens(of: source).last?.range.upperBound ?? 0
    // Behind the last word are only blanks and comments.
    while let start = source.firstIndex(of: 0x2F, from: end) {
      if source[start + 1] == 0x2A {
        guard let close = source.firstIndex(of: ByteView("*/"), from: start + 2) else { return start }
        end = close + 2
      } else {
        end = source.firstIndex(of: 0x0A, from: start) ?? source.count
      }
    }
    return nil
  }

  private static func next(_ source: ByteView, _ start: Int, afterEquals: Bool) -> (Kind, Int) {
    switch source[start] {
    case 0x22: return (.text, endOfQuoted(source, start, 0x22))
    case 0x2F:
      var end = endOfQuoted(source, start, 0x2F)
      while source[end] == 0x69 || source[end] == 0x73 { end += 1 }
      return (.regex, end)
    case 0x7B where afterEquals: return (.hex, endOfHex(source, start))
    case 0x30...0x39:
      var end = start + 1
      while isWord(source[end]) || (source[end] == 0x2E && (0x30...0x39).contains(source[end + 1])) { end += 1 }
      return (.number, end)
    case let byte where isWord(byte):
      var end = start + 1
      while isWord(source[end]) { end += 1 }
      return (.word, end)
    case 0x24, 0x23, 0x40, 0x21:
      // `!=` is an operator, `!a` a length.
      if source[start] == 0x21, source[start + 1] == 0x3D { return (.mark, start + 2) }
      var end = start + 1
      while isWord(source[end]) { end += 1 }
      if source[start] == 0x24, source[end] == 0x2A { end += 1 }
      return (.word, end)
    default:
      let pair = source.slice(start, start + 2)
      let double = pair == "==" || pair == "<=" || pair == ">=" || pair == "<<" || pair == ">>" || pair == ".."
      return (.mark, start + (double ? 2 : 1))
    }
  }

  static func isWord(_ byte: UInt8) -> Bool {
    byte == 0x5F || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
  }

  private static func skipBlanks(_ source: ByteView, _ start: Int) -> Int {
    var place = start
    while place < source.count {
      let byte = source[place]
      if byte == 0x20 || (0x09...0x0D).contains(byte) {
        place += 1
      } else if byte == 0x2F, source[place + 1] == 0x2F {
        place = source.firstIndex(of: 0x0A, from: place) ?? source.count
      } else if byte == 0x2F, source[place + 1] == 0x2A {
        place = source.firstIndex(of: ByteView("*/"), from: place + 2).map { $0 + 2 } ?? source.count
      } else {
        break
      }
    }
    return place
  }

  /// Neither text nor regular expressions go over the end of a line.
  private static func endOfQuoted(_ source: ByteView, _ start: Int, _ quote: UInt8) -> Int {
    var place = start + 1
    while place < source.count, source[place] != 0x0A {
      if source[place] == quote { return place + 1 }
      place += source[place] == 0x5C ? 2 : 1
    }
    return min(place, source.count)
  }

  private static func endOfHex(_ source: ByteView, _ start: Int) -> Int {
    var place = start + 1
    while place < source.count {
      place = skipBlanks(source, place)
      if source[place] == 0x7D { return place + 1 }
      place += 1
    }
    return source.count
  }

  private static func hexText(_ source: ByteView) -> String {
    var text: [UInt8] = []
    var place = 0
    while place < source.count {
      place = skipBlanks(source, place)
      guard place < source.count else { break }
      text.append((0x61...0x66).contains(source[place]) ? source[place] - 0x20 : source[place])
      place += 1
    }
    return String(decoding: text, as: UTF8.self)
  }
}
