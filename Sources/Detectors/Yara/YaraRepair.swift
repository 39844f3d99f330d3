import Bytes

/// What of some rule files can be used, and what was wrong with the rest.
struct YaraRepair {
  /// By path, the places of the rules that were left out of a file.
  var removed: [String: [Int]] = [:]
  /// Files that were left out whole: no rule of them could be told from the others.
  var dropped: [String] = []
  var diagnostics: [RuleDiagnostic] = []

  /// Rounds for one file: the compiler tells many errors at once, but not what only shows when they are gone.
  private static let maximumRounds = 64

  /// Finds the rules of a file that do not compile.
  ///
  /// - Parameter compile: what the compiler says of a source; whether it took it, and its words.
  mutating func examine(_ source: YaraSource, _ compile: (YaraSource) -> (isGood: Bool, diagnostics: [RuleDiagnostic]))
  {
    var without: Set<Int> = []
    var told: [RuleDiagnostic] = []
    for _ in 0..<Self.maximumRounds {
      let (isGood, words) = compile(source.without(without))
      if isGood {
        if without.isEmpty { return }
        // Of a file without a single good rule nothing is left.
        if without.count == source.rules.count { break }
        removed[source.path] = without.sorted()
        diagnostics += told
        return
      }
      told += words
      guard source.isSeparable else { break }
      let broken = Set(words.lazy.filter { $0.level == .error }.compactMap { source.rule(meantBy: $0, without) })
      if broken.isEmpty { break }
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
  /// The file without some of its rules. Their lines stay, empty, so that numbers of lines still fit.
  func without(_ indices: Set<Int>) -> YaraSource {
    if indices.isEmpty { return self }
    var text = text
    for index in indices where rules.indices.contains(index) {
      for place in rules[index].range where text.indices.contains(place) && text[place] != 0x0A { text[place] = 0x20 }
    }
    return YaraSource(path: path, text: text, namespace: namespace)
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
