import Bytes

/// Reads the needs out of a condition.
struct YaraConditionReader {
  private let tokens: [YaraToken]
  private let names: [String]
  static let maximumDepth = 64

  /// - Parameter names: of the rule's strings, with their `$`.
  init(_ condition: [YaraToken], names: [String]) {
    tokens = condition
    self.names = names
  }

  func need() -> YaraNeed { disjunction(tokens[...], depth: 0) }

  private func disjunction(_ part: ArraySlice<YaraToken>, depth: Int) -> YaraNeed {
    guard depth < Self.maximumDepth else { return .maybe }
    let terms = split(part, at: "or").map { conjunction($0, depth: depth) }
    if terms.count == 1 { return terms[0] }
    return terms.contains(.maybe) ? .maybe : .any(terms)
  }

  private func conjunction(_ part: ArraySlice<YaraToken>, depth: Int) -> YaraNeed {
    let terms = split(part, at: "and").map { term($0, depth: depth) }.filter { $0 != .maybe }
    return terms.isEmpty ? .maybe : terms.count == 1 ? terms[0] : .all(terms)
  }

  /// Parts between a word outside of all parentheses.
  private func split(_ part: ArraySlice<YaraToken>, at word: String) -> [ArraySlice<YaraToken>] {
    var parts: [ArraySlice<YaraToken>] = []
    var start = part.startIndex
    var depth = 0
    for index in part.indices where part[index].kind == .mark || part[index].text == word {
      switch part[index].text {
      case "(", "[": depth += 1
      case ")", "]": depth -= 1
      case word where depth == 0 && part[index].kind == .word:
        parts.append(part[start..<index])
        start = index + 1
      default: break
      }
    }
    parts.append(part[start...])
    return parts
  }

  private func term(_ part: ArraySlice<YaraToken>, depth: Int) -> YaraNeed {
    guard let first = part.first else { return .maybe }
    if first.text == "(", closing(part, from: part.startIndex) == part.endIndex - 1 {
      return disjunction(part.dropFirst().dropLast(), depth: depth + 1)
    }
    let words = Array(part)
    switch first.text {
    case "true": return .maybe
    case "false": return words.count == 1 ? .never : .maybe
    case "for": return loop(words)
    case "filesize":
      guard words.count == 3, let how = YaraNeed.Comparison(rawValue: words[1].text), let number = Self.number(words[2])
      else { return .maybe }
      return .size(how, number)
    default: break
    }
    if first.kind == .word, first.text.hasPrefix("$") {
      guard words.count == 1 || words[1].text == "at" || words[1].text == "in" else { return .maybe }
      return string(first.text)
    }
    if first.kind == .word, first.text.hasPrefix("#"), words.count == 3, let number = Self.number(words[2]) {
      let isPresent =
        switch words[1].text {
        case ">": number >= 0
        case ">=", "==": number >= 1
        default: false
        }
      return isPresent ? string("$" + first.text.dropFirst()) : .maybe
    }
    if words.count > 2, words[1].text == "of" { return selection(words[0], Array(words[2...])) }
    if words.count > 3, words[1].text == "%", words[2].text == "of", let share = Self.number(words[0]), share > 0 {
      return selection(YaraToken(kind: .word, range: 0..<0, text: "any"), Array(words[3...]))
    }
    if words.count == 6, let read = integer(words) { return read }
    if words.count == 1, first.kind == .word { return .rule(first.text) }
    if words.count == 3, words[1].text == "==", words[2].kind == .text, YaraCompiler.externals.contains(first.text),
      let bytes = words[2].text.withView({ YaraLiteralFinder.unescape($0.slice(1, $0.count - 1)) })
    {
      return .external(first.text, String(decoding: bytes, as: UTF8.self))
    }
    if asksExecutable(words) { return .integer(width: 2, isBigEndian: false, offset: 0, .equal, 0x5A4D) }
    return .maybe
  }

  /// A comparison with, or call of, what the `pe` module only defines for a Windows program: undefined, and so false,
  /// for anything that does not begin with `MZ`.
  private func asksExecutable(_ words: [YaraToken]) -> Bool {
    let defined: Set = [
      "imphash", "number_of_sections", "number_of_signatures", "exports", "imports", "timestamp", "machine",
      "characteristics", "entry_point", "pdb_path", "version_info", "rich_signature", "image_base", "subsystem",
    ]
    guard words.count > 3, words[0].text == "pe", words[1].text == ".", defined.contains(words[2].text) else {
      return false
    }
    return words.allSatisfy { !["not", "defined", "or", "of", "for"].contains($0.text) }
  }

