import Bytes
import CHyperscan
import Synchronization

/// Says where some hundred literals stand: Hyperscan looks for the longest run of bytes of each that are known but for their
/// case, and where one stands the whole literal is compared. Several times as fast as `MaskedIndex` with few literals.
final class RunIndex: PlaceIndex, @unchecked Sendable {
  fileprivate struct Run {
    var literal: MaskedLiteral
    /// Where the run begins in the literal.
    var offset: Int
    var count: Int
  }

  fileprivate let runs: [Run]
  private let longest: Int
  private let database: OpaquePointer
  /// What one search needs; as many as threads search at once.
  private let scratches = Mutex<[Scratch]>([])

  private struct Scratch: @unchecked Sendable { var pointer: OpaquePointer }

  /// With more, Hyperscan takes longer to be made and is no quicker.
  private static let maximumLiterals = 512
  private static let leastKnown = 2

  /// nil where there are too many literals, one has no run that can be looked for, or Hyperscan refuses.
  init?(_ literals: [MaskedLiteral]) {
    guard !literals.isEmpty, literals.count <= Self.maximumLiterals else { return nil }
    var runs: [Run] = []
    var sought: [LiteralIndex.Literal] = []
    for literal in literals {
      let bytes = literal.bytes
      let run = Self.longestRun(bytes)
      // Zeros are passed over.
      guard run.count >= Self.leastKnown, bytes[run].prefix(4).contains(where: { $0.value != 0 }) else { return nil }
      runs.append(Run(literal: literal, offset: run.lowerBound, count: run.count))
      sought.append(
        LiteralIndex.Literal(bytes: bytes[run].map(\.value), isCaseless: bytes[run].contains { $0.mask != 0xFF }))
    }
    guard let database = LiteralIndex.compile(sought) else { return nil }
    self.runs = runs
    self.database = database
    longest = runs.map(\.count).max() ?? 0
  }

  deinit {
    scratches.withLock { for one in $0 { hs_free_scratch(one.pointer) } }
    hs_free_database(database)
  }

  private static func longestRun(_ bytes: [MaskedByte]) -> Range<Int> {
    var best = 0..<0
    var start = 0
    for place in 0...bytes.count {
      if place < bytes.count, bytes[place].isKnownButForCase { continue }
      if place - start > best.count { best = start..<place }
      start = place + 1
    }
    return best
  }

  private func takeScratch() -> Scratch? {
    if let known = scratches.withLock({ $0.popLast() }) { return known }
    var made: OpaquePointer?
    guard hs_alloc_scratch(database, &made) == HS_SUCCESS, let made else { return nil }
    return Scratch(pointer: made)
  }

  fileprivate struct Walk {
    let index: RunIndex
    let view: ByteView
    /// Of what is handed to Hyperscan.
    let start: Int
    /// Runs that begin here or later belong to the next range.
    let end: Int
    var found: LiteralPlaces
  }

  func search(_ view: ByteView, _ range: Range<Int>, _ found: inout LiteralPlaces) {
    guard !range.isEmpty, let base = view.unsafeBytes.baseAddress else { return }
    // A part of more than 4 GiB is never asked for.
    let end = min(range.upperBound + longest - 1, view.count)
    var walk = Walk(
      index: self, view: view, start: range.lowerBound, end: range.upperBound, found: LiteralPlaces(count: 0))
    swap(&walk.found, &found)
    defer { swap(&walk.found, &found) }
    guard let scratch = takeScratch() else { return walk.found.giveUp() }
    defer { scratches.withLock { $0.append(scratch) } }
    let code = withUnsafeMutablePointer(to: &walk) { user in
      hs_scan(
        database, (base + range.lowerBound).assumingMemoryBound(to: CChar.self),
        UInt32(clamping: end - range.lowerBound),
        0, scratch.pointer,
        { number, _, end, _, user in
          user?.assumingMemoryBound(to: Walk.self).pointee.note(Int(number), Int(end))
          return 0
        }, user)
    }
    if code != HS_SUCCESS { walk.found.giveUp() }
  }
}

extension RunIndex.Walk {
  fileprivate mutating func note(_ number: Int, _ end: Int) {
    let run = index.runs[number]
    let begin = start + end - run.count
    let place = begin - run.offset
    guard begin < self.end, place >= 0, place + run.literal.count <= view.count,
      run.literal.stands(in: view, at: place)
    else { return }
    found.add(UInt32(number), end: place + run.literal.count)
  }
}
