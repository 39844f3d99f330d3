import Bytes
import Evidence

/// All rules with one index over literals without which they cannot hold.
///
/// A rule waits behind a gate: a few literals of which one must stand in the event. One pass over the event's text opens
/// the gates, so rules that have nothing to do with it cost nothing. Immutable; each thread takes a `SigmaGates`.
final class SigmaPrefilter: Sendable {
  /// For each literal, the rules behind it.
  fileprivate let behind: [[Int]]
  fileprivate let kinds: [SigmaSource.Kind?]
  /// Rules without a gate, by kind.
  fileprivate let open: [SigmaSource.Kind: [Int]]
  fileprivate let index: LiteralIndex?
  /// Some gate is about the event's time, whose text is made only then.
  fileprivate let asksTime: Bool
  let openCount: Int

  init(_ rules: [SigmaRule]) {
    var numbers: [LiteralIndex.Literal: Int] = [:]
    var literals: [LiteralIndex.Literal] = []
    var behind: [[Int]] = []
    var open: [SigmaSource.Kind: [Int]] = [:]
    var asksTime = false
    for (place, rule) in rules.enumerated() {
      guard let kind = rule.source.kind else { continue }
      var gate = SigmaGate(kind: kind)
      guard let found = gate.literals(rule.expression) else {
        open[kind, default: []].append(place)
        continue
      }
      asksTime = asksTime || gate.asksTime
      for literal in found {
        let number = numbers[literal] ?? literals.count
        if number == literals.count {
          numbers[literal] = number
          literals.append(literal)
          behind.append([])
        }
        behind[number].append(place)
      }
    }
    index = LiteralIndex(literals)
    // Without Hyperscan every rule is asked.
    if index == nil {
      for place in Set(behind.joined()).sorted() {
        if let kind = rules[place].source.kind { open[kind, default: []].append(place) }
      }
    }
    self.behind = behind
    self.open = open.mapValues { $0.sorted() }
    self.asksTime = asksTime
    kinds = rules.map(\.source.kind)
    openCount = open.values.reduce(0) { $0 + $1.count }
  }
}

/// One thread's use of a prefilter.
final class SigmaGates {
  private let prefilter: SigmaPrefilter
  private let search: LiteralIndex.Search?
  private var text = SigmaText()
  private var numbers: [UInt32] = []
  /// By data type, of which a log has a few.
  private var known: [String: Asked] = [:]
  private var last: (dataType: String, asked: Asked) = ("\u{0}", Asked())

  private struct Asked {
    var kinds: [SigmaSource.Kind] = []
    var open: [Int] = []
    var isAsked = false
  }

  init(_ prefilter: SigmaPrefilter) {
    self.prefilter = prefilter
    search = prefilter.index.flatMap { LiteralIndex.Search($0) }
  }

  /// Rules that the event's texts do not rule out, in their order.
  func candidates(_ event: Event, _ maker: SigmaRecordMaker) -> [Int] {
    if last.dataType != event.dataType { last = (event.dataType, lookUp(event.dataType)) }
    let asked = last.asked
    guard asked.isAsked else { return [] }
    guard let search else { return asked.open }
    text.fill(event, asked.kinds, maker, asksTime: prefilter.asksTime)
    numbers.removeAll(keepingCapacity: true)
    guard search.numbers(in: text.bytes, &numbers) else { return all(asked.kinds) }
    if numbers.isEmpty { return asked.open }
    var chosen = asked.open
    for number in numbers {
      for rule in prefilter.behind[Int(number)] {
        if let kind = prefilter.kinds[rule], asked.kinds.contains(kind) { chosen.append(rule) }
      }
    }
    if chosen.count < 2 { return chosen }
    chosen.sort()
    var kept = 1
    for index in 1..<chosen.count where chosen[index] != chosen[kept - 1] {
      chosen[kept] = chosen[index]
      kept += 1
    }
    chosen.removeLast(chosen.count - kept)
    return chosen
  }

  private func lookUp(_ dataType: String) -> Asked {
    if let asked = known[dataType] { return asked }
    let kinds = SigmaTaxonomy.kinds(of: dataType)
    var asked = Asked(kinds: kinds)
    asked.open = kinds.flatMap { prefilter.open[$0] ?? [] }.sorted()
    asked.isAsked = prefilter.kinds.contains { $0.map { kinds.contains($0) } ?? false }
    if known.count < 4096 { known[dataType] = asked }
    return asked
  }

  private func all(_ kinds: [SigmaSource.Kind]) -> [Int] {
    prefilter.kinds.indices.filter { place in prefilter.kinds[place].map { kinds.contains($0) } ?? false }
  }
}

/// Finds a rule's gate.
struct SigmaGate {
  let kind: SigmaSource.Kind
  private(set) var asksTime = false

  init(kind: SigmaSource.Kind) { self.kind = kind }

