import Bytes
import CHyperscan
import Evidence
import Foundation

/// Says which of many literals occur in an object, and where, in one pass (0.3 GB/s and core for twenty thousand literals,
/// three times that for a thousand). Immutable; each thread takes a `Search` of its own.
final class LiteralIndex: @unchecked Sendable {
  struct Literal: Hashable, Sendable {
    var bytes: [UInt8]
    /// ASCII letters in either case.
    var isCaseless = false
  }

  /// Longer literals are cut: sixteen bytes decide nearly as well as all, at half the cost.
  static let maximumLength = 16

  let count: Int
  /// After the cut.
  let lengths: [Int]
  private let database: OpaquePointer

  /// nil where there is nothing to look for, or Hyperscan refuses; the caller then does without.
  ///
  /// - Parameters:
  ///   - tellsPlaces: every place is told, not only the first in each stretch.
  ///   - cache: where a compiled index is kept, because compiling twenty thousand literals takes a second.
  init?(_ literals: [Literal], tellsPlaces: Bool = false, cache: RuleCache? = nil) {
    guard !literals.isEmpty, literals.allSatisfy({ !$0.bytes.isEmpty }) else { return nil }
    let cut = literals.map { Array($0.bytes.prefix(Self.maximumLength)) }
    let single = tellsPlaces ? 0 : UInt32(HS_FLAG_SINGLEMATCH)
    let flags = literals.map { single | ($0.isCaseless ? UInt32(HS_FLAG_CASELESS) : 0) }
    let lengths = cut.map(\.count)
    self.lengths = lengths
    count = literals.count
    // One run of bytes holds them all; the pointers go into it.
    let joined = Array(cut.joined())
    let key = cache.map { _ in Self.key(joined, lengths, flags) }
    if let cache, let key, let stored = cache.read("literals", key), let database = Self.database(from: stored) {
      self.database = database
      return
    }
    guard let database = Self.compile(joined, lengths, flags) else { return nil }
    self.database = database
    if let cache, let key { cache.write("literals", key) { Self.serialized(database) } }
  }

  deinit { hs_free_database(database) }

  private static func key(_ joined: [UInt8], _ lengths: [Int], _ flags: [UInt32]) -> Digest {
    var material = Array(String(cString: hs_version()).utf8) + [0]
    material.reserveCapacity(joined.count + lengths.count * 2 + 64)
    for (length, flag) in zip(lengths, flags) {
      material.append(UInt8(truncatingIfNeeded: length))
      material.append(UInt8(truncatingIfNeeded: flag))
    }
    return Digest(of: material + joined)
  }

  private static func compile(_ joined: [UInt8], _ lengths: [Int], _ flags: [UInt32]) -> OpaquePointer? {
    let ids = (0..<UInt32(lengths.count)).map { $0 }
    var created: OpaquePointer?
    var failure: UnsafeMutablePointer<hs_compile_error_t>?
    let code = joined.withUnsafeBytes { buffer in
      var place = 0
      let pointers: [UnsafePointer<CChar>?] = lengths.map { length in
        defer { place += length }
        return buffer.baseAddress.map { ($0 + place).assumingMemoryBound(to: CChar.self) }
      }
      return hs_compile_lit_multi(
        pointers, flags, ids, lengths, UInt32(lengths.count), UInt32(HS_MODE_BLOCK), nil, &created, &failure)
    }
    if let failure { hs_free_compile_error(failure) }
    guard code == HS_SUCCESS, let created else { return nil }
    return created
  }

  /// nil for a database that another version or another kind of processor made.
  private static func database(from bytes: [UInt8]) -> OpaquePointer? {
    var made: OpaquePointer?
    let code = bytes.withUnsafeBytes { buffer in
      hs_deserialize_database(buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count, &made)
    }
    return code == HS_SUCCESS ? made : nil
  }

  private static func serialized(_ database: OpaquePointer) -> [UInt8]? {
    var bytes: UnsafeMutablePointer<CChar>?
    var length = 0
    guard hs_serialize_database(database, &bytes, &length) == HS_SUCCESS, let bytes else { return nil }
    defer { free(bytes) }
    return Array(UnsafeRawBufferPointer(start: bytes, count: length))
  }

  /// What one thread needs to search. Not to be used by two at a time.
  final class Search {
    let index: LiteralIndex
    private var scratch: OpaquePointer?

