import Evidence

/// What must stand in an event's text for a rule to hold: of each clause one literal.
///
/// Several clauses and the ends of values make it telling: a rule about `grep` on `/etc/shadow` is not asked of every
/// `grep`. In the text every value stands between newlines (`SigmaText`), so a value's start or end is a literal's too.
struct SigmaNeed: Equatable {
  typealias Clause = Set<LiteralIndex.Literal>

  /// Empty: nothing can be said, the rule is always asked.
  private(set) var clauses: [Clause] = []
  /// About the event's time, whose text is made only then.
  private(set) var asksTime = false
  /// About the whole record, not one field.
  private var asksEverything = false
  /// About the whole record, of which the event's sentence is part: always, or where that is a line of a log.
  private(set) var asksSentence = false
  private(set) var asksLine = false
  /// About a packet, of which some fields are made.
  private(set) var asksPacket = false

  /// As many as a byte has bits.
  static let maximumClauses = 8
  /// More would be met by nearly anything.
  private static let maximumLiterals = 1 << 16

  init(_ expression: SigmaExpression, kind: SigmaSource.Kind) {
    asksPacket = kind == .firewall
    var all = need(expression, kind)
    asksSentence = asksEverything && (kind == .application || kind == .native)
    asksLine = asksEverything && (kind == .log || kind == .firewall)
    // Two bytes stand nearly everywhere: only for want of better.
    if all.contains(where: { Self.weight($0) > 2 }) { all.removeAll { Self.weight($0) <= 2 } }
    var kept: [Clause] = []
    for clause in all.sorted(by: { Self.weight($0) > Self.weight($1) }) where !kept.contains(clause) {
      kept.append(clause)
      if kept.count == Self.maximumClauses { break }
    }
    clauses = kept
  }

  private mutating func need(_ expression: SigmaExpression, _ kind: SigmaSource.Kind) -> [Clause] {
    switch expression {
    case .not(let part):
      note(part)
      return []
    case .all(let parts): return parts.flatMap { need($0, kind) }
    case .any(let parts): return Self.union(parts.map { need($0, kind) })
    case .item(let item):
      note(expression)
      if item.isNegated { return [] }
      let each = item.tests.map { Self.literals($0, item.field, kind).map { [$0] } ?? [] }
      return item.needsAll ? each.flatMap { $0 } : Self.union(each)
    }
  }

  /// What a part looks at, though nothing must stand there.
  private mutating func note(_ expression: SigmaExpression) {
    switch expression {
    case .not(let part): note(part)
    case .all(let parts), .any(let parts): for part in parts { note(part) }
    case .item(let item):
      if item.field == nil { asksEverything = true }
      if item.field.map(SigmaTaxonomy.times.contains) == true { asksTime = true }
    }
  }

  /// Of alternatives each of which needs some clauses: the best of each taken together, then the next best.
  private static func union(_ parts: [[Clause]]) -> [Clause] {
    guard !parts.isEmpty, parts.allSatisfy({ !$0.isEmpty }) else { return [] }
    let sorted = parts.map { $0.sorted { weight($0) > weight($1) } }
    let count = min(sorted.map(\.count).max() ?? 0, maximumClauses)
    return (0..<count).compactMap { place in
      var clause: Clause = []
      for part in sorted { clause.formUnion(part[min(place, part.count - 1)]) }
      return clause.count <= maximumLiterals ? clause : nil
    }
  }

  private static func weight(_ clause: Clause) -> Int { clause.map(\.bytes.count).min() ?? 0 }

  // MARK: Literals

  /// nil where a test can hold for values of which nothing is known.
  private static func literals(_ test: SigmaTest, _ field: String?, _ kind: SigmaSource.Kind) -> Clause? {
    switch test {
    case .text(let glob):
      let ends = Ends(field, kind)
      let runs = glob.runs.compactMap { literal($0.bytes, $0.isStart && ends.start, $0.isEnd && ends.end, field, kind) }
      return runs.max { $0.bytes.count < $1.bytes.count }.map { [$0] }
    case .regex(let regex):
      guard let runs = SigmaPatternText.literals(of: regex.pattern) else { return nil }
      let found = runs.compactMap { literal($0, false, false, field, kind, isCased: regex.isCased) }
      return found.count == runs.count && !found.isEmpty ? Set(found) : nil
    default: return nil
    }
  }

  private static func literal(
    _ run: [UInt8], _ isStart: Bool, _ isEnd: Bool, _ field: String?, _ kind: SigmaSource.Kind,
    isCased: Bool = false
  ) -> LiteralIndex.Literal? {
    var run = run
    var isStart = isStart
    var isEnd = isEnd
    let isImage = field == nil || field == "Image" || field == "ParentImage"
    if kind == .process || kind == .connection, isImage {
      guard let part = namePart(run, isEnd) else { return nil }
      if part.count < run.count { isStart = false }
      run = part
    }
    // Zero bytes would meet the search's leave to pass over zeros; beyond ASCII case is not Hyperscan's.
    let parts = run.split(omittingEmptySubsequences: false) { $0 == 0 || $0 >= 0x80 }
    guard let best = parts.indices.max(by: { parts[$0].count < parts[$1].count }) else { return nil }
    isStart = isStart && best == 0
    isEnd = isEnd && best == parts.count - 1
    guard !parts[best].isEmpty else { return nil }
    let whole = (isStart ? [0x0A] : []) + parts[best] + (isEnd ? [0x0A] : [])
    let literal = isEnd ? whole.suffix(LiteralIndex.maximumLength) : whole.prefix(LiteralIndex.maximumLength)
    return literal.count >= 2 ? LiteralIndex.Literal(bytes: Array(literal), isCaseless: !isCased) : nil
  }

  /// A program's path may be made out of a bare name, of which the text holds `/name`: what a run asks of that. nil where it
  /// may end before the name begins.
  private static func namePart(_ run: [UInt8], _ isEnd: Bool) -> [UInt8]? {
    let folder = Array("/usr/bin/".utf8)
    let folded = run.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    for start in folder.indices {
      let end = folder[start...]
      if folded.count <= end.count {
        if !isEnd, end.starts(with: folded) { return nil }
      } else if folded.starts(with: end) {
        return Array(run[(end.count - 1)...])
      }
    }
    return run
  }

  /// Whether a field's values stand in the text from newline to newline: not where they are cut out of an attribute.
  private struct Ends {
    var start = true
    var end = true

    init(_ field: String?, _ kind: SigmaSource.Kind) {
      guard let field else {
        (start, end) = (false, false)
        return
      }
      switch kind {
      case .process:
        if field == "Image" || field == "ParentImage" { start = false }
        // Of the commands of one line each is a value.
        if ["CommandLine", "User", "ParentCommandLine"].contains(field) { (start, end) = (false, false) }
      case .webServer, .proxy:
        if ["cs-host", "r-dns", "c-uri-extension", "c-uri-stem", "cs-uri-stem"].contains(field), kind == .proxy {
          (start, end) = (false, false)
        }
        // Behind a header's name.
        if SigmaTaxonomy.attributes(field, kind).contains(where: { $0.hasPrefix("header:") }) { start = false }
      case .connection: if field == "Image" { start = false }
      case .cloudTrail, .kubernetes:
        if field.contains(".") || SigmaTaxonomy.kubernetesMembers.contains(field) { (start, end) = (false, false) }
      default: break
      }
    }
  }
}
