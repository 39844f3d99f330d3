import Bytes

/// Base64 that a payload begins in, be it compressed, escaped or broken into lines.
extension Log4ShellLeads {
  /// What begins a payload, in Base64, by the place in a group of three at which it stands: 0, 1 (two digits of a group of
  /// four before it) or 2 (three). Digits that depend on what stands before or behind are left out. Every beginning of three
  /// digits that is new makes the search slower.
  static let encoded: [[StaticString]] = [
    [
      // `${j`, `${J`, `${$`, `${base`; in UTF-16LE.
      "JHtq", "JHtK", "JHske", "JHtiYXNl", "JHtCQVNF", "JHtCYXNl", "JAB7A",
      // `%24`, `%252`, `$%7`, `$%25`.
      "JTI0", "JTI1Mj", "JCU3Q", "JCU3Y", "JCUyN",
      // `\u0024`, `$\u007`, `\x24`, `\044`.
      "XHUwMDI0", "JFx1MDA3", "XHgyN", "XDA0N",
      // `&#36;`, `&#x24`.
      "JiMzNj", "JiN4Mj", "JiNYMj",
      // Base64 of Base64, whichever place it stood at there.
      "Skh0c", "Skh0S", "Skhza2", "Ujdha", "Ujdhb", "UjdTa", "UjdTb", "UjdKSH", "a2Uyb", "a2Uyc", "a2Uwb", "a2Uwc",
      "a2V5Uj",
      // gzip's beginning.
      "H4sI",
    ],
    [
      "R7am", "R7ak", "R7ai", "R7al", "R7Sm", "R7Sk", "R7Si", "R7Sl", "R7JHs", "R7JHt", "R7YmFzZ", "R7QkFTR", "R7QmFzZ",
      "QAewA", "QAewB",
      "UyNCU", "UyNHt", "UyNHs", "UyNTI0", "UyNTI1", "QlN0", "QlN2", "QlMjU",
      "x1MDAyN", "RcdTAwN", "x4MjQ", "x4MjR", "wwNDR",
      "YjMzY7", "YjeDI0", "YjWDI0",
      "pIdH", "pIdE", "pIc2tl", "I3YW", "I3U2", "I3Skh", "tlMm", "tlMn", "tlMG", "tlMH", "tleVI3",
    ],
    [
      "ke2p", "ke2o", "ke0p", "ke0o", "keyR7", "ke2Jhc2", "ke0JBU0", "ke0Jhc2", "kAHsA",
      "lMjQl", "lMjR7", "lMjUyN", "kJTdC", "kJTdi", "kJTI1N",
      "cdTAwMj", "kXHUwMDd", "ceDI0", "cMDQ0",
      "mIzM2O", "mI3gyN", "mI1gyN",
      "KSHRx", "KSHRL", "KSHNrZ", "SN2F", "SN1N", "SN0pI", "rZTJv", "rZTJw", "rZTBv", "rZTBw", "rZXlSN",
    ],
  ]

  /// How many digits of its group of four stand before a lead in Base64.
  static func ahead(_ lead: Int) -> Int {
    let lead = lead - exact.count
    return lead < encoded[0].count ? 0 : lead < encoded[0].count + encoded[1].count ? 2 : 3
  }

  /// The Base64 text around a lead, decoded.
  static func base64(
    _ text: ByteView, _ place: Int, _ ahead: Int, _ judged: inout JudgedBase64
  ) -> Window? {
    let group = (place - ahead) & 3
    if judged.covers(place, group) { return nil }
    if text[place] == 0x48 { return inflated(text, place, &judged) }
    var start = Base64.start(of: text, before: place, limit: max(place - 4096, 0))
    start += (group - start) & 3
    let end = Base64.end(of: text, from: place, limit: place + maximumWindow)
    guard end - start >= 16 else { return nil }
    let joined = escaped(text, start, end)
    let stop = joined?.end ?? end
    // What the limit cut off may begin just before it.
    judged.add(place, stop - 32, group, decoded: stop - start)
    if let joined { return joined.digits.withView { decoded($0, start..<stop) } }
    guard let window = decoded(text.slice(start, end), start..<end) else { return nil }
    // A payload that the line's end cut goes on in the next.
    let next = Base64.lastLine(text, from: start, end, limit: end + maximumJoin)
    guard next > end, isOpen(window.bytes), judged.join(next - start, of: text.count) else { return window }
    return decoded(text.slice(start, next), start..<next)
  }

  /// How much of the following lines is taken.
  private static let maximumJoin = 640

  /// Digits that go on behind an escaped `+` or `/`, as in a query (`%2F`) or in JSON (`\/`): all of them.
  private static func escaped(_ text: ByteView, _ start: Int, _ end: Int) -> (digits: [UInt8], end: Int)? {
    func sign(_ place: Int) -> Encodings.Unit? {
      Encodings.unit(text, place).flatMap { $0.value == 0x2B || $0.value == 0x2F ? $0 : nil }
    }
    guard sign(end) != nil else { return nil }
    var digits = text.slice(start, end).array
    var place = end
    while digits.count < maximumWindow, let unit = sign(place) {
      digits.append(UInt8(truncatingIfNeeded: unit.value))
      place += unit.length
      let next = Base64.end(of: text, from: place, limit: start + maximumWindow)
      digits.append(contentsOf: text.slice(place, next).unsafeBytes)
      place = max(place, next)
    }
    return (digits, place)
  }

  private static func isOpen(_ bytes: [UInt8]) -> Bool {
    guard let close = bytes.lastIndex(of: 0x7D) else { return true }
    return bytes.lastIndex(of: 0x24).map { $0 > close } ?? false
  }

  private static func decoded(_ digits: ByteView, _ range: Range<Int>) -> Window? {
    var bytes = Base64.decode(digits)
    var step = "Base64 decoded"
    for _ in 0..<maximumWraps {
      if bytes.withView({ opens($0) }) {
        return Window(bytes: bytes, range: range, stride: 0, mayRegroup: true, step: step)
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
    var marks = BytePlaces(of: marks, in: text)
    var place = marks.next(from: 0)
    while place < text.count {
      if leads(text, place) { return true }
      place = marks.next(from: place + 1)
    }
    return false
  }

  private static let marks = ByteSet("$%\\&")

  /// Base64 in Base64, with UTF-16 between.
  private static let maximumWraps = 4

  /// A compressed text in Base64, as logs are handed on and bodies are stored: from its first digit on.
  private static func inflated(_ text: ByteView, _ place: Int, _ judged: inout JudgedBase64) -> Window? {
    guard !Base64.digits.contains(text[place - 1]) || text[place - 1] == 0x2F, judged.inflate(of: text.count) else {
      return nil
    }
    let limit = place + maximumWindow
    let end = Base64.lastLine(text, from: place, Base64.end(of: text, from: place, limit: limit), limit: limit)
    let joined = escaped(text, place, end)
    let stop = joined?.end ?? end
    judged.add(place, stop, place & 3, decoded: stop - place)
    let digits = joined?.digits ?? text.slice(place, end).array
    guard let bytes = digits.withView({ TextCodes.inflated($0) }), bytes.withView({ opens($0) }) else { return nil }
    return Window(bytes: bytes, range: place..<stop, stride: 0, step: "Base64 decoded, gzip inflated")
  }
}
