import CPlatform

/// Many short literals, sought together in one pass: several GB/s where few of them occur.
///
/// The first three bytes of every literal make a fingerprint that the processor compares 16 places at a time; only where
/// one fits, and a table knows the three bytes, are the literals themselves compared. Build it once and keep it: a value without state.
public struct LiteralSet: Sendable {
  struct Literal: Sendable {
    let text: StaticString
    let ignoresCase: Bool
  }

  /// The first eight bytes, or as many as there are, are compared at once; a literal with letters of either case by its own rule.
  private struct Candidate: Sendable {
    let head: UInt64
    let mask: UInt64
    let literal: UInt16
    /// Nothing is left to compare.
    let isWhole: Bool

    init(_ literal: Literal, _ index: Int) {
      let bytes = ByteView(literal.text)
      self.literal = UInt16(clamping: index)
      mask = literal.ignoresCase ? 0 : bytes.count >= 8 ? .max : (1 << UInt64(bytes.count * 8)) - 1
      head = bytes.head(0) & mask
      isWhole = bytes.count <= 8 && !literal.ignoresCase
    }
  }

  private var literals: [Literal] = []
  /// The literals by their first two bytes, one bucket's after the other's, in the order of their indexes.
  private var candidates: [Candidate] = []
  /// For each bucket the place of its first candidate, and one more for the end.
  private var starts: [UInt16] = []
  private var prints = platform_fingerprints()
  /// A bit for each three bytes that a literal may begin with.
  private var triples = [UInt8](repeating: 0, count: Int(platform_triple_bytes))

  /// - Parameters:
  ///   - exact: literals as they stand, at least two bytes each. The index of a literal in this list is its name.
  ///   - ignoringCase: literals whose ASCII letters match either case; their indexes follow those of `exact`.
  public init(exact: [StaticString], ignoringCase: [StaticString] = []) {
    literals = exact.map { Literal(text: $0, ignoresCase: false) }
    literals += ignoringCase.map { Literal(text: $0, ignoresCase: true) }
    let buckets = Dictionary(grouping: literals.indices) { index in
      let bytes = ByteView(literals[index].text)
      return Self.bucket(bytes[0], bytes[1])
    }
    for bucket in 0..<Self.buckets {
      starts.append(UInt16(clamping: candidates.count))
      for index in buckets[bucket] ?? [] { candidates.append(Candidate(literals[index], index)) }
    }
    starts.append(UInt16(clamping: candidates.count))
    // Literals with like beginnings share a group, so that a group says as little as possible beyond its members.
    let order = literals.indices.sorted { Self.begins(literals[$0]) < Self.begins(literals[$1]) }
    // What begins alike is one for the groups.
    var beginnings: [LiteralGroups.Beginning] = []
    let ranks = order.map { index in
      let beginning = LiteralGroups.beginning(possible(index))
      if beginnings.last.map({ $0 != beginning }) ?? true { beginnings.append(beginning) }
      return beginnings.count - 1
    }
    let groups = LiteralGroups.parted(beginnings)
    for (index, rank) in zip(order, ranks) {
      let group = UInt8(1) << UInt8(groups[rank])
      let possible = possible(index)
      for place in 0..<3 { for byte in possible[place] { Self.mark(&prints, place, byte, group) } }
      for first in possible[0] {
        for second in possible[1] { for third in possible[2] { mark(first, second, third) } }
      }
    }
  }

  /// The bytes that a literal may have at its first three places. One of two bytes says nothing about the third.
  private func possible(_ index: Int) -> [[UInt8]] {
    let bytes = ByteView(literals[index].text)
    return (0..<3).map { place in
      place < bytes.count ? Self.cases(bytes[place], literals[index].ignoresCase) : Array(0...255)
    }
  }

  private static let buckets = 256

  @inline(__always)
  private static func bucket(_ first: UInt8, _ second: UInt8) -> Int {
    Int(lowercased(first) &* 37 &+ lowercased(second))
  }

  private mutating func mark(_ first: UInt8, _ second: UInt8, _ third: UInt8) {
    let slot = Int(platform_triple_slot(first, second, third))
    triples[slot >> 3] |= 1 << UInt8(slot & 7)
  }

  private static func cases(_ byte: UInt8, _ ignoresCase: Bool) -> [UInt8] {
    let small = lowercased(byte)
    guard ignoresCase, small >= 0x61, small <= 0x7A else { return [byte] }
    return [small, small - 0x20]
  }

  private static func begins(_ literal: Literal) -> UInt32 {
    let bytes = ByteView(literal.text)
    return UInt32(lowercased(bytes[0])) << 16 | UInt32(lowercased(bytes[1])) << 8 | UInt32(lowercased(bytes[2]))
  }

  private static func mark(_ prints: inout platform_fingerprints, _ place: Int, _ byte: UInt8, _ group: UInt8) {
    withUnsafeMutableBytes(of: &prints.low) { $0[place * 16 + Int(byte & 15)] |= group }
    withUnsafeMutableBytes(of: &prints.high) { $0[place * 16 + Int(byte >> 4)] |= group }
  }

  /// The literal with the lowest index that occurs anywhere; nil where none does.
  public func lowest(in text: ByteView) -> Int? {
    var lowest: Int?
    forEachMatch(in: text) { place, literal in
      lowest = min(lowest ?? literal, literal)
      return lowest == 0 ? nil : place + 1
    }
    return lowest
  }

  /// Each place where a literal stands, in order, until the body returns a place to go on from (at or after this one),
  /// or nil to stop.
  public func forEachMatch(in text: ByteView, from start: Int = 0, _ body: (_ place: Int, _ literal: Int) -> Int?) {
    guard let base = text.unsafeBytes.bindMemory(to: UInt8.self).baseAddress else { return }
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 256) { found in
      var from = max(start, 0)
      var resume = from
      while from < text.count {
        var next = 0
        let number = withUnsafePointer(to: prints) {
          platform_find_fingerprints($0, triples, base, text.count, from, found.baseAddress, found.count, &next)
        }
        var jumped = false
        for index in 0..<number {
          let place = Int(found[index] >> 8)
          if place < resume { continue }
          guard let literal = literal(at: place, of: text) else { continue }
          guard let after = body(place, literal) else { return }
          resume = max(after, place + 1)
          // A far jump makes the remaining candidates stale: search anew from there.
          if resume >= next {
            jumped = true
            break
          }
        }
        from = jumped ? resume : next
      }
    }
  }

  @inline(__always)
  private func literal(at place: Int, of text: ByteView) -> Int? {
    let head = text.head(place)
    let bucket = Self.bucket(UInt8(truncatingIfNeeded: head), UInt8(truncatingIfNeeded: head >> 8))
    for index in Int(starts[bucket])..<Int(starts[bucket + 1])
    where head & candidates[index].mask == candidates[index].head {
      let number = Int(candidates[index].literal)
      if candidates[index].isWhole || stands(number, at: place, of: text) { return number }
    }
    return nil
  }

  private func stands(_ number: Int, at place: Int, of text: ByteView) -> Bool {
    let literal = literals[number]
    let bytes = ByteView(literal.text)
    let there = text.slice(place, place + bytes.count)
    return literal.ignoresCase ? there.equalsIgnoringCase(literal.text) : there == bytes
  }
}
