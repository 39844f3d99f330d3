import Bytes
import GRDB

/// Turns texts that may begin and end inside a word into a question that FTS5 can answer.
///
/// The index holds words, as FTS5's `ascii` tokenizer cuts them: runs of ASCII letters, digits and all bytes above ASCII.
/// A text's inner words are words of the index; its first may be the end of one, its last the beginning of one. What the
/// index answers holds every line that has the text, and more; the lines themselves decide.
enum WordSearch {
  /// Words that an open beginning may stand for. Beyond that the word is left to the lines.
  private static let maximumTerms = 500

  struct Word: Hashable {
    var text: [UInt8]
    var opensLeft: Bool
    var opensRight: Bool
  }

  /// The words of a text, lowercased.
  static func words(_ text: String) -> [Word] {
    let bytes = lowercase(text)
    var words: [Word] = []
    var start: Int?
    for place in 0...bytes.count {
      let isWord = place < bytes.count && isWordByte(bytes[place])
      if isWord, start == nil { start = place }
      if !isWord, let begin = start {
        words.append(
          Word(text: Array(bytes[begin..<place]), opensLeft: begin == 0, opensRight: place == bytes.count))
        start = nil
      }
    }
    return words
  }

  enum Answer: Hashable {
    /// No word narrows the search.
    case anyLine
    /// A word stands in no line at all.
    case noLine
    /// An expression for MATCH.
    case match(String)
  }

  static func plan(_ texts: [String], in database: Database) throws -> Answer {
    var parts: [String] = []
    for word in texts.flatMap({ words($0) }) {
      if word.opensLeft {
        guard let terms = try terms(word, in: database) else { continue }
        if terms.isEmpty { return .noLine }
        parts.append("(" + terms.map(quote).joined(separator: " OR ") + ")")
      } else {
        parts.append(quote(String(decoding: word.text, as: UTF8.self)) + (word.opensRight ? "*" : ""))
      }
    }
    return parts.isEmpty ? .anyLine : .match(parts.joined(separator: " AND "))
  }

  /// The index's words that the word may stand in; nil for too many.
  private static func terms(_ word: Word, in database: Database) throws -> [String]? {
    let text = String(decoding: word.text, as: UTF8.self)
    let sql =
      word.opensRight
      ? "SELECT term FROM words WHERE instr(term, ?1) > 0 LIMIT \(maximumTerms + 1)"
      : "SELECT term FROM words WHERE substr(term, -length(?1)) = ?1 LIMIT \(maximumTerms + 1)"
    let found = try String.fetchAll(database, sql: sql, arguments: [text])
    return found.count > maximumTerms ? nil : found
  }

  private static func quote(_ word: String) -> String { "\"" + word.replacing("\"", with: "\"\"") + "\"" }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) || byte >= 0x80
  }
}