  /// `uint32be(0) == 0x7F454C46`
  private func integer(_ words: [YaraToken]) -> YaraNeed? {
    var name = words[0].text[...]
    guard name.hasPrefix("uint"), words[1].text == "(", words[3].text == ")", let offset = Self.number(words[2]),
      let how = YaraNeed.Comparison(rawValue: words[4].text), let number = Self.number(words[5])
    else { return nil }
    name = name.dropFirst(4)
    let isBigEndian = name.hasSuffix("be")
    guard let bits = Int(isBigEndian ? name.dropLast(2) : name), [8, 16, 32].contains(bits) else { return nil }
    return .integer(width: bits / 8, isBigEndian: isBigEndian, offset: offset, how, number)
  }

  /// `any of them`, `2 of ($a*, $b)`
  private func selection(_ count: YaraToken, _ set: [YaraToken]) -> YaraNeed {
    guard let strings = strings(set) else { return .maybe }
    let number: Int
    switch count.text {
    case "any": number = 1
    case "all": number = strings.count
    default:
      guard let told = Self.number(count), told > 0 else { return .maybe }
      number = Int(clamping: told)
    }
    if number > strings.count { return .never }
    let needs = strings.map { YaraNeed.string($0) }
    return number == 1 ? (needs.count == 1 ? needs[0] : .any(needs)) : .atLeast(number, needs)
  }

  /// `for any of ($a*) : ($ at 0)`, `for all i in (1..#a) : (…)`
  private func loop(_ words: [YaraToken]) -> YaraNeed {
    guard let colon = words.firstIndex(where: { $0.text == ":" }), words.count > 3 else { return .maybe }
    if words[2].text == "of" {
      // The body must ask for the string itself; one that can hold without it says nothing.
      let body = words[(colon + 1)...].map(\.text)
      guard body.count >= 3, body[0] == "(", !body.contains("or"), !body.contains("not") else { return .maybe }
      let asks =
        switch body[1] {
        case "$": ["at", "in", "and", ")"].contains(body[2])
        // The number ends there: `# > 0 - 1` asks for nothing.
        case "#":
          body[2] == ">" && body.count > 4 && words[colon + 4].kind == .number && ["and", ")"].contains(body[4])
        default: false
        }
      guard asks else { return .maybe }
      return selection(words[1], Array(words[3..<colon]))
    }
    // for any i in (1..#a)
    guard words[1].text == "any", words.count > 9, words[3].text == "in", words[4].text == "(", words[5].text == "1",
      words[6].text == "..", words[7].text.hasPrefix("#"), words[8].text == ")"
    else { return .maybe }
    return string("$" + words[7].text.dropFirst())
  }

  private func string(_ name: String) -> YaraNeed {
    // An anonymous string, or one of two of that name, cannot be meant here.
    guard name.count > 1, let place = names.firstIndex(of: name) else { return .maybe }
    return .string(place)
  }

  /// Places of the strings of `them` or `($a, $b*)`; nil for sets of anything else.
  private func strings(_ set: [YaraToken]) -> [Int]? {
    if set.first?.text == "them" { return Array(names.indices) }
    guard set.first?.text == "(" else { return nil }
    var places: Set<Int> = []
    for token in set.dropFirst() {
      if token.text == ")" { return places.sorted() }
      if token.text == "," { continue }
      guard token.kind == .word, token.text.hasPrefix("$") else { return nil }
      if token.text.hasSuffix("*") {
        let prefix = token.text.dropLast()
        for (place, name) in names.enumerated() where name.hasPrefix(prefix) { places.insert(place) }
      } else if let place = names.firstIndex(of: token.text) {
        places.insert(place)
      } else {
        return nil
      }
    }
    return nil
  }

  private func closing(_ part: ArraySlice<YaraToken>, from start: Int) -> Int? {
    var depth = 0
    for index in start..<part.endIndex where part[index].kind == .mark {
      if part[index].text == "(" { depth += 1 }
      if part[index].text == ")" {
        depth -= 1
        if depth == 0 { return index }
      }
    }
    return nil
  }

  /// `10`, `0x1F`, `200KB`, `3MB`; nil for fractions and what does not fit.
  static func number(_ token: YaraToken) -> Int64? {
    guard token.kind == .number else { return nil }
    let text = token.text
    if text.hasPrefix("0x") { return text.withView { $0.hexadecimal }.flatMap { Int64(exactly: $0) } }
    let scale: Int64 = text.hasSuffix("KB") ? 1024 : text.hasSuffix("MB") ? 1 << 20 : 1
    guard let value = Int64(scale == 1 ? text[...] : text.dropLast(2)) else { return nil }
    let (scaled, over) = value.multipliedReportingOverflow(by: scale)
    return over ? nil : scaled
  }
}
