import Bytes
import Evidence

/// One YARA file as it was read, and its rules as far as they can be told apart without the compiler.
///
/// What is read once is what is compiled and what is fingerprinted, so a file that changes meanwhile changes nothing.
public struct YaraSource: Sendable {
  /// Relative to the rules directory.
  public let path: String
  /// Of its rules: the path, unless all files share one.
  public let namespace: String
  public let text: [UInt8]
  /// Read when something of it is first asked for: of thousands of files known from an earlier run only those are whose
  /// rules are run.
  private let parsed: Lazy<YaraSourceParser.Result>
  /// Modules (`elf`), in the order of the file.
  public var imports: [String] { parsed.value.imports }
  /// Files named by `include`, as written.
  public var includes: [String] { mayInclude ? parsed.value.includes : [] }
  /// Whether the word stands in the file at all.
  private let mayInclude: Bool
  public var rules: [Rule] { parsed.value.rules }
  /// Its lines `import` and `include`.
  var statements: [Statement] { parsed.value.statements }
  /// What is neither a rule nor such a line, which no compiler takes.
  var strays: [Range<Int>] { parsed.value.strays }
  /// The line of a comment that nothing closes: all behind it is part of it, and nobody says so; nil where there is none.
  var openComment: Int? {
    text.withView { view in
      var last: Int?
      while let next = view.firstIndex(of: ByteView("/*"), from: last.map { $0 + 2 } ?? 0) { last = next }
      guard let last, view.firstIndex(of: ByteView("*/"), from: last + 2) == nil else { return nil }
      return YaraToken.openComment(in: view).map { place in 1 + text[..<place].count { $0 == 0x0A } }
    }
  }
  /// Whether the file is nothing but imports and the rules above, so that a part of it can be compiled alone.
  public var isSeparable: Bool { parsed.value.isWhole && includes.isEmpty }
  /// The file's tokens joined by single blanks: comments and layout do not count.
  public var normalized: String { parsed.value.normalized }

  /// One rule of the file.
  public struct Rule: Sendable {
    public let name: String
    public let isPrivate: Bool
    public let isGlobal: Bool
    /// From 1.
    public let line: Int
    /// In the file, from the first modifier to the closing brace.
    public let range: Range<Int>
    public let normalized: String
    /// Every bare word of the condition: rules, externals and modules that it refers to are among them.
    let references: Set<String>
    let strings: [YaraStringDeclaration]
    let condition: [YaraToken]
  }

  /// `import "elf"`, `include "other.yar"`
  struct Statement: Sendable {
    var isInclude: Bool
    var name: String
    /// From 1.
    var line: Int
    var range: Range<Int>
  }

  public init(path: String, text: [UInt8], namespace: String? = nil) {
    self.path = path
    self.namespace = namespace ?? path
    self.text = text
    mayInclude = text.withView { $0.firstIndex(of: ByteView("include")) != nil }
    parsed = Lazy { text.withView { YaraSourceParser($0).parse() } }
  }

  /// The file with only some of its rules, for compiling those alone. Line numbers are not kept.
  func text(ofRules indices: [Int]) -> [UInt8] {
    var out: [UInt8] = []
    for name in imports { out.append(contentsOf: "import \"\(name)\"\n".utf8) }
    for index in indices where rules.indices.contains(index) {
      out.append(contentsOf: text[rules[index].range])
      out.append(0x0A)
    }
    return out
  }
}

/// `$name = value modifiers` of a strings section.
struct YaraStringDeclaration: Sendable {
  /// With its `$`; `$` alone for an anonymous string.
  var name: String
  var value: YaraToken
  var modifiers: Set<String>
  /// Keys of `xor`.
  var keys: ClosedRange<UInt8> = 0...255
}

/// Tells imports and rules of a file apart. Understands what the compiler accepts; of anything else it only says so.
struct YaraSourceParser {
  private let source: ByteView
  private let tokens: [YaraToken]

  init(_ source: ByteView) {
    self.source = source
    tokens = YaraToken.tokens(of: source)
  }

  struct Result: Sendable {
    var imports: [String] = []
    var includes: [String] = []
    var rules: [YaraSource.Rule] = []
    var statements: [YaraSource.Statement] = []
    var strays: [Range<Int>] = []
    var isWhole: Bool { strays.isEmpty }
    var normalized = ""
  }

