import Bytes

/// The strings, numbers and names of a piece of code, in order. A backslash before a quote belongs to the quote: code within code.
struct CodeTokens: Sequence, IteratorProtocol {
  enum Token {
    case string(ByteView)
    case number(ByteView)
    case name(ByteView)
  }

  /// What one text is asked for.
  private static let maximum = 4096

  /// What a token may begin with.
  private static let beginnings = ByteSet("\"'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")

  /// What a string begins with, an address without quotes too.
  private static let stringBeginnings = ByteSet("\"'0123456789")

  private let text: ByteView
  private var beginnings: BytePlaces
  private var place = 0
  private var count = 0
  /// Where the last token began.
  private var last = 0

  init(_ text: ByteView) { self.init(text, Self.beginnings) }

  private init(_ text: ByteView, _ beginnings: ByteSet) {
    self.text = text
    self.beginnings = BytePlaces(of: beginnings, in: text)
  }

  /// Strings alone: most of a text is names.
  static func strings(_ text: ByteView) -> CodeTokens {
    CodeTokens(text, stringBeginnings)
  }

  /// From the last token on, that one again and all that follow, whatever they are.
  var again: CodeTokens {
    var tokens = CodeTokens(text)
    tokens.place = last
    tokens.count = Swift.max(count - 1, 0)
    return tokens
  }

  mutating func next() -> Token? {
    guard count < Self.maximum else { return nil }
    while true {
      place = beginnings.next(from: place)
      guard place < text.count else { return nil }
      last = place
      let byte = text[place]
      let token = byte == 0x22 || byte == 0x27 ? string(byte) : word(isNumber: byte <= 0x39)
      guard let token else { continue }
      // A digit within a name begins nothing.
      if byte <= 0x39, byte >= 0x30, last > 0, isWordByte(text[last - 1]) { continue }
      count += 1
      return token
    }
  }

  private mutating func string(_ quote: UInt8) -> Token? {
    let start = place + 1
    var end = start
    // A string with the other quote in it is code in a shell's quotes.
    let other: UInt8 = quote == 0x22 ? 0x27 : 0x22
    while end < text.count, text[end] != quote, text[end] != 0x5C, text[end] != 0x0A, end - place < 256,
      text[end] != other
    {
      end += 1
    }
    guard text[end] == quote || text[end] == 0x5C && text[end + 1] == quote else {
      place = start
      return nil
    }
    // The end of one string may be the start of the next where quotes do not pair up: only a short string is skipped.
    place = text[end] == quote ? end + 1 : end + 2
    return .string(text.slice(start, end))
  }

  private mutating func word(isNumber: Bool) -> Token? {
    let start = place
    var end = start
    while end < text.count, isWordByte(text[end]) { end += 1 }
    defer { place = end }
    if isNumber, text[end] == 0x2E, text[end + 1] >= 0x30, text[end + 1] <= 0x39 {
      // An address without quotes.
      while end < text.count, isWordByte(text[end]) || text[end] == 0x2E { end += 1 }
      return .string(text.slice(start, end))
    }
    if !isNumber { return .name(text.slice(start, end)) }
    // `argv[2]` is no number of a port's.
    return text[start - 1] == 0x5B && text[end] == 0x5D ? nil : .number(text.slice(start, end))
  }
}
