import Foundation
import Yams

/// `field|modifier: values` of a rule, ready to be asked.
struct SigmaItem: Hashable, Sendable {
  /// nil: the whole record is searched (keywords).
  var field: String?
  var tests: [SigmaTest]
  /// `all`: every test must hold, not one of them.
  var needsAll = false
  /// `neq`
  var isNegated = false

  func holds(_ record: SigmaRecord) -> Bool {
    let matches = needsAll ? tests.allSatisfy { meets($0, record) } : tests.contains { meets($0, record) }
    return matches != isNegated
  }

  private func meets(_ test: SigmaTest, _ record: SigmaRecord) -> Bool {
    guard let field else { return record.everything.contains { test.holds($0, record) } }
    let values = record.values(field)
    switch test {
    // Whether the field is there is one thing, whether it says anything another.
    case .exists(let wanted): return (values != nil) == wanted
    case .null: return values?.isEmpty ?? true
    default: return values?.contains { test.holds($0, record) } ?? false
    }
  }
}

extension SigmaExpression {
  /// Whether it looks at the parent of a process, as the whole record does too.
  var asksParent: Bool {
    switch self {
    case .not(let part): part.asksParent
    case .all(let parts), .any(let parts): parts.contains(where: \.asksParent)
    case .item(let item):
      item.field?.hasPrefix("Parent") ?? true
        || item.tests.contains { test in
          if case .field(let name, _, _, _) = test { name.hasPrefix("Parent") } else { false }
        }
    }
  }
}

/// Why a rule cannot be used, with the line in its file.
struct SigmaProblem: Error {
  var line: Int?
  var words: String

  init(_ node: Node?, _ words: String) {
    line = node?.mark?.line
    self.words = words
  }
}

/// Reads `field|modifiers` and values into an item. Modifiers apply in the order in which they stand.
struct SigmaItemReader {
  /// A value is its own; a longer list than this is a mistake.
  static let maximumValues = 50_000

  static func expression(key: Node, value: Node) throws -> SigmaExpression {
    guard let name = key.string else { throw SigmaProblem(key, "a field name must be text") }
    let parts = name.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
    return try expression(field: parts[0].isEmpty ? nil : parts[0], modifiers: Array(parts.dropFirst()), value: value)
  }

  static func expression(field: String?, modifiers: [String], value: Node) throws -> SigmaExpression {
    var plan = Plan()
    for modifier in modifiers { try plan.add(modifier, value) }
    try plan.check(value)
    let nodes: [Node] = value.sequence.map(Array.init) ?? [value]
    guard nodes.count <= maximumValues else { throw SigmaProblem(value, "more than \(maximumValues) values") }
    guard !nodes.isEmpty else { throw SigmaProblem(value, "an empty list of values") }
    let values = try nodes.map { node in
      if nodes.count > 1, plan.needsAll, isNull(node) { throw SigmaProblem(node, "null cannot be all of a list") }
      return try plan.tests(node, isKeyword: field == nil)
    }
    if plan.needsAll, values.contains(where: { $0.count > 1 }) {
      // The forms of one value (`base64offset`) are alternatives even where every value must be there.
      let all = SigmaExpression.all(values.map { .item(SigmaItem(field: field, tests: $0)) })
      return plan.isNegated ? .not(all) : all
    }
    return .item(
      SigmaItem(field: field, tests: values.flatMap { $0 }, needsAll: plan.needsAll, isNegated: plan.isNegated))
  }

  static func isNull(_ node: Node) -> Bool {
    guard let scalar = node.scalar, scalar.style == .plain || scalar.style == .any else { return false }
    return ["", "null", "Null", "NULL", "~"].contains(scalar.string)
  }
}

/// What a chain of modifiers comes to.
private struct Plan {
  var needsAll = false
  var isNegated = false
  private var isCased = false
  private var opensStart = false
  private var opensEnd = false
  private var loosensDashes = false
  private var regexFlags: Set<Character>?
  private var isNetwork = false
  private var isField = false
  private var exists = false
  private var comparison: YaraNeed.Comparison?
  private var timePart: SigmaTest.TimePart?
  private var encodings: [String] = []
  /// `utf16le|base64offset` is what rules have; `base64offset` makes three values of each.
  private static let maximumEncodings = 3

