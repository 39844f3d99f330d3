import Evidence

/// What a rule's results depend on besides the evidence, as one digest: equal digests, equal results.
///
/// Covers the rule's text without comments and layout, everything that it refers to (other rules, private ones too, the
/// global rules of its file, imports, included files), and the version of the engine that evaluates it.
public struct RuleFingerprint: Hashable, Sendable {
  /// `yara:PATH:NAME` or `sigma:PATH:ID`.
  public var rule: String
  public var digest: Digest

  init(rule: String, material: [String]) {
    self.rule = rule
    digest = Self.digest(material)
  }

  /// A digest of a list, not of a text: each part is led by its length, so no two lists look alike.
  static func digest(_ parts: [String]) -> Digest {
    var bytes: [UInt8] = []
    for part in parts {
      bytes.append(contentsOf: "\(part.utf8.count):".utf8)
      bytes.append(contentsOf: part.utf8)
    }
    return Digest(of: bytes)
  }
}

extension SigmaRules {
  /// One fingerprint a rule and correlation. A rule's covers the filters added to it, a correlation's the rules that it
  /// rests on.
  var fingerprints: [RuleFingerprint] {
    var fingerprints: [RuleFingerprint] = []
    var known: [(header: SigmaHeader, digest: Digest)] = []
    func add(_ header: SigmaHeader, _ isReported: Bool, _ others: [String]) {
      let fingerprint = RuleFingerprint(
        rule: "sigma:\(header.path):\(header.id)",
        material: ["sigma", String(SigmaDetector.version), header.path, header.canonical, "\(isReported)"] + others)
      fingerprints.append(fingerprint)
      known.append((header, fingerprint.digest))
    }
    for rule in rules { add(rule.header, rule.isReported, rule.filters) }
    for correlation in correlations {
      let others = correlation.rules.flatMap { name in known.filter { $0.header.isMeant(by: name) }.map(\.digest.hex) }
      add(correlation.header, correlation.isReported, others)
    }
    return fingerprints
  }
}

extension YaraSource {
  /// One fingerprint a rule.
  ///
  /// - Parameter included: what the file's `include` lines bring in, each without comments and layout.
  func fingerprints(included: [String]) -> [RuleFingerprint] {
    let common = ["yara", YaraLibrary.version, path] + imports.sorted() + ["included"] + included
    if !isSeparable {
      return rules.map { RuleFingerprint(rule: "yara:\(path):\($0.name)", material: common + ["file", normalized]) }
    }
    let globals = rules.filter(\.isGlobal).map(\.normalized)
    let positions = Dictionary(rules.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    return rules.indices.map { index in
      let referred = closure(of: index, positions).map { rules[$0].normalized }
      return RuleFingerprint(
        rule: "yara:\(path):\(rules[index].name)",
        material: common + ["globals"] + globals + ["referred"] + referred + ["rule", rules[index].normalized])
    }
  }

  /// The rules that a rule refers to, directly or through others, in the order of the file, itself left out.
  func closure(of index: Int, _ positions: [String: Int]) -> [Int] {
    var seen: Set<Int> = []
    var waiting = [index]
    while let next = waiting.popLast() {
      for place in references(of: next, positions) where seen.insert(place).inserted { waiting.append(place) }
    }
    seen.remove(index)
    return seen.sorted()
  }

  private func references(of index: Int, _ positions: [String: Int]) -> [Int] {
    let condition = rules[index].condition
    var found: [Int] = []
    for (place, token) in condition.enumerated() where token.kind == .word {
      // `2 of (part_*)` refers to every earlier rule with that beginning.
      if condition.indices.contains(place + 1), condition[place + 1].text == "*" {
        found += rules.indices.filter { $0 < index && rules[$0].name.hasPrefix(token.text) }
      } else if let other = positions[token.text], other != index {
        found.append(other)
      }
    }
    return found
  }
}