  func parse() -> Result {
    var result = Result()
    result.normalized = tokens.map(\.text).joined(separator: " ")
    var place = 0
    var lines = LineCounter(source)
    while place < tokens.count {
      let word = tokens[place].text
      if word == "import" || word == "include", let value = token(place + 1), value.isClosedText {
        let name = String(value.text.dropFirst().dropLast())
        if word == "import" { result.imports.append(name) } else { result.includes.append(name) }
        result.statements.append(
          YaraSource.Statement(
            isInclude: word == "include", name: name, line: lines.line(at: tokens[place].range.lowerBound),
            range: tokens[place].range.lowerBound..<value.range.upperBound))
        place += 2
      } else if let (rule, end) = rule(at: place, &lines) {
        result.rules.append(rule)
        place = end
      } else {
        result.strays.append(tokens[place].range)
        place += 1
      }
    }
    return result
  }

  private func token(_ index: Int) -> YaraToken? { tokens.indices.contains(index) ? tokens[index] : nil }

  private func rule(at start: Int, _ lines: inout LineCounter) -> (YaraSource.Rule, Int)? {
    var place = start
    var isPrivate = false
    var isGlobal = false
    while let word = token(place)?.text, word == "private" || word == "global" {
      if word == "private" { isPrivate = true } else { isGlobal = true }
      place += 1
    }
    guard token(place)?.text == "rule", let name = token(place + 1), name.kind == .word else { return nil }
    place += 2
    while let next = token(place), next.text != "{", !beginsRule(place) {
      guard next.text == ":" || next.kind == .word else { return nil }
      place += 1
    }
    if token(place)?.text == "{" { place += 1 }
    var strings: [YaraStringDeclaration] = []
    var condition: [YaraToken] = []
    var section = ""
    while let next = token(place), next.text != "}" || next.kind != .mark {
      // Nothing in a rule is called so: its brace is missing, and the next rule is as good as before.
      if next.kind == .word, beginsRule(place) { break }
      if next.kind == .word, token(place + 1)?.text == ":", ["meta", "strings", "condition"].contains(next.text) {
        section = next.text
        place += 2
        continue
      }
      if section == "condition" { condition.append(next) }
      if section == "strings" {
        if next.kind == .word, next.text.first == "$", token(place + 1)?.text == "=", let value = token(place + 2) {
          strings.append(YaraStringDeclaration(name: next.text, value: value, modifiers: []))
          place += 2
        } else if next.kind == .word, !strings.isEmpty {
          strings[strings.count - 1].modifiers.insert(next.text)
          if next.text == "xor", let keys = keys(after: place) { strings[strings.count - 1].keys = keys }
        }
      }
      place += 1
    }
    // Of a rule that is cut short by the next one, the last word before that.
    if let next = token(place), next.text != "}" || next.kind != .mark { place -= 1 }
    guard let end = token(place), let first = token(start) else { return nil }
    let rule = YaraSource.Rule(
      name: name.text, isPrivate: isPrivate, isGlobal: isGlobal, line: lines.line(at: first.range.lowerBound),
      range: first.range.lowerBound..<end.range.upperBound,
      normalized: tokens[start...place].map(\.text).joined(separator: " "),
      references: Set(condition.lazy.filter { $0.kind == .word }.map(\.text)), strings: strings, condition: condition)
    return (rule, place + 1)
  }
}

extension YaraSourceParser {
  /// Whether a rule begins at a place: `private global rule name`, then its brace or its tags.
  private func beginsRule(_ start: Int) -> Bool {
    var place = start
    while place < start + 3, let word = token(place)?.text, word == "private" || word == "global" { place += 1 }
    guard let word = token(place), word.text == "rule", word.kind == .word, token(place + 1)?.kind == .word else {
      return false
    }
    return token(place + 2)?.text == "{" || token(place + 2)?.text == ":"
  }

  /// `(0x01-0xff)` or `(5)` after `xor`; nil for anything else.
  private func keys(after place: Int) -> ClosedRange<UInt8>? {
    guard token(place + 1)?.text == "(", let first = token(place + 2).flatMap({ YaraConditionReader.number($0) }),
      let low = UInt8(exactly: first)
    else { return nil }
    if token(place + 3)?.text == ")" { return low...low }
    guard token(place + 3)?.text == "-", let last = token(place + 4).flatMap({ YaraConditionReader.number($0) }),
      let high = UInt8(exactly: last), high >= low
    else { return nil }
    return low...high
  }
}

/// Line numbers for offsets that only grow: one pass over the file in all.
struct LineCounter {
  private let source: ByteView
  private var place = 0
  private var line = 1

  init(_ source: ByteView) { self.source = source }

  mutating func line(at offset: Int) -> Int {
    while let newline = source.firstIndex(of: 0x0A, from: place), newline < offset {
      line += 1
      place = newline + 1
    }
    return line
  }
}