  mutating func add(_ modifier: String, _ node: Node) throws {
    switch modifier {
    case "all": needsAll = true
    case "neq": isNegated = true
    case "cased": isCased = true
    case "contains":
      opensStart = true
      opensEnd = true
    case "startswith": opensEnd = true
    case "endswith": opensStart = true
    case "windash":
      guard encodings.isEmpty else { throw SigmaProblem(node, "windash must stand before what encodes the value") }
      loosensDashes = true
    case "re": regexFlags = []
    case "i", "m", "s", "ignorecase", "multiline", "dotall":
      guard regexFlags != nil, let first = modifier.first else {
        throw SigmaProblem(node, "\(modifier) must follow re")
      }
      regexFlags?.insert(first == "d" ? "s" : first)
    case "cidr": isNetwork = true
    case "fieldref": isField = true
    case "exists": exists = true
    case "lt": try compare(.less, node)
    case "lte": try compare(.atMost, node)
    case "gt": try compare(.more, node)
    case "gte": try compare(.atLeast, node)
    case "base64", "base64offset", "utf16le", "wide", "utf16be", "utf16": encodings.append(modifier)
    case "expand":
      // A value without a placeholder is itself.
      let values = node.sequence.map(Array.init) ?? [node]
      if let open = values.first(where: { $0.string.map(Self.hasPlaceholder) ?? false }) {
        throw SigmaProblem(open, "expand: the placeholder \(open.string ?? "") has no value here")
      }
    default:
      guard let part = SigmaTest.TimePart(rawValue: modifier) else {
        throw SigmaProblem(node, "unknown modifier \(modifier)")
      }
      guard timePart == nil else { throw SigmaProblem(node, "two parts of a time at once") }
      timePart = part
    }
  }

  /// `%name%`
  private static func hasPlaceholder(_ text: String) -> Bool {
    let parts = text.utf8.split(separator: 0x25, omittingEmptySubsequences: false)
    return parts.dropFirst().dropLast().contains { part in !part.isEmpty && part.allSatisfy { YaraToken.isWord($0) } }
  }

  private mutating func compare(_ how: YaraNeed.Comparison, _ node: Node) throws {
    guard comparison == nil else { throw SigmaProblem(node, "two comparisons at once") }
    comparison = how
  }

  func check(_ node: Node) throws {
    let kinds = [
      regexFlags != nil, isNetwork, isField, exists, comparison != nil || timePart != nil, !encodings.isEmpty,
    ]
    if kinds.lazy.filter({ $0 }).count > 1 { throw SigmaProblem(node, "modifiers that do not go together") }
    let isNoText = isNetwork || exists || comparison != nil || timePart != nil
    if isNoText, opensStart || opensEnd || loosensDashes {
      throw SigmaProblem(node, "modifiers that do not go together")
    }
    if loosensDashes, regexFlags != nil || isField { throw SigmaProblem(node, "windash needs a plain value") }
    if encodings.count > Self.maximumEncodings {
      throw SigmaProblem(node, "more than \(Self.maximumEncodings) encodings")
    }
    if exists, needsAll || node.sequence != nil { throw SigmaProblem(node, "exists takes true or false") }
  }

