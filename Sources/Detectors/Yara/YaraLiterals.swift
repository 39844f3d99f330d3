import Bytes

/// Literals of which at least one stands in every match of a string. nil where nothing can be said.
typealias YaraLiterals = [MaskedLiteral]?

/// Finds such literals. Everything here may only err towards nil: what is passed over costs time, what is wrong costs matches.
enum YaraLiteralFinder {
  /// In sixteenths of a bit, what a literal must tell: eighteen bits stand two thousand times in half a gigabyte of noise.
  static let minimumBits = 18 * ByteRarity.scale
  /// A literal whose atom has more values than this fills the index.
  static let maximumAtoms = 256
  /// More alternatives than this cost more than they save.
  static let maximumAlternatives = 16

  /// Of a string that is searched for under each of 256 keys, this much is enough.
  static let maximumMasked = 12

  /// Of one declared string.
  ///
  /// - Parameter pattern: what the compiler showed of it, where it is no text.
  static func literals(of string: YaraStringDeclaration, pattern: YaraPattern?) -> YaraLiterals {
    let isBase64 = !string.modifiers.isDisjoint(with: ["base64", "base64wide"])
    if isBase64 {
      // The compiler's tree already holds every form.
      return spread(pattern?.alternatives, [])
    }
    if string.value.kind == .text {
      let plain = string.value.text.withView { unescape($0.slice(1, $0.count - 1)) }
      return spread(plain.map { [$0.map { MaskedByte($0) }] }, string.modifiers, keys: string.keys)
    }
    guard let pattern else { return nil }
    let flags = string.value.text.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    let isCaseless = pattern.isCaseless || (string.value.kind == .regex && flags.contains("i"))
    return spread(pattern.alternatives, isCaseless ? string.modifiers.union(["nocase"]) : string.modifiers)
  }

  /// Gives alternatives the forms that the modifiers ask for.
  private static func spread(
    _ alternatives: [[MaskedByte]]?, _ modifiers: Set<String>, keys: ClosedRange<UInt8>? = nil
  ) -> YaraLiterals {
    guard let alternatives else { return nil }
    var forms: [[MaskedByte]] = []
    let isWide = modifiers.contains("wide")
    for row in alternatives {
      let bytes = modifiers.contains("nocase") ? row.map(\.caseless) : row
      if !isWide || modifiers.contains("ascii") { forms.append(bytes) }
      if isWide { forms.append(bytes.flatMap { [$0, MaskedByte(0)] }) }
    }
    guard !forms.isEmpty, forms.count <= maximumAlternatives else { return nil }
    var literals: [MaskedLiteral] = []
    for form in forms {
      let part = ByteRarity.mostTelling(form)
      guard ByteRarity.bits(part) >= minimumBits else { return nil }
      if let keys, modifiers.contains("xor") {
        let short = part.prefix(maximumMasked)
        guard short.allSatisfy({ $0.mask == 0xFF }) else { return nil }
        literals += keys.map { key in MaskedLiteral(text: short.lazy.map { $0.value ^ key }) }
      } else {
        literals.append(MaskedLiteral(part))
      }
    }
    return literals.allSatisfy { canBeFound($0) } ? literals : nil
  }

  /// Whether an index can hold a literal without being filled by it.
  static func canBeFound(_ literal: MaskedLiteral) -> Bool {
    MaskedAtom(of: literal).map { $0.count <= maximumAtoms } ?? false
  }

  /// How far around its literals a string's match can depend on anything.
  static func reach(of string: YaraStringDeclaration, pattern: YaraPattern?) -> YaraReach {
    if let pattern { return pattern.reach }
    guard string.value.kind == .text,
      let plain = string.value.text.withView({ unescape($0.slice(1, $0.count - 1)) })
    else { return YaraReach(distance: nil, hasFilledByte: false) }
    return YaraReach(text: plain, isMasked: string.modifiers.contains("xor"))
  }

  /// Undoes \" \\ \t \n \r \xHH; nil for anything else.
  static func unescape(_ text: ByteView) -> [UInt8]? {
    var out: [UInt8] = []
    var place = 0
    while place < text.count {
      guard text[place] == 0x5C else {
        out.append(text[place])
        place += 1
        continue
      }
      switch text[place + 1] {
      case 0x22, 0x5C: out.append(text[place + 1])
      case 0x74: out.append(0x09)
      case 0x6E: out.append(0x0A)
      case 0x72: out.append(0x0D)
      case 0x78:
        guard let high = hexDigit(text[place + 2]), let low = hexDigit(text[place + 3]) else { return nil }
        out.append(high << 4 | low)
        place += 2
      default: return nil
      }
      place += 2
    }
    return out
  }
}
