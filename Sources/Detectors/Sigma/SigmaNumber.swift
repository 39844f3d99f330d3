/// A number that rules compare, exact where it is whole: a `Double` takes accounts and nanoseconds that differ in their last digits
/// for the same.
struct SigmaNumber: Hashable, Sendable {
  let value: Double
  private let whole: Int128?

  /// As it stands in a record; nil for what is no decimal number.
  init?(_ text: String) {
    guard let value = Double(sigma: text) else { return nil }
    self.value = value
    whole = Int64(text).map { Int128($0) } ?? Int128(text)
  }

  /// As it stands in a rule, where YAML lets whole numbers be written `0x1F` and `1_000` too.
  init?(rule text: String) {
    self.init(Self.written(text).map { String($0) } ?? text)
  }

  func holds(_ how: YaraNeed.Comparison, _ limit: SigmaNumber) -> Bool {
    if let whole, let other = limit.whole { return SigmaTest.compare(whole, how, other) }
    return SigmaTest.compare(value, how, limit.value)
  }

  /// What YAML 1.1, by which public rules are read, takes a plain word for that a record has in another form: `0x1F` is 31,
  /// `yes` is true. nil for any other.
  static func meaning(of word: String) -> String? {
    switch word {
    case "yes", "Yes", "YES", "on", "On", "ON": "true"
    case "no", "No", "NO", "off", "Off", "OFF": "false"
    default: written(word).map { String($0) }
    }
  }

  /// The other way in which records write a number: a severity of `5` is `5.0` where the source keeps it with a fraction. nil for
  /// what is no such number.
  static func spelling(of word: String) -> String? {
    let digits = word.hasSuffix(".0") ? word.dropLast(2) : word[...]
    guard (1...18).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    return digits.utf8.count < word.utf8.count ? String(digits) : word + ".0"
  }

  private static func written(_ text: String) -> Int64? {
    let isNegative = text.utf8.first == 0x2D
    let digits = isNegative || text.utf8.first == 0x2B ? text.dropFirst() : text[...]
    let sign = isNegative ? "-" : ""
    guard let first = digits.utf8.first, (0x30...0x39).contains(first), digits.utf8.count <= 32 else { return nil }
    if digits.hasPrefix("0x") {
      let hex = digits.dropFirst(2)
      guard hex.utf8.first != 0x2B, hex.utf8.first != 0x2D else { return nil }
      return Int64(sign + hex, radix: 16)
    }
    guard digits.contains("_"), first != 0x30 else { return nil }
    return Int64(sign + digits.filter { $0 != "_" })
  }
}
