import Evidence
import Yams

/// Sigma rules, correlations and filters as they stand in files.
public struct SigmaRules: Sendable {
  var rules: [SigmaRule] = []
  var correlations: [SigmaCorrelation] = []
  /// Made once for all artifacts; nil before all rules are there.
  var prefilter: SigmaPrefilter?

  public var count: Int { rules.count + correlations.count }

  /// Titles with severities, for listing.
  public var list: [(id: String, title: String, severity: Severity, path: String)] {
    (rules.map(\.header) + correlations.map(\.header)).map { ($0.id, $0.title, $0.severity, $0.path) }
  }

  public init() {}

  /// Of the rules and correlations that speak for themselves.
  var reported: [SigmaHeader] {
    rules.filter(\.isReported).map(\.header) + correlations.filter(\.isReported).map(\.header)
  }

  /// Loads the documents of some files. What cannot be used is told with its line, the rest is used.
  public static func load(_ files: [(path: String, text: [UInt8])]) -> (SigmaRules, [RuleDiagnostic]) {
    var loader = SigmaLoader()
    for file in files { loader.read(file.path, file.text) }
    return loader.finish()
  }
}

extension Node {
  /// The value of a key. Yams itself asks of every key it passes what type it is of.
  subscript(_ key: String) -> Node? {
    mapping?.first { $0.key.scalar?.string == key }?.value
  }
}

private struct SigmaLoader {
  private var result = SigmaRules()
  private var filters: [SigmaFilter] = []
  private var diagnostics: [RuleDiagnostic] = []
  private var titles: [String: String] = [:]

  /// Aliases can make a small file mean a very large one.
  private static let maximumNodes = 200_000

  mutating func read(_ path: String, _ bytes: [UInt8]) {
    let read = SigmaDocuments(bytes, path: path)
    diagnostics += read.diagnostics
    for document in read.documents {
      do {
        try add(document, path)
      } catch let problem as SigmaProblem {
        note(path, document, problem)
      } catch {
        diagnostics.append(RuleDiagnostic(.error, file: path, "\(error)"))
      }
    }
  }

  private mutating func note(_ path: String, _ document: Node, _ problem: SigmaProblem) {
    diagnostics.append(
      RuleDiagnostic(
        .error, file: path, line: problem.line ?? document.mark?.line, rule: document["title"]?.string, problem.words))
  }

  private mutating func add(_ document: Node, _ path: String) throws {
    var budget = Self.maximumNodes
    let text = try Self.canonical(document, &budget, depth: 0)
    var header = try SigmaHeader(document, path: path)
    header.canonical = text
    if document["correlation"] != nil {
      result.correlations.append(try SigmaCorrelation(document, header: header))
      note(SigmaCorrelation.oddities(document), header)
    } else if document["filter"] != nil {
      filters.append(try SigmaFilter(document, header: header))
      if let body = document["filter"] { note(SigmaDetectionReader.silent(body, ignoring: ["rules"]), header) }
    } else if let detection = document["detection"] {
      let source = try SigmaDetectionReader.source(document)
      if source.kind == nil {
        diagnostics.append(
          RuleDiagnostic(
            .warning, file: path, line: document["logsource"]?.mark?.line, rule: header.title,
            "no evidence that is read gives records of \(source.text)"))
      }
      let expression = try SigmaDetectionReader.expression(detection)
      result.rules.append(SigmaRule(header: header, source: source, expression: expression))
      note(SigmaDetectionReader.silent(detection), header)
      if let kind = source.kind {
        warn(of: SigmaTaxonomy.unknown(expression.fields, kind), source, header, in: detection)
      }
    } else {
      throw SigmaProblem(document, "neither detection, correlation nor filter")
    }
    if let other = titles.updateValue(path, forKey: header.id), other != path || document["filter"] == nil {
      diagnostics.append(
        RuleDiagnostic(.warning, file: path, line: header.line, rule: header.title, "has the id of a rule in \(other)"))
    }
  }

