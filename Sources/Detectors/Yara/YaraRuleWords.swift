import Bytes
import Evidence

/// A rule's metas in our words. Public rule sets agree on no names, so the usual ones are all read.
struct YaraRuleWords {
  let title: String
  let description: String?
  let severity: Severity
  let confidence: Confidence
  let attack: [String]
  let author: String?
  let license: String?
  let references: [String]

  init(_ rule: YaraRuleInfo) {
    description = rule.meta("description")
    title = rule.meta("title") ?? description ?? rule.name
    severity = Self.severity(rule)
    confidence = rule.meta("confidence").flatMap { Confidence(rawValue: $0.lowercased()) } ?? .medium
    author = rule.meta("author")
    license = rule.meta("license") ?? rule.meta("license_name")
    references = rule.metas.lazy.filter { $0.name.lowercased().hasPrefix("reference") }.map(\.value.text)
      .filter { !$0.isEmpty }
    let texts =
      rule.metas.lazy.filter { $0.name.lowercased().hasPrefix("attack") || $0.name.lowercased().contains("mitre") }
      .map(\.value.text)
    attack = Self.techniques(in: Array(texts) + rule.tags)
  }

  /// A word (`severity = "high"`), a number up to 100 (`severity`, `score`, `threat_level`), else medium: a rule that
  /// somebody wrote means something, but public rules say `critical` too easily to be believed without being told.
  private static func severity(_ rule: YaraRuleInfo) -> Severity {
    for name in ["severity", "level", "score"] {
      guard let text = rule.meta(name)?.lowercased() else { continue }
      if let severity = Severity(rawValue: text) { return severity }
      if text == "info" { return .informational }
      if text == "warning" || text == "moderate" { return .medium }
      guard let number = text.withView({ $0.integer }) else { continue }
      switch number {
      case ..<1: return .informational
      case ..<40: return .low
      case ..<75: return .medium
      case ..<95: return .high
      default: return number > 100 ? .medium : .critical
      }
    }
    return .medium
  }

  /// ATT&CK ids (`T1059`, `T1059.004`, `t1059_004`) in texts and tags, each once, in order.
  static func techniques(in texts: [String]) -> [String] {
    var found: [String] = []
    for text in texts {
      let bytes = Array(text.utf8)
      var place = 0
      while place + 5 <= bytes.count {
        let isStart = place == 0 || !YaraToken.isWord(bytes[place - 1]) || bytes[place - 1] == 0x5F
        guard isStart, bytes[place] | 0x20 == 0x74,
          bytes[place + 1..<place + 5].allSatisfy({ (0x30...0x39).contains($0) })
        else {
          place += 1
          continue
        }
        var id = "T" + String(decoding: bytes[place + 1..<place + 5], as: UTF8.self)
        place += 5
        if place + 4 <= bytes.count, bytes[place] == 0x2E || bytes[place] == 0x5F,
          bytes[place + 1..<place + 4].allSatisfy({ (0x30...0x39).contains($0) })
        {
          id += "." + String(decoding: bytes[place + 1..<place + 4], as: UTF8.self)
          place += 4
        }
        if !found.contains(id) { found.append(id) }
      }
    }
    return found
  }
}
