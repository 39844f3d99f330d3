/// Says of every byte of a file what it was: header, memory, or passed over and why.
struct FileAccounts {
  enum Kind { case header, payload, skipped(String) }

  struct Closed {
    var header: UInt64 = 0
    var payload: UInt64 = 0
    var skipped: [ImageReport.Skipped] = []
  }

  private var entries: [(start: UInt64, end: UInt64, kind: Kind)] = []

  mutating func add(_ kind: Kind, from start: UInt64, to end: UInt64) {
    guard start < end else { return }
    entries.append((start, end, kind))
  }

  mutating func add(_ kind: Kind, from start: UInt64, count: UInt64) {
    let (end, over) = start.addingReportingOverflow(count)
    add(kind, from: start, to: over ? .max : end)
  }

  func forEach(_ body: (_ kind: Kind, _ start: UInt64, _ end: UInt64) -> Void) {
    for entry in entries { body(entry.kind, entry.start, entry.end) }
  }

  /// Settles the account. A byte claimed twice counts for the claim that begins first (of two that begin alike: the one
  /// made first); one that nobody claimed is skipped for the reason given.
  func close(byteCount: UInt64, unclaimed reason: String) -> Closed {
    var closed = Closed()
    var place: UInt64 = 0
    func skip(_ start: UInt64, _ end: UInt64, _ reason: String) {
      if let last = closed.skipped.last, last.end == start, last.reason == reason {
        closed.skipped[closed.skipped.count - 1].end = end
      } else {
        closed.skipped.append(ImageReport.Skipped(start: start, end: end, reason: reason))
      }
    }
    let order = entries.indices.sorted { (entries[$0].start, $0) < (entries[$1].start, $1) }
    for entry in order.lazy.map({ entries[$0] }) {
      let end = min(entry.end, byteCount)
      let start = max(entry.start, place)
      guard start < end else { continue }
      if start > place { skip(place, start, reason) }
      switch entry.kind {
      case .header: closed.header += end - start
      case .payload: closed.payload += end - start
      case .skipped(let why): skip(start, end, why)
      }
      place = end
    }
    if place < byteCount { skip(place, byteCount, reason) }
    return closed
  }
}