  /// What a rule says in vain.
  private mutating func note(_ oddities: [SigmaProblem], _ header: SigmaHeader) {
    for oddity in oddities {
      diagnostics.append(
        RuleDiagnostic(
          .warning, file: header.path, line: oddity.line ?? header.line, rule: header.title, oddity.words))
    }
  }

  /// - Parameter detection: where the first of them is looked for.
  private mutating func warn(
    of fields: [String], _ source: SigmaSource, _ header: SigmaHeader, in detection: Node? = nil
  ) {
    guard !fields.isEmpty else { return }
    let names = fields.prefix(8).joined(separator: ", ") + (fields.count > 8 ? " and \(fields.count - 8) more" : "")
    let line = detection.flatMap { Self.line(of: Set(fields), in: $0, depth: 0) }
    diagnostics.append(
      RuleDiagnostic(
        .warning, file: header.path, line: line ?? header.line, rule: header.title,
        "no record of \(source.text) has the field \(names): it is always missing"))
  }

  /// Where the first of some fields is asked for.
  private static func line(of fields: Set<String>, in node: Node, depth: Int) -> Int? {
    guard depth <= SigmaDetectionReader.maximumDepth else { return nil }
    if let mapping = node.mapping {
      for (key, value) in mapping {
        let name = key.scalar.map { $0.string.prefix { $0 != "|" } }
        if let name, fields.contains(String(name)) { return key.mark?.line }
        if let line = line(of: fields, in: value, depth: depth + 1) { return line }
      }
    }
    for element in node.sequence ?? [] {
      if let line = line(of: fields, in: element, depth: depth + 1) { return line }
    }
    return nil
  }

  /// The document as one text that only its meaning decides: keys in order, no comments, no styles.
  private static func canonical(_ node: Node, _ budget: inout Int, depth: Int) throws -> String {
    budget -= 1
    guard budget > 0, depth < 32 else { throw SigmaProblem(node, "too large, or nested too deep") }
    if let mapping = node.mapping {
      var pairs: [String] = []
      for (key, value) in mapping {
        pairs.append(try canonical(key, &budget, depth: depth + 1) + ":" + canonical(value, &budget, depth: depth + 1))
      }
      return "{" + pairs.joined(separator: ",") + "}"
    }
    if let sequence = node.sequence {
      return "[" + (try sequence.map { try canonical($0, &budget, depth: depth + 1) }).joined(separator: ",") + "]"
    }
    guard let scalar = node.scalar else { throw SigmaProblem(node, "neither text, list nor mapping") }
    let quote = scalar.style == .plain ? "" : "'"
    return "\(scalar.string.utf8.count)\(quote)\(scalar.string)"
  }

  mutating func finish() -> (SigmaRules, [RuleDiagnostic]) {
    for filter in filters {
      var isUsed = false
      for index in result.rules.indices where filter.means(result.rules[index]) {
        isUsed = true
        result.rules[index].expression = .all([result.rules[index].expression, filter.expression])
        result.rules[index].filters.append(filter.header.canonical)
      }
      if !isUsed {
        diagnostics.append(
          RuleDiagnostic(
            .warning, file: filter.header.path, line: filter.header.line, rule: filter.header.title,
            "means no rule that is loaded"))
        continue
      }
      let lost = filter.named.filter { name in !result.rules.contains { $0.header.isMeant(by: name) } }
      if !lost.isEmpty {
        diagnostics.append(
          RuleDiagnostic(
            .warning, file: filter.header.path, line: filter.header.line, rule: filter.header.title,
            "names rules that are not loaded: \(lost.prefix(8).joined(separator: ", "))"))
      }
    }
    linkCorrelations()
    result.prefilter = SigmaPrefilter(result.rules)
    return (result, diagnostics)
  }

