import Bytes

/// Tokens that services hand out with a beginning of their own: known by it, their alphabet and their length.
public enum TokenShape {
  private enum Alphabet { case letters, word, hexadecimal }

  private struct Shape {
    var lead: StaticString
    /// How many digits follow the lead, at least and at most.
    var count: ClosedRange<Int>
    var alphabet: Alphabet
  }

  private static let shapes: [Shape] = [
    // GitHub: OAuth, applications' servers and users, and what renews those.
    Shape(lead: "gho_", count: 36...36, alphabet: .letters), Shape(lead: "ghs_", count: 36...36, alphabet: .letters),
    Shape(lead: "ghu_", count: 36...36, alphabet: .letters), Shape(lead: "ghr_", count: 36...80, alphabet: .letters),
    // Google's keys and Firebase's server keys.
    Shape(lead: "AIza", count: 35...35, alphabet: .word),
    // Stripe in earnest; `sk_test_` moves no money.
    Shape(lead: "sk_live_", count: 24...247, alphabet: .letters),
    Shape(lead: "rk_live_", count: 24...247, alphabet: .letters),
    Shape(lead: "npm_", count: 36...36, alphabet: .letters),
    Shape(lead: "pypi-AgEIcHlwaS5vcmc", count: 50...400, alphabet: .word),
    Shape(lead: "pypi-AgENdGVzdC5weXBpLm9yZ", count: 50...400, alphabet: .word),
    Shape(lead: "dckr_pat_", count: 27...27, alphabet: .word),
    Shape(lead: "shpat_", count: 32...32, alphabet: .hexadecimal),
    Shape(lead: "hvs.CAES", count: 86...160, alphabet: .word),
    Shape(lead: "sk-ant-api03-", count: 95...95, alphabet: .word),
  ]

  /// Addresses that anyone who knows them may post to.
  private static let hooks: [(lead: StaticString, least: Int)] = [
    ("hooks.slack.com/services/T", 40), ("discord.com/api/webhooks/", 80),
  ]

  /// Second bytes of the leads, for what begins like one is met at every other word.
  private static let seconds = ByteSet("Ichikopvy")

  /// What a text must hold to hold one.
  public static let leads: [StaticString] = shapes.map(\.lead) + hooks.map(\.lead)

  static func at(_ text: ByteView, _ place: Int) -> Range<Int>? {
    guard seconds.contains(text[place + 1]), !isNameByte(text[place - 1]) else { return nil }
    for shape in shapes where text[place] == ByteView(shape.lead)[0] {
      let lead = ByteView(shape.lead)
      guard text.slice(place, place + lead.count) == lead else { continue }
      let start = place + lead.count
      var end = start
      while end - start <= shape.count.upperBound, belongs(text[end], shape) { end += 1 }
      guard shape.count.contains(end - start), !isNameByte(text[end]), isRandom(text.slice(start, end)) else {
        continue
      }
      return place..<end
    }
    for hook in hooks where text[place] == ByteView(hook.lead)[0] {
      let lead = ByteView(hook.lead)
      guard text.slice(place, place + lead.count) == lead else { continue }
      var end = place + lead.count
      while end - place < 200, SecretShape.isWordByte(text[end]) || text[end] == 0x2F { end += 1 }
      let rest = text.slice(place + lead.count, end)
      // The last part is the secret.
      guard rest.count >= hook.least, let slash = rest.lastIndex(of: 0x2F), isRandom(rest.slice(slash + 1)) else {
        continue
      }
      return place..<end
    }
    return nil
  }

  private static func belongs(_ byte: UInt8, _ shape: Shape) -> Bool {
    switch shape.alphabet {
    case .letters: isNameByte(byte) && byte != 0x5F
    case .hexadecimal: (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
    case .word: SecretShape.isWordByte(byte)
    }
  }

  private static func isNameByte(_ byte: UInt8) -> Bool { SecretShape.isWordByte(byte) && byte != 0x2D }

  /// Documents show `ghs_xxxxxxxx…`, `AIzaSyABCDEF…` and words; what is drawn by chance has many different characters.
  private static func isRandom(_ digits: ByteView) -> Bool {
    var seen: Set<UInt8> = []
    var numbers = 0
    for place in 0..<digits.count {
      seen.insert(digits[place])
      if (0x30...0x39).contains(digits[place]) { numbers += 1 }
    }
    return seen.count >= 10 && numbers > 0 && numbers < digits.count
  }
}
