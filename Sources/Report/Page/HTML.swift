import Bytes

/// HTML as it is written: the only way for text to get into the page is through `text` and `attribute`, which escape it.
struct HTML {
  private(set) var bytes: [UInt8] = []

  init() {}

  /// Markup that is ours. A literal, so that no evidence can be passed by mistake.
  mutating func raw(_ markup: StaticString) {
    markup.withUTF8Buffer { bytes.append(contentsOf: $0) }
  }

  /// Text of any origin.
  mutating func text(_ text: String) {
    for byte in text.utf8 { Self.escape(byte, &bytes) }
  }

  /// ` name="value"`, the value of any origin.
  mutating func attribute(_ name: StaticString, _ value: String) {
    bytes.append(0x20)
    raw(name)
    bytes.append(contentsOf: [0x3D, 0x22])
    text(value)
    bytes.append(0x22)
  }

  mutating func attribute(_ name: StaticString, _ value: Int) { attribute(name, String(value)) }

  /// `<name attributes>`, to be closed by `close`.
  mutating func open(_ name: StaticString, _ attributes: [(StaticString, String)] = []) {
    bytes.append(0x3C)
    raw(name)
    for (key, value) in attributes { attribute(key, value) }
    bytes.append(0x3E)
  }

  mutating func close(_ name: StaticString) {
    bytes.append(contentsOf: [0x3C, 0x2F])
    raw(name)
    bytes.append(0x3E)
  }

  /// An element that holds only text.
  mutating func element(_ name: StaticString, _ content: String, _ attributes: [(StaticString, String)] = []) {
    open(name, attributes)
    text(content)
    close(name)
  }

  /// Style and script, of which the page's policy names the digests.
  mutating func verbatim(_ code: String) { bytes.append(contentsOf: code.utf8) }

  /// JSON inside a script element: `<` could end it, so it is written as an escape.
  mutating func json(_ json: [UInt8]) {
    for byte in json {
      if byte == 0x3C { bytes.append(contentsOf: Array("\\u003c".utf8)) } else { bytes.append(byte) }
    }
  }

  private static func escape(_ byte: UInt8, _ out: inout [UInt8]) {
    switch byte {
    case 0x26: out.append(contentsOf: Array("&amp;".utf8))
    case 0x3C: out.append(contentsOf: Array("&lt;".utf8))
    case 0x3E: out.append(contentsOf: Array("&gt;".utf8))
    case 0x22: out.append(contentsOf: Array("&quot;".utf8))
    case 0x27: out.append(contentsOf: Array("&#39;".utf8))
    case 0x60: out.append(contentsOf: Array("&#96;".utf8))
    // Control characters are no text; what a browser makes of them differs.
    case 0x00...0x08, 0x0B, 0x0C, 0x0E...0x1F, 0x7F: out.append(contentsOf: Array("\u{FFFD}".utf8))
    default: out.append(byte)
    }
  }
}