  /// Literals of which one must occur for the expression to hold; nil where nothing can be said.
  mutating func literals(_ expression: SigmaExpression) -> Set<LiteralIndex.Literal>? {
    switch expression {
    case .not: return nil
    case .all(let parts): return best(parts.map { literals($0) })
    case .any(let parts): return union(parts.map { literals($0) })
    case .item(let item):
      if item.isNegated { return nil }
      if item.field == "timestamp" || item.field == "EventTime" { asksTime = true }
      let gates = item.tests.map { literals($0, item.field) }
      return item.needsAll ? best(gates) : union(gates)
    }
  }

  private func literals(_ test: SigmaTest, _ field: String?) -> Set<LiteralIndex.Literal>? {
    let run: [UInt8]?
    switch test {
    case .text(let glob): run = glob.longestRun
    case .regex(let regex): run = SigmaPatternText.literal(of: regex.pattern)
    default: run = nil
    }
    guard var run else { return nil }
    // A program's path may be made out of a bare name; then only the last part stands in the event's text.
    let isImage = field == nil || field == "Image" || field == "ParentImage"
    if kind == .process, isImage, let slash = run.lastIndex(of: 0x2F) { run = Array(run[slash...]) }
    // Zero bytes would meet the search's leave to pass over zeros; beyond ASCII case is not Hyperscan's.
    run = run.split { $0 == 0 || $0 >= 0x80 }.max { $0.count < $1.count }.map { Array($0) } ?? []
    let literal = Array(run.prefix(LiteralIndex.maximumLength))
    return literal.count >= 3 ? [LiteralIndex.Literal(bytes: literal, isCaseless: true)] : nil
  }

  private func union(_ gates: [Set<LiteralIndex.Literal>?]) -> Set<LiteralIndex.Literal>? {
    var all: Set<LiteralIndex.Literal> = []
    for gate in gates {
      guard let gate else { return nil }
      all.formUnion(gate)
    }
    return all.isEmpty ? nil : all
  }

  /// Of several gates, each of which must open, the one that opens least often: its shortest literal is the longest.
  private func best(_ gates: [Set<LiteralIndex.Literal>?]) -> Set<LiteralIndex.Literal>? {
    gates.compactMap { $0 }.max { weight($0) < weight($1) }
  }

  private func weight(_ gate: Set<LiteralIndex.Literal>) -> Int { gate.map(\.bytes.count).min() ?? 0 }
}

/// What can be said of a regular expression without running it.
enum SigmaPatternText {
  /// The longest run of plain characters that every match holds; nil for alternatives on the outermost level and for
  /// whatever is not understood.
  static func literal(of pattern: String) -> [UInt8]? {
    let text = Array(pattern.utf8)
    var best: [UInt8] = []
    var run: [UInt8] = []
    var place = 0
    func end() {
      if run.count > best.count { best = run }
      run = []
    }
    while place < text.count {
      let byte = text[place]
      switch byte {
      case 0x7C: return nil
      case 0x28, 0x5B:
        end()
        guard let after = closing(text, place) else { return nil }
        place = after
        continue
      case 0x3F, 0x2A, 0x7B:
        // The character before may be missing.
        if !run.isEmpty { run.removeLast() }
        end()
        if byte == 0x7B { while place < text.count, text[place] != 0x7D { place += 1 } }
      case 0x2B, 0x2E, 0x5E, 0x24: end()
      case 0x5C:
        guard place + 1 < text.count else { return nil }
        let next = text[place + 1]
        if YaraToken.isWord(next) {
          // A class, a border, a code or a reference. Codes have digits behind them, quotations none that end.
          if "xucpPQEkgN0".utf8.contains(next) || (0x30...0x39).contains(next) { return nil }
          end()
        } else {
          run.append(next)
        }
        place += 1
      default: run.append(byte)
      }
      place += 1
    }
    end()
    return best.isEmpty ? nil : best
  }

  /// Behind the bracket that closes the one at a place.
  private static func closing(_ text: [UInt8], _ start: Int) -> Int? {
    var depth = 0
    var isClass = false
    var place = start
    while place < text.count {
      switch text[place] {
      case 0x5C: place += 1
      case 0x5B where !isClass:
        isClass = true
        if place + 1 < text.count, text[place + 1] == 0x5E { place += 1 }
        if place + 1 < text.count, text[place + 1] == 0x5D { place += 1 }
        if depth == 0, text[start] == 0x5B { depth = 1 }
      case 0x5B where place + 1 < text.count && text[place + 1] == 0x3A:
        // `[:alpha:]`
        guard let colon = text[(place + 2)...].firstIndex(of: 0x3A) else { return nil }
        place = colon + 1
      case 0x5D where isClass:
        isClass = false
        if text[start] == 0x5B { return place + 1 }
      case 0x28 where !isClass: depth += 1
      case 0x29 where !isClass:
        depth -= 1
        if depth == 0 { return place + 1 }
      default: break
      }
      place += 1
    }
    return nil
  }
}
