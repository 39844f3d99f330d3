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
  ///
  /// Whoever wrote the text down may have doubled or escaped its quotes: `''j''` in SQL, `\'j\'`, `'\''j'\''` in a shell.
  static func dateLiteral(_ pattern: ArraySlice<UInt8>) -> [UInt8]? {
    let isDoubled =
      pattern.count > 4 && pattern.starts(with: [0x27, 0x27]) && pattern.suffix(2).elementsEqual([0x27, 0x27])
    guard isDoubled || pattern.starts(with: [0x5C, 0x27]) || pattern.starts(with: [0x27, 0x5C, 0x27]) else {
      return unquoted(pattern)
    }
    var plain: [UInt8] = []
    for (place, byte) in zip(pattern.indices, pattern) {
      let next = place + 1 < pattern.endIndex ? pattern[place + 1] : 0
      if next == 0x27 && (byte == 0x5C || byte == 0x27) || byte == 0x27 && next == 0x5C { continue }
      plain.append(byte)
    }
    return unquoted(plain[...])
  }

  private static func unquoted(_ pattern: ArraySlice<UInt8>) -> [UInt8]? {
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
