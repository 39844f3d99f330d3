import Bytes

extension BehaviourText {
  private static let talkers = NameTable(["echo", "printf", "logger", "wall", "git", "man"])

  /// Whether the words are only said: by one command that runs nothing, and with nothing behind it that could.
  var isOnlySaid: Bool {
    guard let first = tools.first, Self.talkers.contains(first) else { return false }
    var quote: UInt8 = 0
    var place = 0
    while place < text.count {
      let byte = text[place]
      if quote == 0x27 {
        if byte == quote { quote = 0 }
      } else if byte == 0x5C {
        place += 1
      } else if byte == 0x60 || byte == 0x24 && text[place + 1] == 0x28 {
        return false
      } else if quote != 0 {
        if byte == quote { quote = 0 }
      } else if byte == 0x22 || byte == 0x27 {
        quote = byte
      } else if byte == 0x3E {
        return Self.isNote(text.slice(place))
      } else if isAny(byte, of: "|;&<\n") {
        return false
      }
      place += 1
    }
    return true
  }

  /// `>> notes.txt`, and nothing behind it: what is written there is read, not run.
  private static func isNote(_ redirection: ByteView) -> Bool {
    let file = redirection.slice(redirection[1] == 0x3E ? 2 : 1).trimmed
    guard ([".txt", ".md", ".log", ".csv"] as [StaticString]).contains(where: { file.hasSuffix($0) }) else {
      return false
    }
    return (0..<file.count).allSatisfy { isWordByte(file[$0]) || isAny(file[$0], of: "./-~") }
  }

  /// Arguments of one program that quotes and brackets part: more are generated.
  private static let maximumParts = 32

  /// A command's words with those behind quotes and brackets, which begin what looks like another command; and the last of the
  /// commands that they stand in.
  func wordsAcrossQuotes(_ index: Int) -> (words: [ByteView], last: Int) {
    var words = Array(programs[index])
    var last = index
    while last + 1 < commands.count, last - index < Self.maximumParts, isAny(commands[last + 1].before, of: "'\"()") {
      last += 1
      words += commands[last].words
    }
    return (words, last)
  }
}