  func tests(_ node: Node, isKeyword: Bool) throws -> [SigmaTest] {
    guard let scalar = node.scalar else { throw SigmaProblem(node, "a value must be text, a number, a flag or null") }
    let text = scalar.string
    if exists {
      guard let wanted = node.bool else { throw SigmaProblem(node, "exists takes true or false") }
      return [.exists(wanted)]
    }
    if let regexFlags {
      let (regex, complaint) = SigmaRegex.make(text, flags: regexFlags)
      guard let regex else { throw SigmaProblem(node, complaint) }
      return [.regex(regex)]
    }
    if isNetwork {
      guard let range = AddressRange(text) else { throw SigmaProblem(node, "not a network: \(text)") }
      return [.network(range)]
    }
    if isField { return [.field(text, atStart: opensStart, atEnd: opensEnd, isCased: isCased)] }
    if comparison != nil || timePart != nil {
      guard let number = SigmaNumber(rule: text) else { throw SigmaProblem(node, "not a number: \(text)") }
      if let timePart {
        guard comparison != nil || timePart.range.contains(number.value), number.value == number.value.rounded() else {
          throw SigmaProblem(node, "\(timePart.rawValue) is never \(text)")
        }
        return [.time(timePart, comparison ?? .equal, number.value)]
      }
      return [.number(comparison ?? .equal, number)]
    }
    if isKeyword, text.isEmpty || SigmaItemReader.isNull(node) {
      throw SigmaProblem(node, "an empty keyword, which stands in every record")
    }
    if SigmaItemReader.isNull(node) {
      guard encodings.isEmpty, !opensStart, !opensEnd else {
        throw SigmaProblem(node, "null has no text to look for: quote it if the word is meant")
      }
      return [.null]
    }
    if !encodings.isEmpty {
      var glob = SigmaGlob(text, isCased: true)
      if loosensDashes { glob.loosenDashes() }
      guard let spellings = glob.spellings else {
        throw SigmaProblem(node, "a value with wildcards, or with many dashes, has no encoded form: \(text)")
      }
      return encoded(spellings).map { .text(opened($0)) }
    }
    var glob = SigmaGlob(text, isCased: isCased)
    if loosensDashes { glob.loosenDashes() }
    // A keyword is searched for, in whatever text it stands.
    if isKeyword { glob.open(atStart: true, atEnd: true) }
    // Written without quotes; a record may have the word itself or what it stands for.
    if !isKeyword, !opensStart, !opensEnd, scalar.style == .plain,
      let other = SigmaNumber.meaning(of: text) ?? SigmaNumber.spelling(of: text)
    {
      return [.text(glob), .text(SigmaGlob(other, isCased: isCased))]
    }
    return [.text(opened(glob))]
  }

  private func opened(_ glob: SigmaGlob) -> SigmaGlob {
    var glob = glob
    glob.open(atStart: opensStart, atEnd: opensEnd)
    return glob
  }

  private func encoded(_ spellings: [[UInt8]]) -> [SigmaGlob] {
    var forms = spellings
    var isBase64 = false
    for encoding in encodings {
      switch encoding {
      case "utf16le", "wide": forms = forms.map { Self.sixteen($0).flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] } }
      case "utf16be": forms = forms.map { Self.sixteen($0).flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] } }
      case "utf16":
        forms = forms.map { [0xFF, 0xFE] + Self.sixteen($0).flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] } }
      case "base64":
        forms = forms.map { Array(Data($0).base64EncodedString().utf8) }
        isBase64 = true
      default:
        forms = forms.flatMap { form in (0..<3).map { Self.base64(form, offset: $0) } }
        isBase64 = true
      }
    }
    // Base64 has two cases of letters that mean different things, but rules are written to be compared without: so says
    // the specification unless `cased` stands there too. UTF-16 bytes as such are compared as they are.
    return forms.map { form in
      let bytes = isCased || !isBase64 ? form : Array(SigmaGlob.folded(String(decoding: form, as: UTF8.self)).utf8)
      return SigmaGlob(bytes: bytes, isCased: isCased || !isBase64)
    }
  }

  private static func sixteen(_ bytes: [UInt8]) -> [UInt16] { Array(String(decoding: bytes, as: UTF8.self).utf16) }

  /// The part of the Base64 text that does not depend on what stands before and after.
  private static func base64(_ bytes: [UInt8], offset: Int) -> [UInt8] {
    let text = Array(Data([UInt8](repeating: 0x20, count: offset) + bytes).base64EncodedString().utf8)
    let skipped = [0, 2, 3][offset]
    let tail = [0, 3, 2][(bytes.count + offset) % 3]
    return Array(text.dropFirst(skipped).dropLast(tail))
  }
}
