/// Pages of a dump, one bit each: what it costs is a 32,768th of the memory that the dump holds.
struct PageSet {
  private struct Span {
    /// Numbers of pages; half open.
    var first: UInt64
    var end: UInt64
    /// Bit of the first page.
    var bit: Int
  }

  let pageShift: UInt64
  private var spans: [Span] = []
  private var words: [UInt64]
  private var last = 0

  /// More pages than this (4 TiB of 4 KiB pages) are not told apart: a bitmap of them would be larger than 128 MiB.
  private static let limit: UInt64 = 1 << 30

  /// - Parameter runs: sorted, not overlapping.
  init(_ runs: [PhysicalRun], pageShift: Int) {
    self.pageShift = UInt64(min(max(pageShift, 12), 30))
    var count: UInt64 = 0
    for run in runs where run.end > run.start {
      let first = max(run.start >> self.pageShift, spans.last?.end ?? 0)
      let end = (run.end - 1) >> self.pageShift + 1
      guard end > first, end - first <= Self.limit - count else { continue }
      spans.append(Span(first: first, end: end, bit: Int(count)))
      count += end - first
    }
    words = [UInt64](repeating: 0, count: Int(count / 64 + 1))
  }

  var pageCount: Int { spans.last.map { $0.bit + Int($0.end - $0.first) } ?? 0 }

  private mutating func bit(_ physical: UInt64) -> Int? {
    let page = physical >> pageShift
    if last < spans.count, page >= spans[last].first, page < spans[last].end {
      return spans[last].bit + Int(page - spans[last].first)
    }
    var low = 0
    var high = spans.count
    while low < high {
      let middle = (low + high) / 2
      if spans[middle].end <= page { low = middle + 1 } else { high = middle }
    }
    guard low < spans.count, spans[low].first <= page else { return nil }
    last = low
    return spans[low].bit + Int(page - spans[low].first)
  }

  /// Adds the page of an address: true where it is new, false where it is known, nil where the dump has no such page.
  mutating func insert(_ physical: UInt64) -> Bool? {
    guard let bit = bit(physical) else { return nil }
    let mask = UInt64(1) << UInt64(bit & 63)
    if words[bit >> 6] & mask != 0 { return false }
    words[bit >> 6] |= mask
    return true
  }

  mutating func contains(_ physical: UInt64) -> Bool {
    guard let bit = bit(physical) else { return false }
    return words[bit >> 6] >> UInt64(bit & 63) & 1 == 1
  }

  mutating func removeAll() { for index in words.indices { words[index] = 0 } }

  /// Ranges of addresses whose pages are not in the set, in order; half open.
  func absent() -> [Range<UInt64>] {
    var ranges: [Range<UInt64>] = []
    for span in spans {
      var start: UInt64?
      var page = span.first
      while page < span.end {
        let bit = span.bit + Int(page - span.first)
        // A whole word of one kind is the usual case.
        let word = words[bit >> 6]
        if bit & 63 == 0, span.end - page >= 64, word == 0 || word == .max {
          if word == 0 { start = start ?? page }
          if word == .max, let from = start {
            ranges.append(from << pageShift..<page << pageShift)
            start = nil
          }
          page += 64
          continue
        }
        if word >> UInt64(bit & 63) & 1 == 0 {
          start = start ?? page
        } else if let from = start {
          ranges.append(from << pageShift..<page << pageShift)
          start = nil
        }
        page += 1
      }
      if let from = start { ranges.append(from << pageShift..<span.end << pageShift) }
    }
    return ranges
  }
}
