import Evidence
import Timeline

/// An event as the page shows it.
struct PageRow: Hashable {
  var key: EventKey
  var source: Source
  var dataType: String
  var message: String
  var locator: String
  var entities: [Entity]
  var tags: [String]
  var relevance: UInt8
  var identity: UInt64?
  /// Where copies of the record lie.
  var also: [EvidenceReference] = []
}

/// The events that matter most, as many as the page may carry.
///
/// What matters equally is chosen by a hash of its place: an even sample, and the same one in every run.
struct PageRows {
  private struct Rank: Comparable {
    var relevance: UInt8
    var hash: UInt64

    static func < (left: Rank, right: Rank) -> Bool { (left.relevance, left.hash) < (right.relevance, right.hash) }
  }

  /// Characters of a message that the page holds; the whole is in `timeline.jsonl`.
  private static let maximumMessage = 600

  private let limit: Int
  /// A heap, the least on top.
  private var ranks: [Rank] = []
  private var rows: [PageRow] = []

  init(limit: Int) { self.limit = limit }

  mutating func offer(_ event: Event, _ key: EventKey, _ relevance: UInt8, _ tags: [String]) {
    guard limit > 0 else { return }
    let rank = Rank(relevance: relevance, hash: Self.hash(key, event.message))
    if ranks.count >= limit, let least = ranks.first, rank < least { return }
    let row = PageRow(
      key: key, source: Source(dataType: event.dataType), dataType: event.dataType,
      message: TimelineRecord.cut(event.message, to: Self.maximumMessage), locator: event.locator.text,
      entities: Array(event.entities.prefix(6)), tags: tags, relevance: relevance,
      identity: event.identity)
    if ranks.count < limit {
      ranks.append(rank)
      rows.append(row)
      rise(from: ranks.count - 1)
    } else {
      ranks[0] = rank
      rows[0] = row
      sink()
    }
  }

  private mutating func rise(from start: Int) {
    var place = start
    while place > 0, ranks[place] < ranks[(place - 1) / 2] {
      ranks.swapAt(place, (place - 1) / 2)
      rows.swapAt(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  private mutating func sink() {
    var place = 0
    while true {
      var least = place
      for child in [2 * place + 1, 2 * place + 2] where child < ranks.count && ranks[child] < ranks[least] {
        least = child
      }
      if least == place { return }
      ranks.swapAt(place, least)
      rows.swapAt(place, least)
      place = least
    }
  }

  /// In order, copies of one record joined as in `timeline.jsonl`.
  var sorted: [PageRow] {
    struct Name: Hashable {
      var nanoseconds: Int64
      var identity: UInt64
      var artifact: Digest?
    }
    var kept: [PageRow] = []
    var places: [Name: [Int]] = [:]
    var brought: [Name: Int] = [:]
    for row in rows.sorted(by: Self.precedes) {
      if let identity = row.identity {
        let own = Name(nanoseconds: row.key.nanoseconds, identity: identity, artifact: row.key.artifact)
        let all = Name(nanoseconds: row.key.nanoseconds, identity: identity)
        let number = brought[own, default: 0]
        brought[own] = number + 1
        if let known = places[all], number < known.count, kept[known[number]].key.artifact != row.key.artifact {
          if kept[known[number]].also.count < 8 {
            kept[known[number]].also.append(
              EvidenceReference(artifact: row.key.artifact, locator: Locator(text: row.locator) ?? .whole))
          }
          continue
        }
        places[all, default: []].append(kept.count)
      }
      kept.append(row)
    }
    return kept
  }

  private static func precedes(_ left: PageRow, _ right: PageRow) -> Bool {
    left.key != right.key ? left.key < right.key : (left.message, left.locator) < (right.message, right.locator)
  }

  private static func hash(_ key: EventKey, _ message: String) -> UInt64 {
    var hash = StableHash()
    hash.mix(UInt64(bitPattern: key.nanoseconds))
    hash.mix(key.place)
    for byte in message.utf8.prefix(64) { hash.mix(byte) }
    return hash.value
  }
}

/// How many events there are over time, source by source: all of them, also those that the page does not carry.
struct Density {
  static let bins = 600

  private(set) var first: Int64 = 0
  private(set) var last: Int64 = 0
  private(set) var counts: [[Int]] = Array(repeating: Array(repeating: 0, count: bins), count: Source.allCases.count)

  init(_ sources: [SourceFacts]) {
    first = sources.compactMap { $0.first?.nanoseconds }.min() ?? 0
    last = sources.compactMap { $0.last?.nanoseconds }.max() ?? 0
  }

  mutating func add(_ nanoseconds: Int64, _ source: Int) {
    guard counts.indices.contains(source), last >= first else { return }
    // As floating point: the distance of two times may not fit 64 bits.
    let share = (Double(nanoseconds) - Double(first)) / max(Double(last) - Double(first), 1)
    let bin = min(Int(min(max(share, 0), 1) * Double(Self.bins)), Self.bins - 1)
    counts[source][bin] += 1
  }
}
