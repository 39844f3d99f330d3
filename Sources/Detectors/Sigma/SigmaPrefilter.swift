import Bytes
import Evidence
import Synchronization

/// Leaves out the rules that cannot hold for an event, by what must stand in its text (`SigmaNeed`).
///
/// One pass over the text tells which rules have all they need, so rules that have nothing to do with an event cost
/// nothing. Events of one class share an index; it is made when the first of them comes.
final class SigmaPrefilter: Sendable {
  private let needs: [SigmaNeed?]
  let kinds: [SigmaSource.Kind?]
  /// Data types that a rule of ours names as its service, by rule.
  private let services: [String?]
  private let named: Set<String>
  private let made = Mutex<[Class: SigmaIndex]>([:])

  private struct Class: Hashable {
    var kinds: [SigmaSource.Kind]
    /// Where rules are about this data type only.
    var dataType: String?
  }

  init(_ rules: [SigmaRule]) {
    kinds = rules.map(\.source.kind)
    needs = rules.map { rule in rule.source.kind.map { SigmaNeed(rule.expression, kind: $0) } }
    services = rules.map { $0.source.kind == .native ? $0.source.service : nil }
    named = Set(services.compactMap { $0 })
  }

  /// Rules that every event of their kind is asked.
  var openCount: Int { needs.count { $0?.clauses.isEmpty ?? false } }

  func index(_ dataType: String, _ kinds: [SigmaSource.Kind]) -> SigmaIndex {
    let key = Class(kinds: kinds, dataType: named.contains(dataType) ? dataType : nil)
    // Making one takes milliseconds; who comes meanwhile waits rather than makes it too.
    return made.withLock { made in
      if let index = made[key] { return index }
      var asked: [(rule: Int, need: SigmaNeed)] = []
      for rule in needs.indices {
        guard let need = needs[rule], let kind = self.kinds[rule], kinds.contains(kind) else { continue }
        if let service = services[rule], service != dataType { continue }
        asked.append((rule, need))
      }
      let index = SigmaIndex(asked)
      made[key] = index
      return index
    }
  }
}

/// One thread's use of a prefilter.
struct SigmaGates: ~Copyable {
  private let prefilter: SigmaPrefilter
  private var text = SigmaText()
  private var tally = Tally()
  /// By data type, of which a log has a few.
  private var known: [String: Asked] = [:]
  /// Of the last event, and of the last one of another data type: often two take turns.
  private var last: Asked?
  private var other: Asked?

  /// A class: it is taken for every event, and has many parts.
  private final class Asked {
    let dataType: String
    let index: SigmaIndex
    let search: LiteralIndex.Search?
    let plan: SigmaText.Plan
    /// Copies of the index's: what threads share they wait for each other to count.
    let open: [Int]
    let rules: [Int]

    init(_ dataType: String, _ index: SigmaIndex, _ plan: SigmaText.Plan) {
      self.dataType = dataType
      self.index = index
      self.plan = plan
      search = index.literals.flatMap { LiteralIndex.Search($0) }
      open = index.open.map { $0 }
      rules = index.rules.map { $0 }
    }
  }

  init(_ prefilter: SigmaPrefilter) { self.prefilter = prefilter }

  /// Adds the rules that the event's texts do not rule out, in their order.
  mutating func choose(_ event: Event, _ maker: SigmaRecordMaker, into chosen: inout [Int]) {
    if last?.dataType != event.dataType {
      swap(&last, &other)
      if last?.dataType != event.dataType { last = lookUp(event.dataType) }
    }
    guard let asked = last, !asked.index.isEmpty else { return }
    chosen.append(contentsOf: asked.open)
    if let search = asked.search {
      text.fill(event, asked.plan, maker)
      let works = text.bytes.withView { text in search.numbers(in: text) { tally.note(asked.index, $0, &chosen) } }
      if !works { chosen = (asked.open + asked.rules).sorted() }
    }
    // Most requests were passed on by no proxy.
    if !chosen.isEmpty, asked.plan.isProxy, !SigmaRecordMaker.isProxied(event) {
      chosen.removeAll { prefilter.kinds[$0] == .proxy }
    }
  }

  private mutating func lookUp(_ dataType: String) -> Asked {
    if let asked = known[dataType] { return asked }
    let kinds = SigmaTaxonomy.kinds(of: dataType)
    let index = prefilter.index(dataType, kinds)
    let asked = Asked(dataType, index, SigmaText.Plan(dataType, kinds, index))
    if known.count < 4096 { known[dataType] = asked }
    return asked
  }

  private struct Tally {
    /// Clauses met, by rule of the index in use; all zero between events.
    private var met: [UInt8] = []
    private var touched: [Int32] = []

    /// - Parameter numbers: of literals that occur.
    mutating func note(_ index: SigmaIndex, _ numbers: UnsafeBufferPointer<UInt32>, _ chosen: inout [Int]) {
      if met.count < index.rules.count { met += [UInt8](repeating: 0, count: index.rules.count - met.count) }
      var touched: [Int32] = []
      swap(&touched, &self.touched)
      defer { swap(&touched, &self.touched) }
      let start = chosen.count
      met.withUnsafeMutableBufferPointer { met in
        index.first.forEach(of: numbers) { one in
          if met[Int(one.rule)] == 0 { touched.append(one.rule) }
          met[Int(one.rule)] = one.clause
        }
        if touched.isEmpty { return }
        index.others.forEach(of: numbers) { one in
          if met[Int(one.rule)] != 0 { met[Int(one.rule)] |= one.clause }
        }
        for rule in touched {
          if met[Int(rule)] == index.wanted[Int(rule)] { chosen.append(index.rules[Int(rule)]) }
          met[Int(rule)] = 0
        }
      }
      touched.removeAll(keepingCapacity: true)
      if chosen.count > start { chosen.sort() }
    }
  }
}
