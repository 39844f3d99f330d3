import Bytes

/// What of some rule files can be used, and what was wrong with the rest.
struct YaraRepair {
  /// By path, the places of what was left out of a file: its rules, then its lines `import` and `include`, then all that is
  /// neither (`YaraSource.without`).
  var removed: [String: [Int]] = [:]
  /// Files that were left out whole: no rule of them could be told from the others.
  var dropped: [String] = []
  var diagnostics: [RuleDiagnostic] = []

  /// What the compiler says of a source.
  struct Verdict {
    var isGood: Bool
    var diagnostics: [RuleDiagnostic] = []
    /// The first error in what a line `include` brings in, by the name that it has there.
    var included: [String: RuleDiagnostic] = [:]
  }

  /// Rounds for one file: the compiler tells many errors at once, but not what only shows when they are gone.
  private static let maximumRounds = 64

  /// Finds the rules of a file that do not compile, and the files that it includes in vain: alone they may be of use still.
  mutating func examine(_ source: YaraSource, _ compile: (YaraSource) -> Verdict) {
    var without: Set<Int> = []
    var told: [RuleDiagnostic] = []
    for _ in 0..<Self.maximumRounds {
      let verdict = compile(source.without(without))
      if verdict.isGood {
        if without.isEmpty { return }
        // Of a file without a single good rule nothing is left.
        if !source.holdsRules(without) { break }
        removed[source.path] = without.sorted()
        diagnostics += told
        return
      }
      let broken = source.places(meantBy: verdict, without)
      for diagnostic in source.told(verdict) where !told.contains(diagnostic) && told.count < maximumDiagnostics {
        told.append(diagnostic)
      }
      if broken.isEmpty { break }
      for stray in source.toldStrays(verdict, broken) where !told.contains(where: { $0.line == stray.line }) {
        if told.count < maximumDiagnostics { told.append(stray) }
      }
      without.formUnion(broken)
    }
    dropped.append(source.path)
    diagnostics += told
  }

  /// The sources as far as they can be used.
  func apply(to sources: [YaraSource]) -> [YaraSource] {
    let dropped = Set(dropped)
    return sources.filter { !dropped.contains($0.path) }.map { source in
      removed[source.path].map { source.without(Set($0)) } ?? source
    }
  }
}

extension YaraSource {
  /// The file without some of what it is made of. Its lines stay, empty, so that numbers of lines still fit.
  func without(_ places: Set<Int>) -> YaraSource {
    if places.isEmpty { return self }
    var text = text
    func blank(_ range: Range<Int>) {
      for place in range where text.indices.contains(place) && text[place] != 0x0A { text[place] = 0x20 }
    }
    for place in places {
      if rules.indices.contains(place) {
        blank(rules[place].range)
      } else if statements.indices.contains(place - rules.count) {
        blank(statements[place - rules.count].range)
      } else {
        for stray in strays { blank(stray) }
      }
    }
    return YaraSource(path: path, text: text, namespace: namespace)
  }

  /// The place of all that is neither a rule nor a line `import` or `include`.
  private var placeOfStrays: Int { rules.count + statements.count }

  /// Whether there is a rule, of its own or of a file that it includes.
  fileprivate func holdsRules(_ without: Set<Int>) -> Bool {
    rules.indices.contains { !without.contains($0) }
      || statements.indices.contains { statements[$0].isInclude && !without.contains(rules.count + $0) }
  }

  /// The places of what is to be left out.
  fileprivate func places(meantBy verdict: YaraRepair.Verdict, _ gone: Set<Int>) -> Set<Int> {
    // A word too many makes the compiler lose its way: what else it complains of shows when the word is gone.
    if !strays.isEmpty, !gone.contains(placeOfStrays) { return [placeOfStrays] }
    var found: Set<Int> = []
    for diagnostic in verdict.diagnostics where diagnostic.level == .error && diagnostic.file == path {
      let meant = statementPlaces(meantBy: diagnostic)
      // Who asks for a file of the machine is not trusted with the rest.
      let lines = meant.filter { !statements[$0].isInclude || !leadsOut(statements[$0].name) }.map { $0 + rules.count }
      if meant.isEmpty {
        if let place = rule(meantBy: diagnostic, gone) { found.insert(place) }
      } else {
        found.formUnion(lines)
      }
    }
    for (place, statement) in statements.enumerated() where statement.isInclude {
      if verdict.included[statement.name] != nil { found.insert(rules.count + place) }
    }
    return found.subtracting(gone)
  }

