import Evidence
import Yams

/// What every kind of Sigma document says of itself.
struct SigmaHeader: Hashable, Sendable {
  var title: String
  /// The rule's UUID, or, where it has none, its title as words joined by dashes.
  var id: String
  /// By which correlations and filters refer to it.
  var name: String?
  var status: String?
  var description: String?
  var author: String?
  var license: String?
  var references: [String]
  var falsePositives: [String]
  var severity: Severity
  /// ATT&CK ids, from the tags.
  var attack: [String]
  var tags: [String]
  /// Where it was read: path and line.
  var path: String
  var line: Int?
  /// The whole document as one text that only its meaning decides.
  var canonical = ""

  init(_ node: Node, path: String) throws {
    guard let title = node["title"]?.string, !title.isEmpty else {
      throw SigmaProblem(node, "a rule must have a title")
    }
    guard title.utf8.count <= 1024 else { throw SigmaProblem(node["title"], "a title of more than 256 characters") }
    self.title = title
    // Its field names would mean something else.
    if let taxonomy = node["taxonomy"]?.string, !["", "sigma"].contains(taxonomy.lowercased()) {
      throw SigmaProblem(node["taxonomy"], "taxonomy \(taxonomy) is not known here, only sigma")
    }
    name = node["name"]?.string
    id = node["id"]?.string ?? name ?? Self.slug(title)
    status = node["status"]?.string
    description = node["description"]?.string
    author = node["author"]?.string ?? node["author"].map { Self.texts($0).joined(separator: ", ") }
    license = node["license"]?.string
    references = node["references"].map { Self.texts($0) } ?? []
    falsePositives = node["falsepositives"].map { Self.texts($0) } ?? []
    tags = node["tags"].map { Self.texts($0) } ?? []
    attack = YaraRuleWords.techniques(
      in: tags.filter { $0.lowercased().hasPrefix("attack.") }.map { String($0.dropFirst(7)) })
    if let level = node["level"] {
      guard let severity = level.string.flatMap({ Severity(rawValue: $0.lowercased()) }) else {
        throw SigmaProblem(level, "level must be informational, low, medium, high or critical")
      }
      self.severity = severity
    } else {
      severity = .medium
    }
    self.path = path
    line = node.mark?.line
  }

  static func texts(_ node: Node) -> [String] {
    node.sequence.map { $0.compactMap(\.string) } ?? node.string.map { [$0] } ?? []
  }

  private static func slug(_ title: String) -> String {
    title.lowercased().split { !($0.isLetter || $0.isNumber) }.joined(separator: "-")
  }

  /// How sure a rule is, by how long its authors have tried it.
  var confidence: Confidence {
    switch status {
    case "stable": .high
    case "experimental", "unsupported", "deprecated": .low
    default: .medium
    }
  }

  /// Who wrote it and under what licence must go wherever a finding goes (Detection Rule License 1.1).
  var attributes: [Attribute] {
    var attributes: [Attribute] = []
    attributes.add("rule_title", title)
    attributes.add("author", author)
    attributes.add("license", license)
    attributes.add("references", references)
    attributes.add("status", status)
    attributes.add("tags", tags)
    attributes.add("false_positives", falsePositives)
    attributes.add("rule_file", path)
    return attributes
  }

  func isMeant(by reference: String) -> Bool {
    reference == id || reference == name
      || reference.utf8.count == 36 && SigmaNames.folded(reference) == SigmaNames.folded(id)
  }
}

/// A detection rule, ready to be asked.
struct SigmaRule: Hashable, Sendable {
  var header: SigmaHeader
  var source: SigmaSource
  var expression: SigmaExpression
  /// Whether it speaks for itself: not when it only feeds a correlation.
  var isReported = true
  /// Canonical texts of the filters that were added.
  var filters: [String] = []
}

/// Reads detections: `logsource` and the named parts with their condition.
enum SigmaDetectionReader {
  static let maximumDepth = 16
  private static let maximumConditions = 64

  static func source(_ node: Node) throws -> SigmaSource {
    guard let source = node["logsource"] else { throw SigmaProblem(node, "a rule must have a logsource") }
    guard source.mapping != nil else { throw SigmaProblem(source, "logsource must be a mapping") }
    func text(_ key: String) -> String? {
      guard let value = source[key], !SigmaItemReader.isNull(value) else { return nil }
      return value.string.map { $0.lowercased() }
    }
    let found = SigmaSource(product: text("product"), category: text("category"), service: text("service"))
    if found.text.isEmpty { throw SigmaProblem(source, "logsource names no product, category or service") }
    return found
  }

