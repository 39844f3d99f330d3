import Bytes

extension BehaviourText {
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
