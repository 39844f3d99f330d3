import Bytes

/// A lookup that the evaluation came upon and could not resolve, and whose value would be sent along.
struct UnresolvedLookup {
  /// `env:AWS_SECRET_ACCESS_KEY`, `hostName`
  var name: String
  /// The payload gives a default, so it works without the value: named only where the value is worth stealing.
  var hasDefault: Bool
  /// The default is a word: one that only spells is of a letter or a few.
  var hasWord = false
}

/// What stands between `${jndi:` and its end, every lookup within resolved.
struct JNDIText {
  /// Without `${` and `}`; begins with `jndi:`, in any case.
  var content: [UInt8]
  /// In the text that was run.
  var range: Range<Int>
  /// No `}` followed: the text was cut, or the writer careless.
  var isOpen: Bool
  /// Nothing at all followed: a field limit may have cut it.
  var isAtEnd: Bool
  /// Resolving was needed to see it.
  var isObfuscated: Bool
  var lookups: [UnresolvedLookup]
  /// It stood in an encoding.
  var isEncoded = false
}

extension LookupMachine {
  /// A pattern of `SimpleDateFormat` without pattern letters: quoted text stands for itself, `''` for a quote.
  static func dateLiteral(_ pattern: ArraySlice<UInt8>) -> [UInt8]? {
    var value: [UInt8] = []
    var isQuoted = false
    var previousWasQuote = false
    for byte in pattern {
      if byte == 0x27 {
        if previousWasQuote { value.append(0x27) }
        previousWasQuote.toggle()
        isQuoted.toggle()
        continue
      }
      previousWasQuote = false
      let isLetter = lowercased(byte) >= 0x61 && lowercased(byte) <= 0x7A
      if isLetter, !isQuoted { return nil }
      value.append(byte)
    }
    return value
  }
}