  /// - Parameter ignoring: keys that are no parts.
  static func expression(_ node: Node, ignoring: Set<String> = []) throws -> SigmaExpression {
    guard let mapping = node.mapping else { throw SigmaProblem(node, "detection must be a mapping") }
    var parts: [(name: String, expression: SigmaExpression)] = []
    for (key, value) in mapping {
      guard let name = key.string else { throw SigmaProblem(key, "a part's name must be text") }
      if name == "condition" || name == "timeframe" || ignoring.contains(name) { continue }
      parts.append((name, try part(value, depth: 0)))
    }
    guard let condition = node["condition"] else { throw SigmaProblem(node, "a detection must have a condition") }
    let texts = SigmaHeader.texts(condition)
    guard !texts.isEmpty else { throw SigmaProblem(condition, "condition must be text") }
    guard texts.count <= maximumConditions else {
      throw SigmaProblem(condition, "more than \(maximumConditions) conditions")
    }
    do {
      let conditions = try texts.map { try SigmaConditionReader.read($0, parts: parts) }
      return conditions.count == 1 ? conditions[0] : .any(conditions)
    } catch let problem as SigmaProblem {
      throw SigmaProblem(condition, problem.words)
    }
  }

  /// Parts that no condition names: what they should have said, or left out, nobody asks.
  static func silent(_ node: Node, ignoring: Set<String> = []) -> [SigmaProblem] {
    guard let mapping = node.mapping, let condition = node["condition"] else { return [] }
    let keys: [Node] = mapping.keys.filter { key in
      key.scalar.map { !ignoring.union(["condition", "timeframe"]).contains($0.string) } ?? false
    }
    let names: [String] = keys.compactMap { $0.scalar?.string }
    var named: Set<Int> = []
    for text in SigmaHeader.texts(condition) {
      let formula = try? SigmaConditionReader.formula(text, names: names, sizes: names.map { _ in 1 })
      guard let formula else { return [] }
      named.formUnion(formula.parts)
    }
    let unnamed = names.indices.filter { !named.contains($0) }
    // What stands in another part, by an alias or brought in, was written for that.
    var elsewhere: Set<String> = []
    if !unnamed.isEmpty { for name in named { places(node[names[name]], depth: 0, into: &elsewhere) } }
    let silent = unnamed.filter { place in
      var own: Set<String> = []
      places(node[names[place]], depth: 0, into: &own)
      return own.isDisjoint(with: elsewhere)
    }
    var told = silent.map { place in
      SigmaProblem(keys[place], "no condition names \(names[place]): it changes nothing")
    }
    if let old = node["timeframe"] {
      told.append(SigmaProblem(old, "timeframe changes nothing: write a correlation rule, which has a timespan"))
    }
    return told
  }

  /// Where the texts of a part stand in the file.
  private static func places(_ node: Node?, depth: Int, into places: inout Set<String>) {
    guard let node, depth < maximumDepth, places.count < mostPlaces else { return }
    if let mark = node.mark, node.scalar != nil { places.insert("\(mark.line):\(mark.column)") }
    for element in node.sequence ?? [] { self.places(element, depth: depth + 1, into: &places) }
    for (_, value) in node.mapping ?? [:] { self.places(value, depth: depth + 1, into: &places) }
  }

  private static let mostPlaces = 10_000

  private static func part(_ node: Node, depth: Int) throws -> SigmaExpression {
    guard depth < maximumDepth else { throw SigmaProblem(node, "nested deeper than \(maximumDepth)") }
    if let mapping = node.mapping {
      guard !mapping.isEmpty else { throw SigmaProblem(node, "an empty part") }
      return .all(try mapping.map { try SigmaItemReader.expression(key: $0.key, value: $0.value) })
    }
    if let sequence = node.sequence {
      guard !sequence.isEmpty else { throw SigmaProblem(node, "an empty list") }
      if sequence.allSatisfy({ $0.scalar != nil }) {
        return try SigmaItemReader.expression(field: nil, modifiers: [], value: node)
      }
      return .any(try sequence.map { try part($0, depth: depth + 1) })
    }
    if SigmaItemReader.isNull(node) { throw SigmaProblem(node, "an empty part") }
    return try SigmaItemReader.expression(field: nil, modifiers: [], value: node)
  }
}