  /// Of words too many, the lines on which they begin: of several the compiler tells the first alone.
  fileprivate func toldStrays(_ verdict: YaraRepair.Verdict, _ broken: Set<Int>) -> [RuleDiagnostic] {
    guard broken.contains(placeOfStrays) else { return [] }
    let names = Set(rules.lazy.map(\.name))
    let told = verdict.diagnostics.count { diagnostic in
      diagnostic.level == .error && diagnostic.file == path && !(diagnostic.rule.map(names.contains) ?? false)
    }
    var lines: [Int] = []
    text.withView { view in
      var counter = LineCounter(view)
      for stray in strays where lines.count < Self.mostStrays {
        let line = counter.line(at: stray.lowerBound)
        if lines.last != line { lines.append(line) }
      }
    }
    if lines.count <= told { return [] }
    return lines.map { RuleDiagnostic(.error, file: path, line: $0, "neither a rule nor import nor include: left out") }
  }

  private static let mostStrays = 32

  /// What the file's reader is told: of an included file the first error, at the line that includes it.
  fileprivate func told(_ verdict: YaraRepair.Verdict) -> [RuleDiagnostic] {
    var told = verdict.diagnostics.filter { $0.file == path }.map { diagnostic in
      guard diagnostic.level == .error, let place = statementPlaces(meantBy: diagnostic).first else {
        return diagnostic
      }
      var clearer = diagnostic
      if statements[place].isInclude {
        let isMissing = diagnostic.message != Self.circle && !diagnostic.message.hasPrefix("includes depth")
        clearer.message =
          "include \"\(statements[place].name)\" is left out: "
          + (isMissing ? "no such file among the rules" : diagnostic.message)
      }
      return clearer
    }
    for statement in statements where statement.isInclude {
      guard let first = verdict.included[statement.name] else { continue }
      told.append(
        RuleDiagnostic(
          .error, file: path, line: statement.line, "include \"\(statement.name)\" is left out: \(first.description)"))
    }
    return told
  }

  /// Whether an included file would lie outside the folder of rules, as far as its name tells.
  private func leadsOut(_ name: String) -> Bool {
    var depth = path.utf8.count { $0 == 0x2F }
    for part in name.split(separator: "/") {
      depth += part == ".." ? -1 : part == "." ? 0 : 1
      if depth < 0 { return true }
    }
    return name.hasPrefix("/")
  }

  private static let circle = "includes circular reference"

  /// Lines `import` and `include` that a message is about.
  private func statementPlaces(meantBy diagnostic: RuleDiagnostic) -> [Int] {
    let message = diagnostic.message
    return statements.indices.filter { place in
      let statement = statements[place]
      guard statement.isInclude else { return message == "unknown module \"\(statement.name)\"" }
      if message == "callback failed to provide include resource: \(statement.name)" { return true }
      return statement.line == diagnostic.line && (message == Self.circle || message == "includes depth exceeded")
    }
  }

  /// The place of the rule that a message is about, by its name or its line.
  fileprivate func rule(meantBy diagnostic: RuleDiagnostic, _ gone: Set<Int>) -> Int? {
    if let name = diagnostic.rule,
      let place = rules.indices.first(where: { rules[$0].name == name && !gone.contains($0) })
    {
      return place
    }
    guard let line = diagnostic.line else { return nil }
    return rules.indices.first { place in
      guard !gone.contains(place), rules[place].line <= line else { return false }
      return line <= rules[place].line + text[rules[place].range].lazy.filter { $0 == 0x0A }.count
    }
  }
}
