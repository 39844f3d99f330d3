import Bytes
import Evidence

/// Finds what intruders do at a shell, in commands as they were typed or run, also where they were wrapped.
public struct BehaviourDetector: LayeredDetector {
  public let version = 11

  public init() {}

  /// Longer texts are scripts or data; only their first part is judged.
  static let maximumLength = 16 << 10
  /// The same of a script within a string.
  private static let maximumScript = 512

  /// The leads of all rules, and for each which rules it wakes.
  private static let leads: (set: LiteralSet, rules: [[Int]]) = {
    var literals: [StaticString] = []
    var names: [[UInt8]] = []
    var seen: Set<[UInt8]> = []
    // Every process makes them, so each is turned into bytes once.
    let leads = BehaviourRule.all.map { rule in rule.leads.map { (text: $0, bytes: ByteView($0).array) } }
    for lead in leads.joined() where seen.insert(lead.bytes).inserted {
      literals.append(lead.text)
      names.append(lead.bytes)
    }
    // A lead that begins another stands for it as well: at one place only one is reported.
    let rules = names.map { name in
      leads.indices.filter { leads[$0].contains { $0.bytes.starts(with: name) || name.starts(with: $0.bytes) } }
    }
    return (LiteralSet(exact: literals), rules)
  }()

  func scan(_ text: ByteView, _ origin: TextOrigin, _ layers: SharedLayers) -> [TextDetection] {
    // Words about such things are everywhere; only a command is an act.
    guard origin == .command else { return [] }
    let part = text.slice(0, Self.maximumLength)
    let layers = part.count == text.count ? layers : SharedLayers(part)
    var found = judge(layers.whole, of: part, layer: nil)
    guard layers.mayHold else { return found }
    for (layer, text) in zip(layers.unwrapped, layers.texts) {
      found += judge(text, of: part, layer: layer, known: found)
    }
    return found
  }

  private func judge(
    _ shared: SharedText, of whole: ByteView, layer: CommandLayer?, known: [TextDetection] = []
  ) -> [TextDetection] {
    let text = shared.text
    let leads = Self.leads
    var woken: [Bool] = []
    // A text may name a lead thousands of times.
    var seen = [Bool](repeating: false, count: leads.rules.count)
    leads.set.forEachMatch(in: text) { place, lead in
      guard !seen[lead] else { return place + 1 }
      seen[lead] = true
      if woken.isEmpty { woken = [Bool](repeating: false, count: BehaviourRule.all.count) }
      for rule in leads.rules[lead] { woken[rule] = true }
      return place + 1
    }
    guard !woken.isEmpty else { return [] }
    let behaviour = BehaviourText(shared)
    return woken.indices.compactMap { index in
      guard woken[index] else { return nil }
      let rule = BehaviourRule.all[index]
      // What was seen once is not asked for again.
      guard !known.contains(where: { $0.rule == rule.rule }), let severity = rule.judge(behaviour) else { return nil }
      // What a script installs is an administrator's work, and of a long one the parts have little to do with each other.
      if let layer, layer.isScript, severity < .medium || text.count > Self.maximumScript { return nil }
      return detection(rule, severity, text, whole, layer)
    }
  }

  private func detection(
    _ rule: BehaviourRule, _ severity: Severity, _ text: ByteView, _ whole: ByteView, _ layer: CommandLayer?
  ) -> TextDetection {
    let shown = text.slice(0, 300).string
    var detection = TextDetection(
      .behaviour, rule: rule.rule, title: rule.title, severity: severity,
      confidence: severity >= .high ? .high : .medium,
      attack: rule.attack, range: 0..<whole.count, raw: whole.slice(0, 4096).string, message: "\(rule.title): \(shown)")
    if let layer {
      detection.decoded = text.slice(0, 4096).string
      if !layer.isRewording { detection.commands = [text.slice(0, 4096).string] }
      detection.steps = ["\(layer.step): \(shown)"]
    }
    return detection
  }
}
