import Bytes

/// Tells the fields of an S3 access log's line apart where a client's quotes stand among those of the log.
///
/// Only three fields are in quotes, the request, the referer and the agent, and S3 writes what clients send as it came: an agent
/// `x" "y` would move every field behind it. The words behind the agent hold no quote, so that the line's last one ends it, and
/// between request and referer there are six words of a form that is known.
enum S3AccessLine {
  private static let quotesOfLog = 6
  private static let wordsBetween = 6

  static func fields(_ line: ByteView) -> AccessLogFields {
    var quotes = 0
    var place = 0
    while quotes <= quotesOfLog, let quote = line.firstIndex(of: 0x22, from: place) {
      quotes += 1
      place = quote + 1
    }
    return quotes > quotesOfLog ? byForm(line) ?? AccessLogFields(line) : AccessLogFields(line)
  }

  /// - Returns: nil for a line of another form.
  private static func byForm(_ line: ByteView) -> AccessLogFields? {
    guard let first = line.firstIndex(of: 0x22), let last = line.lastIndex(of: 0x22), last > first,
      let (end, words, referer) = behindRequest(line, from: first), referer < last
    else { return nil }
    var fields = AccessLogFields(line.slice(0, first)).all
    fields.append(line.slice(first + 1, end))
    fields += words
    // Of several borders the first: a referer is seldom chosen freely, an agent always.
    let both = line.slice(referer + 1, last)
    guard let border = both.firstIndex(of: ByteView("\" \"")) else { return nil }
    fields.append(both.slice(0, border))
    fields.append(both.slice(border + 3))
    return AccessLogFields(fields + AccessLogFields(line.slice(last + 1)).all)
  }

  /// The request's closing quote, the words behind it, and the opening quote of the referer.
  private static func behindRequest(_ line: ByteView, from first: Int) -> (Int, [ByteView], Int)? {
    var place = first + 1
    while let quote = line.firstIndex(of: 0x22, from: place) {
      place = quote + 1
      let begin = line[quote + 2]
      guard line[quote + 1] == 0x20, begin == 0x2D || (0x30...0x39).contains(begin) else { continue }
      // A status of three digits, an error's name, bytes twice and milliseconds twice.
      let words = line.slice(quote + 1, quote + 1 + 256).words(limit: wordsBetween + 1)
      guard words.count == wordsBetween + 1, words[0].count == 3 || words[0] == "-",
        [0, 2, 3, 4, 5].allSatisfy({ isNumber(words[$0]) })
      else { continue }
      let length = words.prefix(wordsBetween).reduce(wordsBetween) { $0 + $1.count }
      let opening = quote + 1 + length + 1
      if line[opening] == 0x22, line[opening - 1] == 0x20 { return (quote, Array(words.prefix(wordsBetween)), opening) }
    }
    return nil
  }

  private static func isNumber(_ word: ByteView) -> Bool {
    word == "-" || !word.isEmpty && (0..<word.count).allSatisfy { (0x30...0x39).contains(word[$0]) }
  }
}
