import Bytes

/// Headers of a LiME stream found by their looks, for the way on after damage.
///
/// Memory can itself hold LiME headers (the page cache of a dump being written), so a header is worth most when it is
/// proven: its range ends at the next header or at the end of the file.
struct LiMERecovery {
  private struct Candidate {
    var offset: UInt64
    var start: UInt64
    var proven: Bool
  }

  /// More than this many look-alikes are not kept, and more searches than this are not made: both only in a file made to
  /// cost time.
  private static let maximumCandidates = 1 << 16
  private static let maximumSearches = 1 << 12
  /// Nor are more than this many places looked at.
  private static let maximumPlaces = 1 << 22

  private var candidates: [Candidate] = []
  private var searches = 0

  /// One pass over the stream from a place on.
  init(_ source: any RandomAccess, from place: UInt64) {
    var found: [Candidate] = []
    var places = 0
    let magicAndVersion: [UInt8] = [0x45, 0x4D, 0x69, 0x4C, 1, 0, 0, 0]
    source.forEachPlace(of: magicAndVersion, from: place) { offset in
      places += 1
      guard places <= Self.maximumPlaces else { return false }
      let bytes = source.bytes(at: offset, count: 32)
      guard let header = bytes.withView({ LiMELayout.Header($0) }), header.start & 0xFFF == 0,
        bytes.withView({ $0.u64(24) }) == 0
      else { return true }
      let end = offset + LiMELayout.headerByteCount + header.byteCount
      let proven = end == source.byteCount || (end < source.byteCount && LiMELayout.header(in: source, at: end) != nil)
      found.append(Candidate(offset: offset, start: header.start, proven: proven))
      return found.count < Self.maximumCandidates
    }
    candidates = found
  }

  /// The next proven header at or after `offset` for addresses above `address` (writers go upwards). Where there is none:
  /// the next that looks like one and is for addresses from `end` on, where such a guess is asked for.
  mutating func next(after offset: UInt64, above address: UInt64, guessFrom end: UInt64?) -> UInt64? {
    searches += 1
    guard searches <= Self.maximumSearches else { return nil }
    var guess: UInt64?
    for candidate in candidates where candidate.offset >= offset && candidate.start > address {
      if candidate.proven { return candidate.offset }
      if let end, guess == nil, candidate.start >= end { guess = candidate.offset }
    }
    return guess
  }
}
