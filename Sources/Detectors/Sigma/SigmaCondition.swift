import Bytes

/// A condition over named parts, with the parts put in.
indirect enum SigmaExpression: Hashable, Sendable {
  case item(SigmaItem)
  case all([SigmaExpression])
  case any([SigmaExpression])
  case not(SigmaExpression)

  func holds(_ record: SigmaRecord) -> Bool {
    switch self {
    case .item(let item): item.holds(record)
    case .all(let parts): parts.allSatisfy { $0.holds(record) }
    case .any(let parts): parts.contains { $0.holds(record) }
    case .not(let part): !part.holds(record)
    }
  }

  /// How many tests it comes to.
  var size: Int {
    switch self {
    case .item(let item): item.tests.count
    case .all(let parts), .any(let parts): parts.reduce(0) { $0 + $1.size }
    case .not(let part): part.size
    }
  }
}

extension SigmaFormula {
  /// With the parts put in.
  func expression(_ parts: [SigmaExpression]) -> SigmaExpression {
    switch self {
    case .part(let number): parts[number]
    case .all(let terms): .all(terms.map { $0.expression(parts) })
    case .any(let terms): .any(terms.map { $0.expression(parts) })
    case .not(let term): .not(term.expression(parts))
    }
  }
}

/// Reads a condition: `or` binds least, then `and`, `not`, `1 of` / `all of`, parentheses.
struct SigmaConditionReader {
  private let tokens: [String]
  private let names: [String]
  private let numbers: [String: Int]
  private let sizes: [Int]
  private var place = 0
  /// Tests that may still be put in. A part that is named again is put in again.
  private var budget: Int
  private static let maximumDepth = 64
  /// Far more than any rule has; and a long list counts once.
  static let maximumTests = 200_000

  static func read(_ text: String, parts: [(name: String, expression: SigmaExpression)]) throws -> SigmaExpression {
    try formula(text, names: parts.map(\.name), sizes: parts.map(\.expression.size)).expression(parts.map(\.expression))
  }

  /// - Parameters:
  ///   - names: of the parts.
  ///   - sizes: how many tests each part comes to.
  static func formula(_ text: String, names: [String], sizes: [Int]) throws -> SigmaFormula {
    var reader = SigmaConditionReader(text, names, sizes)
    if reader.tokens.contains("|") {
      throw SigmaProblem(nil, "aggregation in a condition (\"| count\"): write a correlation rule instead")
    }
    let formula = try reader.disjunction(0)
    guard reader.place == reader.tokens.count else {
      throw SigmaProblem(nil, "condition not understood at \"\(reader.tokens[reader.place])\"")
    }
    return formula
  }

  /// The names that stand in a condition, each once.
  static func names(in text: String) -> [String] {
    let others: Set<String> = ["(", ")", "|", "and", "or", "not"]
    var names: [String] = []
    for token in tokens(text) where !others.contains(token.lowercased()) && !names.contains(token) {
      names.append(token)
    }
    return names
  }

  private init(_ text: String, _ names: [String], _ sizes: [Int]) {
    self.names = names
    numbers = Dictionary(zip(names, names.indices), uniquingKeysWith: { first, _ in first })
    self.sizes = sizes
    budget = sizes.reduce(Self.maximumTests, +)
    tokens = Self.tokens(text)
  }

  private static func tokens(_ text: String) -> [String] {
    var tokens: [String] = []
    var word = ""
    for character in text {
      if character == "(" || character == ")" || character == "|" || character.isWhitespace {
        if !word.isEmpty { tokens.append(word) }
        word = ""
        if !character.isWhitespace { tokens.append(String(character)) }
      } else {
        word.append(character)
      }
    }
    if !word.isEmpty { tokens.append(word) }
    return tokens
  }

  private func peek(_ ahead: Int = 0) -> String? {
    tokens.indices.contains(place + ahead) ? tokens[place + ahead] : nil
  }

  private func keyword(_ ahead: Int = 0) -> String? { peek(ahead)?.lowercased() }

  private mutating func disjunction(_ depth: Int) throws -> SigmaFormula {
    guard depth < Self.maximumDepth else {
      throw SigmaProblem(nil, "condition nested deeper than \(Self.maximumDepth)")
    }
    var terms = [try conjunction(depth)]
    while keyword() == "or" {
      place += 1
      terms.append(try conjunction(depth))
    }
    return terms.count == 1 ? terms[0] : .any(terms)
  }

  private mutating func conjunction(_ depth: Int) throws -> SigmaFormula {
    var terms = [try negation(depth)]
    while keyword() == "and" {
      place += 1
      terms.append(try negation(depth))
    }
    return terms.count == 1 ? terms[0] : .all(terms)
  }

  private mutating func negation(_ depth: Int) throws -> SigmaFormula {
    var isNegated = false
    while keyword() == "not" {
      isNegated.toggle()
      place += 1
    }
    let term = try primary(depth)
    return isNegated ? .not(term) : term
  }

  private mutating func primary(_ depth: Int) throws -> SigmaFormula {
    guard let word = peek() else { throw SigmaProblem(nil, "condition ends too early") }
    if word == "(" {
      place += 1
      let inner = try disjunction(depth + 1)
      guard peek() == ")" else { throw SigmaProblem(nil, "a closing parenthesis is missing") }
      place += 1
      return inner
    }
    if let count = keyword(), ["1", "any", "all"].contains(count), keyword(1) == "of", let pattern = peek(2) {
      place += 3
      let chosen = try names.indices.filter { Self.matches(names[$0], pattern) }.map { try put($0) }
      guard !chosen.isEmpty else { throw SigmaProblem(nil, "\"\(count) of \(pattern)\" means no part of the rule") }
      return count == "all" ? .all(chosen) : .any(chosen)
    }
    if Int(word) != nil, keyword(1) == "of" {
      throw SigmaProblem(nil, "only \"1 of\" and \"all of\" are known, not \"\(word) of\"")
    }
    guard let number = numbers[word] else {
      throw SigmaProblem(nil, "condition names \"\(word)\", which the rule does not have")
    }
    place += 1
    return try put(number)
  }

  private mutating func put(_ number: Int) throws -> SigmaFormula {
    budget -= sizes[number] + 1
    guard budget > 0 else {
      throw SigmaProblem(nil, "condition that comes to more than \(Self.maximumTests) tests beside the parts' own")
    }
    return .part(number)
  }

  /// `them` is everything that does not begin with an underscore; `*` stands for any run.
  private static func matches(_ name: String, _ pattern: String) -> Bool {
    if pattern.lowercased() == "them" { return !name.hasPrefix("_") }
    return name.withView { SigmaGlob(pattern, isCased: true).matches($0) }
  }
}