    init?(_ index: LiteralIndex) {
      self.index = index
      guard hs_alloc_scratch(index.database, &scratch) == HS_SUCCESS else { return nil }
    }

    deinit { hs_free_scratch(scratch) }

    /// Adds the numbers of the literals in a short text, each once where the index does not tell places; false where the
    /// search failed.
    func numbers(in text: ByteView, _ found: inout [UInt32]) -> Bool {
      withUnsafeMutablePointer(to: &found) { user in
        hs_scan(
          index.database, text.unsafeBytes.baseAddress?.assumingMemoryBound(to: CChar.self),
          UInt32(clamping: text.count), 0, scratch,
          { id, _, _, _, user in
            user?.assumingMemoryBound(to: [UInt32].self).pointee.append(id)
            return 0
          }, user) == HS_SUCCESS
      }
    }

    /// Windows small enough to stay in the cache between the test for zeros and the search.
    private static let windowSize = 256 << 10
    static let pageSize = 4096

    /// Looks for literals that end in a part of an object; false where the search failed.
    ///
    /// Literals may lie across windows: each window begins early by as much as the longest literal. Runs of zero pages
    /// are passed over, which is sound as long as no literal is made of zeros alone (half of a memory image is zeros).
    func look(in view: ByteView, _ range: Range<Int>, _ found: inout LiteralPlaces) -> Bool {
      var place = range.lowerBound
      while place < range.upperBound {
        while place < range.upperBound, Self.isZero(view.slice(place, place + Self.pageSize)) { place += Self.pageSize }
        if place >= range.upperBound { break }
        var end = place
        while end < range.upperBound, end - place < Self.windowSize,
          !Self.isZero(view.slice(end, end + Self.pageSize))
        { end += Self.pageSize }
        end = min(end, view.count)
        found.addFilled(place..<end)
        let start = max(place - LiteralIndex.maximumLength, 0)
        let window = view.slice(start, min(end + LiteralIndex.maximumLength, view.count))
        let base = window.unsafeBytes.baseAddress?.assumingMemoryBound(to: CChar.self)
        found.base = UInt64(start)
        let code = withUnsafeMutablePointer(to: &found) {
          hs_scan(index.database, base, UInt32(clamping: window.count), 0, scratch, noteLiteral, $0)
        }
        if code != HS_SUCCESS { return false }
        place = end
      }
      return true
    }

    private static func isZero(_ page: ByteView) -> Bool {
      guard let base = page.unsafeBytes.baseAddress, page[0] == 0 else { return false }
      return memcmp(base, base + 1, page.count - 1) == 0
    }
  }
}

/// Where literals stand in an object. Bounded: of a literal that stands everywhere only that is known.
struct LiteralPlaces: Sendable {
  struct Hit: Sendable {
    var literal: UInt32
    /// Just behind the literal.
    var end: UInt64
  }

  /// Further places of one literal are not kept.
  static let maximumHits = 1 << 14
  /// Of all literals together (64 MiB).
  static let maximumAll = 4 << 20

  fileprivate(set) var hits: [Hit] = []
  /// How often each literal was seen.
  fileprivate(set) var counts: [UInt32]
  /// The parts that are not zero pages, in order, joined where they touch.
  private(set) var filled: [Range<Int>] = []
  fileprivate var base: UInt64 = 0
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

  fileprivate mutating func add(_ literal: UInt32, _ end: UInt64) {
    guard counts[Int(literal)] <= UInt32(Self.maximumHits) else { return }
    counts[Int(literal)] += 1
    if hits.count >= Self.maximumAll {
      isFull = true
    } else {
      hits.append(Hit(literal: literal, end: base &+ end))
    }
  }

  /// Takes in what was found in a later part of the object.
  mutating func append(_ other: LiteralPlaces) {
    for index in counts.indices where index < other.counts.count {
      // Neither count exceeds the number of places kept by more than one.
      counts[index] += other.counts[index]
    }
    hits += other.hits
    isFull = isFull || other.isFull
    for range in other.filled { addFilled(range) }
  }
}

private func noteLiteral(
  id: UInt32, from: UInt64, to: UInt64, flags: UInt32, user: UnsafeMutableRawPointer?
) -> Int32 {
  guard let user else { return 0 }
  user.assumingMemoryBound(to: LiteralPlaces.self).pointee.add(id, to)
  return 0
}
