import Bytes

/// Windows whose bytes are not the text's own: two of them for each character, or digits that stand for bytes.
extension Log4ShellLeads {
  /// UTF-16LE, narrowed up to the first unit that is no text.
  static func wide(_ text: ByteView, _ place: Int) -> Window? {
    let start = narrowed(text, place, limit: text[place + 2] == 0x7B ? head : shortHead).bytes
    guard start.count >= 8, start.withView({ leads($0, 0) }) else { return nil }
    let (bytes, end) = narrowed(text, place, limit: maximumWindow / 2)
    return Window(bytes: bytes, range: place..<end, stride: 2, step: "UTF-16LE read")
  }

  private static func narrowed(_ text: ByteView, _ place: Int, limit: Int) -> (bytes: [UInt8], end: Int) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(min(limit, head))
    var index = place
    while index + 1 < text.count, bytes.count < limit {
      let low = text[index]
      let high = text[index + 1]
      if high == 0 {
        if low < 0x20 && low != 0x09 { break }
        // Latin-1 above ASCII is no part of a payload's frame; one byte a unit keeps places true.
        bytes.append(low < 0x80 ? low : 0x3F)
      } else if high == 0x01, low == 0x31 {
        // The dotless i, whose upper case is I.
        bytes.append(0x69)
      } else {
        break
      }
      index += 2
    }
    return (bytes, index)
  }

  /// A run of hexadecimal digits, each pair a byte: a log or a tool that writes bodies so.
  static func hexadecimal(_ text: ByteView, _ place: Int) -> Window? {
    guard hexDigit(text[place + 15]) != nil else { return nil }
    let start = pairs(text, place, limit: head).bytes
    guard start.count >= 8, start.withView({ leads($0, 0) }) else { return nil }
    let (bytes, end) = pairs(text, place, limit: maximumWindow / 2)
    return Window(bytes: bytes, range: place..<end, stride: 2, step: "hexadecimal decoded")
  }

  /// Up to the first pair that is none, or no text.
  private static func pairs(_ text: ByteView, _ place: Int, limit: Int) -> (bytes: [UInt8], end: Int) {
    var bytes: [UInt8] = []
    var index = place
    while bytes.count < limit, let high = hexDigit(text[index]), let low = hexDigit(text[index + 1]) {
      let byte = high << 4 | low
      if byte < 0x20 && byte != 0x09 { break }
      bytes.append(byte)
      index += 2
    }
    return (bytes, index)
  }

  /// The Base64 text around a lead, decoded.
  static func base64(
    _ text: ByteView, _ place: Int, _ ahead: Int, _ judged: inout JudgedBase64
  ) -> Window? {
    let group = (place - ahead) & 3
    if judged.covers(place, group) { return nil }
    var start = place
    while start > 0, place - start < 4096, Base64.isDigit(text[start - 1]) { start -= 1 }
    start += (group - start) & 3
    var end = place
    while end < text.count, end - place < maximumWindow, Base64.isDigit(text[end]) { end += 1 }
    guard end - start >= 16 else { return nil }
    // What the limit cut off may begin just before it.
    judged.add(place, end - 32, group, decoded: end - start)
    return decoded(text, start..<end)
  }

  private static func decoded(_ text: ByteView, _ range: Range<Int>) -> Window? {
    let (start, end) = (range.lowerBound, range.upperBound)
    var bytes = Base64.decode(text.slice(start, end))
    var step = "Base64 decoded"
    for _ in 0..<maximumWraps {
      if bytes.withView({ opens($0) }) {
        return Window(bytes: bytes, range: start..<end, stride: 0, step: step)
      }
      if bytes.withView({ $0.contains("$\0{\0") }) {
        bytes.removeAll { $0 == 0 }
        step += ", UTF-16LE read"
      } else {
        let inner = bytes.withView { view in
          Base64.runs(in: view, minimum: 16).max { $0.count < $1.count }.map {
            Base64.decode(view.slice($0.lowerBound, $0.upperBound))
          }
        }
        guard let inner else { return nil }
        bytes = inner
        step += ", and again"
      }
    }
    return nil
  }

  /// Whether a lookup begins anywhere, as it is or in an encoding.
  private static func opens(_ text: ByteView) -> Bool {
    text.contains("${") || text.contains("%24") || text.contains("\\u0024") || text.contains("&#36")
      || text.contains("$%7")
  }

  /// Base64 in Base64, with UTF-16 between.
  private static let maximumWraps = 4
}
