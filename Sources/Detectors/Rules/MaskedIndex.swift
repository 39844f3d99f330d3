import Bytes
import Foundation

/// Says where tens of thousands of literals stand in a large object, in one pass.
///
/// Of each literal four bytes in a row are chosen that are rarely met in memory (`ByteRarity`), its atom. At each place of
/// the object the four bytes there are hashed and looked up in a bitmap that stays in the cache; where its bit is set the
/// atoms of that hash are compared, and where one is the same its literal. Letters of either case have the same hash, and an
/// atom of which some bits are not known is entered once for each value that it can have.
///
/// Hyperscan takes 0.85 s to compile the literals of 9,000 YARA rules and searches 0.3 GB/s and core with them; keeping what it
/// made between runs does away with the first only, and it knows no masks. For some hundred literals it is the better
/// (`RunIndex`), and for a few thousand in short texts (`LiteralIndex`).
final class MaskedIndex: PlaceIndex, @unchecked Sendable {
  let literals: [MaskedLiteral]

  /// A value of an atom, the literal's number, and where in the literal the atom stands.
  fileprivate struct Entry {
    var word: UInt32
    var literalAndOffset: UInt32

    static let offsetBits: UInt32 = 4
  }

  /// One bit for each hash: 256 KiB.
  fileprivate static let bitmapBits: UInt32 = 21
  private static let bucketBits: UInt32 = 17
  private let bitmap: UnsafeMutablePointer<UInt8>
  /// By the first bits of the hash, where its entries begin.
  private let starts: [UInt32]
  private let entries: [Entry]

  /// More entries than this, and the bitmap tells nothing.
  private static let maximumEntries = 1 << 20

  /// nil where there are too many literals, or one has no atom: the caller then does without.
  init?(_ literals: [MaskedLiteral]) {
    guard literals.count < 1 << (32 - Entry.offsetBits) else { return nil }
    self.literals = literals
    var made: [Entry] = []
    made.reserveCapacity(literals.count)
    for (number, literal) in literals.enumerated() {
      guard let atom = MaskedAtom(of: literal), made.count + atom.count <= Self.maximumEntries else { return nil }
      let place = UInt32(number) << Entry.offsetBits | UInt32(atom.offset)
      atom.forEachWord { made.append(Entry(word: $0, literalAndOffset: place)) }
    }
    let bitmap = UnsafeMutablePointer<UInt8>.allocate(capacity: 1 << (Int(Self.bitmapBits) - 3))
    bitmap.initialize(repeating: 0, count: 1 << (Int(Self.bitmapBits) - 3))
    // Sorted by counting.
    var starts = [UInt32](repeating: 0, count: 1 << Int(Self.bucketBits) + 1)
    for entry in made {
      let hash = Self.hash(entry.word)
      bitmap[Int(hash >> 3)] |= 1 << UInt8(hash & 7)
      starts[Self.bucket(hash) + 1] += 1
    }
    for bucket in 1..<starts.count { starts[bucket] += starts[bucket - 1] }
    var entries = made
    var next = starts
    for entry in made {
      let bucket = Self.bucket(Self.hash(entry.word))
      entries[Int(next[bucket])] = entry
      next[bucket] += 1
    }
    self.bitmap = bitmap
    self.starts = starts
    self.entries = entries
  }

  deinit { bitmap.deallocate() }

  @inline(__always)
  private static func hash(_ word: UInt32) -> UInt32 { (word &* 0x9E37_79B1) &>> (32 - bitmapBits) }
  @inline(__always)
  private static func bucket(_ hash: UInt32) -> Int { Int(hash >> (bitmapBits - bucketBits)) }

  /// Places are first collected and then compared, this many at a time, so that the first loop has no branches.
  private static let stretch = 4096

  /// Looks at atoms that begin in the range, which lies in the view.
  func search(_ view: ByteView, _ range: Range<Int>, _ found: inout LiteralPlaces) {
    guard let base = view.unsafeBytes.baseAddress else { return }
    let last = min(range.upperBound, view.count - 3)
    withUnsafeTemporaryAllocation(of: UInt16.self, capacity: Self.stretch) { buffer in
      guard let candidates = buffer.baseAddress else { return }
      entries.withUnsafeBufferPointer { entries in
        starts.withUnsafeBufferPointer { starts in
          literals.withUnsafeBufferPointer { literals in
            let table = Table(entries: entries, starts: starts, literals: literals, view: view)
            var place = range.lowerBound
            while place < last {
              let end = min(place + Self.stretch, last)
              let count = Self.collect(base + place, end - place, bitmap, candidates)
              for index in 0..<count {
                let here = place + Int(candidates[index])
                table.compare(Self.word(base + here), at: here, &found)
              }
              place = end
            }
            // At the very end a literal may be shorter than an atom.
            while place < range.upperBound {
              table.compare(view.littleEndianWord(at: place) | 0x2020_2020, at: place, &found)
              place += 1
            }
          }
        }
      }
    }
  }

  @inline(__always)
  private static func word(_ place: UnsafeRawPointer) -> UInt32 {
    UInt32(littleEndian: place.loadUnaligned(as: UInt32.self)) | 0x2020_2020
  }

  /// Places, as seen from the start, whose hash is in the bitmap.
  ///
  /// - Parameter count: no more than `stretch`; three more bytes are read.
  @inline(never)
  private static func collect(
    _ start: UnsafeRawPointer, _ count: Int, _ bitmap: UnsafeMutablePointer<UInt8>,
    _ places: UnsafeMutablePointer<UInt16>
  ) -> Int {
    var found = 0
    var place = 0
    while place < count {
      let hash = Self.hash(Self.word(start + place))
      places[found] = UInt16(truncatingIfNeeded: place)
      found &+= Int(bitmap[Int(truncatingIfNeeded: hash &>> 3)] &>> UInt8(truncatingIfNeeded: hash & 7) & 1)
      place &+= 1
    }
    return found
  }

  /// What comparing needs.
  private struct Table {
    let entries: UnsafeBufferPointer<Entry>
    let starts: UnsafeBufferPointer<UInt32>
    let literals: UnsafeBufferPointer<MaskedLiteral>
    let view: ByteView

    @inline(__always)
    func compare(_ word: UInt32, at place: Int, _ found: inout LiteralPlaces) {
      let bucket = MaskedIndex.bucket(MaskedIndex.hash(word))
      var index = Int(starts[bucket])
      let end = Int(starts[bucket + 1])
      while index < end {
        let entry = entries[index]
        if entry.word == word { compare(entry, at: place, &found) }
        index += 1
      }
    }

    private func compare(_ entry: Entry, at place: Int, _ found: inout LiteralPlaces) {
      let number = entry.literalAndOffset >> Entry.offsetBits
      let start = place - Int(entry.literalAndOffset & (1 << Entry.offsetBits - 1))
      let literal = literals[Int(number)]
      guard start >= 0, start + literal.count <= view.count else { return }
      if literal.stands(in: view, at: start) { found.add(number, end: start + literal.count) }
    }
  }
}

extension ByteView {
  /// Four bytes; those beyond the end are zero.
  fileprivate func littleEndianWord(at place: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(self[place + $1]) << UInt32($1 * 8) }
  }
}
