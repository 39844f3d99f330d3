/// The little of XML that services (S3, STS) answer with: elements and their text. Total: any bytes are read to their end or to where
/// they stop being XML; no entity but the five of the standard and numbers is known, so none can grow; a document type ends it.
public enum XMLScanner {
  /// Deeper elements than any answer has are read, but not told.
  private static let maximumDepth = 16
  /// Longer than any name, key or token in an answer.
  private static let maximumText = 1 << 16

  /// Calls `body` with the name of each element that opens (`text` nil) or closes (with its own text), and those around it.
  ///
  /// - Returns: true when the outermost element was closed: the answer is whole.
  public static func scan(_ bytes: ByteView, _ body: (_ path: [String], _ text: String?) -> Void) -> Bool {
    var path: [String] = []
    var beyond = 0
    var text: [UInt8] = []
    var place = 0
    while let open = bytes.firstIndex(of: 0x3C, from: place) {
      append(bytes.slice(place, open), to: &text)
      let rest = bytes.slice(open)
      if rest.hasPrefix("<!--") {
        guard let end = rest.slice(4).firstIndex(of: ByteView("-->")) else { return false }
        place = open + 4 + end + 3
      } else if rest.hasPrefix("<![CDATA[") {
        guard let end = rest.slice(9).firstIndex(of: ByteView("]]>")) else { return false }
        if text.count < maximumText { text += rest.slice(9, 9 + min(end, maximumText)).array }
        place = open + 9 + end + 3
      } else if rest.hasPrefix("<!") {
        return false
      } else {
        guard let end = tagEnd(rest) else { return false }
        place = open + end + 1
        let tag = rest.slice(1, end)
        if tag[0] == 0x3F { continue }
        if tag[0] == 0x2F {
          if beyond > 0 {
            beyond -= 1
          } else if path.last == name(tag.slice(1)) {
            body(path, String(decoding: text, as: UTF8.self))
            path.removeLast()
            if path.isEmpty { return true }
          }
          text.removeAll(keepingCapacity: true)
          continue
        }
        let isEmpty = tag[tag.count - 1] == 0x2F
        text.removeAll(keepingCapacity: true)
        if path.count >= maximumDepth {
          if !isEmpty { beyond += 1 }
          continue
        }
        path.append(name(tag))
        body(path, nil)
        if isEmpty {
          body(path, "")
          path.removeLast()
          if path.isEmpty { return true }
        }
      }
    }
    return false
  }

  /// The closing `>` of the tag at the front, past quoted attribute values.
  private static func tagEnd(_ bytes: ByteView) -> Int? {
    var quote: UInt8 = 0
    for index in 1..<max(bytes.count, 1) {
      let byte = bytes[index]
      if quote != 0 {
        if byte == quote { quote = 0 }
      } else if byte == 0x22 || byte == 0x27 {
        quote = byte
      } else if byte == 0x3E {
        return index
      }
    }
    return nil
  }

  /// The local name: to the first space, without a `prefix:`.
  private static func name(_ tag: ByteView) -> String {
    var end = 0
    while end < min(tag.count, 128), !isSpace(tag[end]), tag[end] != 0x2F { end += 1 }
    let whole = tag.slice(0, end)
    return whole.slice(whole.lastIndex(of: 0x3A).map { $0 + 1 } ?? 0).string
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

  private static func append(_ raw: ByteView, to text: inout [UInt8]) {
    var place = 0
    while place < raw.count, text.count < maximumText {
      guard raw[place] == 0x26, let end = raw.slice(place, place + 12).firstIndex(of: 0x3B),
        let scalar = entity(raw.slice(place + 1, place + end))
      else {
        text.append(raw[place])
        place += 1
        continue
      }
      text += Array(String(Character(scalar)).utf8)
      place += end + 1
    }
  }

  private static func entity(_ name: ByteView) -> Unicode.Scalar? {
    if name == "amp" { return "&" }
    if name == "lt" { return "<" }
    if name == "gt" { return ">" }
    if name == "quot" { return "\"" }
    if name == "apos" { return "'" }
    guard name[0] == 0x23 else { return nil }
    let isHex = name[1] == 0x78 || name[1] == 0x58
    let number = isHex ? name.slice(2).hexadecimal : name.slice(1).integer.flatMap { UInt64(exactly: $0) }
    return number.flatMap { UInt32(exactly: $0) }.flatMap(Unicode.Scalar.init)
  }
}