  /// Puts correlations after those that they rest on; leaves out what names unknown rules or goes in a circle.
  private mutating func linkCorrelations() {
    let all = result.correlations
    let rules = SigmaNames(result.rules.lazy.map(\.header))
    let correlations = SigmaNames(all.lazy.map(\.header))
    var placed: [SigmaCorrelation] = []
    var names = SigmaNames([])
    var isPlaced = [Bool](repeating: false, count: all.count)
    func isKnown(_ reference: String) -> Bool { !rules[reference].isEmpty || !names[reference].isEmpty }
    /// Those that rest on a correlation, which may be ready once it is placed.
    var resting = [[Int]](repeating: [], count: all.count)
    for (outer, correlation) in all.enumerated() {
      for inner in Set(correlation.rules.flatMap { correlations[$0] }) { resting[inner].append(outer) }
    }
    var ready = Array(all.indices)
    while let index = ready.popLast() {
      guard !isPlaced[index], all[index].rules.allSatisfy({ isKnown($0) }) else { continue }
      isPlaced[index] = true
      names.add(all[index].header, placed.count)
      placed.append(all[index])
      ready += resting[index]
    }
    for lost in all.indices.filter({ !isPlaced[$0] }).map({ all[$0] }) {
      let unknown = lost.rules.filter { !isKnown($0) }.joined(separator: ", ")
      diagnostics.append(
        RuleDiagnostic(
          .error, file: lost.header.path, line: lost.header.line, rule: lost.header.title,
          "rests on rules that are not loaded, or on itself: \(unknown)"))
    }
    for correlation in placed where !correlation.generates {
      for reference in correlation.rules {
        for index in rules[reference] { result.rules[index].isReported = false }
        // A title may come to what another rule is called.
        for index in names[reference] where placed[index].header != correlation.header {
          placed[index].isReported = false
        }
      }
    }
    for index in placed.indices { resolveAliases(&placed[index], placed) }
    for correlation in placed {
      for (place, reference) in correlation.rules.enumerated() {
        for index in rules[reference] {
          let source = result.rules[index].source
          guard let kind = source.kind else { continue }
          warn(of: SigmaTaxonomy.unknown(Set(correlation.fields(of: place)), kind), source, correlation.header)
        }
      }
    }
    result.correlations = placed
  }

  /// An alias may call a rule by its name where the list of rules has its id, or the other way round.
  private func resolveAliases(_ correlation: inout SigmaCorrelation, _ others: [SigmaCorrelation]) {
    guard !correlation.aliases.isEmpty else { return }
    for reference in correlation.rules {
      let meant = (result.rules.map(\.header) + others.map(\.header)).filter { $0.isMeant(by: reference) }
      for (name, fields) in correlation.aliases where fields[reference] == nil {
        let other = fields.sorted { $0.key < $1.key }.first { key, _ in meant.contains { $0.isMeant(by: key) } }
        if let other { correlation.aliases[name]?[reference] = other.value }
      }
    }
  }
}

/// A condition that is added to other rules, to leave out what is known to be innocent.
struct SigmaFilter {
  let header: SigmaHeader
  let expression: SigmaExpression
  private let source: SigmaSource
  /// nil: every rule of the log source, `any`.
  private let rules: [String]?
  /// The rules that it names, if it means no more than these.
  var named: [String] { rules ?? [] }

  init(_ node: Node, header: SigmaHeader) throws {
    guard let body = node["filter"], body.mapping != nil else { throw SigmaProblem(node, "filter must be a mapping") }
    self.header = header
    source = try SigmaDetectionReader.source(node)
    expression = try SigmaDetectionReader.expression(body, ignoring: ["rules"])
    let named = body["rules"].map { SigmaHeader.texts($0) } ?? []
    guard !named.isEmpty else { throw SigmaProblem(body, "a filter must name its rules, or any") }
    rules = named.count == 1 && ["any", "all"].contains(named[0].lowercased()) ? nil : named
  }

  func means(_ rule: SigmaRule) -> Bool {
    if let rules, !rules.contains(where: { rule.header.isMeant(by: $0) }) { return false }
    return (source.product == nil || source.product == rule.source.product)
      && (source.category == nil || source.category == rule.source.category)
      && (source.service == nil || source.service == rule.source.service)
  }
}
