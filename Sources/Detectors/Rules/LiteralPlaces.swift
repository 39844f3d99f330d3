/// Where literals stand in an object. Bounded: of a literal that stands everywhere only that is known.
struct LiteralPlaces: Sendable {
  struct Hit: Hashable, Sendable {
    var literal: UInt32
    /// Just behind the literal.
    var end: UInt64
  }

  /// Further places of one literal are not kept.
  static let maximumHits = 1 << 14
  /// Of all literals together (64 MiB).
  static let maximumAll = 4 << 20

  private(set) var hits: [Hit] = []
  /// How often each literal was seen.
  private(set) var counts: [UInt32]
  /// The parts that are not zero pages, in order, joined where they touch.
  private(set) var filled: [Range<Int>] = []
  private(set) var isFull = false

  init(count: Int) { counts = [UInt32](repeating: 0, count: count) }

  /// Whether a literal stands in more places than are kept.
  func isEverywhere(_ literal: Int) -> Bool { isFull || counts[literal] > UInt32(Self.maximumHits) }

  mutating func addFilled(_ range: Range<Int>) {
    if let last = filled.last, last.upperBound == range.lowerBound {
      filled[filled.count - 1] = last.lowerBound..<range.upperBound
    } else {
      filled.append(range)
    }
  }

  mutating func add(_ literal: UInt32, end: Int) {
    guard counts[Int(literal)] <= UInt32(Self.maximumHits) else { return }
    counts[Int(literal)] += 1
    if hits.count >= Self.maximumAll {
      isFull = true
    } else {
      hits.append(Hit(literal: literal, end: UInt64(end)))
    }
  }

  /// Nothing is known: every literal may stand everywhere.
  mutating func giveUp() {
    isFull = true
    for index in counts.indices { counts[index] = UInt32(Self.maximumHits) + 1 }
  }

  /// Takes in what was found in a later part of the object.
  mutating func append(_ other: LiteralPlaces) {
    addCounts(of: other)
    isFull = isFull || hits.count + other.hits.count > Self.maximumAll
    hits += other.hits.prefix(max(Self.maximumAll - hits.count, 0))
    for range in other.filled { addFilled(range) }
  }

  /// Takes in how often each literal stands in a later part, and not where.
  mutating func addCounts(of other: LiteralPlaces) {
    for index in counts.indices where index < other.counts.count {
      // Neither count exceeds the number of places kept by more than one.
      counts[index] = min(counts[index] + other.counts[index], UInt32(Self.maximumHits) + 1)
    }
    isFull = isFull || other.isFull
  }
}
