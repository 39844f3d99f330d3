/// Writes JSON into a byte array, by hand: 10 to 20 times as fast as `JSONEncoder`, and the order of keys is the caller's.
public struct JSONWriter {
  public private(set) var bytes: [UInt8] = []
  private var needsComma = false

  public init() {}

  public mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    needsComma = false
  }

  /// Ends one line of JSON Lines.
  public mutating func newline() {
    bytes.append(0x0A)
    needsComma = false
  }

  public mutating func object(_ body: (inout JSONWriter) -> Void) { nested(0x7B, 0x7D, body) }

  public mutating func array(_ body: (inout JSONWriter) -> Void) { nested(0x5B, 0x5D, body) }

  private mutating func nested(_ open: UInt8, _ close: UInt8, _ body: (inout JSONWriter) -> Void) {
    comma()
    bytes.append(open)
    needsComma = false
    body(&self)
    bytes.append(close)
    needsComma = true
  }

  private mutating func comma() {
    if needsComma { bytes.append(0x2C) }
    needsComma = true
  }

  /// A key of the object being written; its value must follow.
  public mutating func key(_ name: String) {
    comma()
    quote(name)
    bytes.append(0x3A)
    needsComma = false
  }

  public mutating func value(_ text: String) {
    comma()
    quote(text)
  }

  /// Two texts as one, without joining them first.
  public mutating func value(_ front: String, _ back: String) {
    comma()
    quote(front, back)
  }

  public mutating func value(_ number: Int64) {
    comma()
    bytes.append(contentsOf: String(number).utf8)
  }

  public mutating func value(_ number: UInt64) {
    comma()
    bytes.append(contentsOf: String(number).utf8)
  }

  public mutating func value(_ number: Int) { value(Int64(number)) }

  public mutating func value(_ flag: Bool) {
    comma()
    bytes.append(contentsOf: (flag ? "true" : "false").utf8)
  }

  public mutating func null() {
    comma()
    bytes.append(contentsOf: "null".utf8)
  }

  public mutating func value(_ texts: [String]) {
    array { writer in for text in texts { writer.value(text) } }
  }

  /// JSON that is already written and known to be whole.
  public mutating func raw(_ json: [UInt8]) {
    comma()
    bytes.append(contentsOf: json)
  }

  // Keys with values, the usual case. A nil value writes nothing.
  public mutating func field(_ name: String, _ text: String?) {
    guard let text else { return }
    key(name)
    value(text)
  }

  public mutating func field(_ name: String, _ number: Int64?) {
    guard let number else { return }
    key(name)
    value(number)
  }

  public mutating func field(_ name: String, _ number: Int?) { field(name, number.map(Int64.init)) }

  public mutating func field(_ name: String, _ number: UInt64?) {
    guard let number else { return }
    key(name)
    value(number)
  }

  public mutating func field(_ name: String, _ flag: Bool?) {
    guard let flag else { return }
    key(name)
    value(flag)
  }

  public mutating func field(_ name: String, _ texts: [String]?) {
    guard let texts else { return }
    key(name)
    value(texts)
  }

  public mutating func field(_ name: String, object body: (inout JSONWriter) -> Void) {
    key(name)
    object(body)
  }

  public mutating func field(_ name: String, array body: (inout JSONWriter) -> Void) {
    key(name)
    array(body)
  }

  /// Quotes and escapes; control characters (also DEL and C1's U+0080–U+009F, which terminals obey, and the line separators
  /// U+2028/9, which end a line of JavaScript) are written as \u escapes.
  private mutating func quote(_ text: String, _ more: String? = nil) {
    bytes.append(0x22)
    escape(text)
    if let more { escape(more) }
    bytes.append(0x22)
  }

  private mutating func escape(_ text: String) {
    var text = text
    text.withUTF8 { utf8 in
      // Runs without anything to escape, which is nearly all text, are copied at once.
      var start = 0
      var place = 0
      while place < utf8.count {
        // Eight bytes at once while none of them is of interest.
        if let base = utf8.baseAddress {
          while utf8.count - place >= 8, Self.isPlain(UnsafeRawPointer(base + place).loadUnaligned(as: UInt64.self)) {
            place += 8
          }
          if place == utf8.count { break }
        }
        let byte = utf8[place]
        guard byte < 0x20 || byte == 0x22 || byte == 0x5C || byte == 0x7F || byte == 0xC2 || byte == 0xE2 else {
          place += 1
          continue
        }
        let length = escapedLength(utf8, place)
        if length > 0 {
          bytes.append(contentsOf: utf8[start..<place])
          escape(utf8, place, length)
          start = place + length
        }
        place += max(length, 1)
      }
      bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start...]))
    }
  }

  /// Whether none of eight bytes is a control character, a quote, a backslash, or beyond ASCII.
  private static func isPlain(_ word: UInt64) -> Bool {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let high: UInt64 = 0x8080_8080_8080_8080
    func holds(_ byte: UInt64) -> UInt64 {
      let other = word ^ (ones &* byte)
      return (other &- ones) & ~other
    }
    return (word | (word &- ones &* 0x20) | holds(0x22) | holds(0x5C) | holds(0x7F)) & high == 0
  }

  /// How many bytes from here are one character to escape; 0 for none.
  private func escapedLength(_ utf8: UnsafeBufferPointer<UInt8>, _ place: Int) -> Int {
    switch utf8[place] {
    case 0xC2: return place + 1 < utf8.count && utf8[place + 1] < 0xA0 ? 2 : 0
    case 0xE2:
      let isSeparator =
        place + 2 < utf8.count && utf8[place + 1] == 0x80 && (utf8[place + 2] == 0xA8 || utf8[place + 2] == 0xA9)
      return isSeparator ? 3 : 0
    default: return 1
    }
  }

  private mutating func escape(_ utf8: UnsafeBufferPointer<UInt8>, _ place: Int, _ length: Int) {
    switch (length, utf8[place]) {
    case (1, 0x22): bytes.append(contentsOf: [0x5C, 0x22])
    case (1, 0x5C): bytes.append(contentsOf: [0x5C, 0x5C])
    case (1, 0x0A): bytes.append(contentsOf: [0x5C, 0x6E])
    case (1, 0x0D): bytes.append(contentsOf: [0x5C, 0x72])
    case (1, 0x09): bytes.append(contentsOf: [0x5C, 0x74])
    case (1, let byte): escape(UInt16(byte))
    case (2, _): escape(UInt16(utf8[place + 1]))
    default: escape(utf8[place + 2] == 0xA8 ? 0x2028 : 0x2029)
    }
  }

  private mutating func escape(_ unit: UInt16) {
    let digits = Array("0123456789abcdef".utf8)
    bytes.append(contentsOf: [0x5C, 0x75])
    for shift in stride(from: 12, through: 0, by: -4) { bytes.append(digits[Int(unit >> UInt16(shift)) & 15]) }
  }
}
