/// A stretch of one address space whose pages follow each other there, wherever they lie in physical memory.
public struct MemoryPiece: Hashable, Sendable {
  /// Of the first byte: virtual, an offset in a file, or physical, as the space has it.
  public var address: UInt64
  public var byteCount: Int
  /// The bytes that no piece before has had, from the first to the last. What lies around them is there for what begins
  /// or ends in them.
  public var own: Range<Int>

  /// Whether what stands at a place of the piece is this piece's to tell: it begins in its own bytes, or begins before
  /// them and reaches into them.
  public func tells(_ range: Range<Int>) -> Bool {
    range.lowerBound < own.upperBound && (range.lowerBound >= own.lowerBound || range.upperBound > own.lowerBound)
  }
}

/// Makes pieces out of the pages of one address space, which come in order of address.
///
/// A page that another space has had already is no piece of its own. Next to a new page, and where no more than two of them
/// lie between new ones, it comes along, so that a text over the border is whole.
struct PieceBuilder {
  let pageSize: UInt64
  /// Own bytes of a piece.
  let pieceSize: UInt64
  /// Bytes that follow them, where a piece ends only because it is full.
  let overlap: UInt64
  private(set) var pieces: [MemoryPiece] = []

  private var next: UInt64?
  private var knownBefore = false
  private var start: UInt64 = 0
  private var ownStart: UInt64?
  private var ownEnd: UInt64 = 0
  private static let bridge: UInt64 = 2

  init(pageSize: UInt64, pieceSize: Int, overlap: Int) {
    self.pageSize = pageSize
    self.pieceSize = max(UInt64(max(pieceSize, 0)) / pageSize * pageSize, pageSize)
    self.overlap = UInt64(max(overlap, 0))
  }

  mutating func page(at address: UInt64, isNew: Bool) {
    if address != next {
      close()
      knownBefore = false
    }
    next = address &+ pageSize
    if isNew {
      if ownStart == nil {
        ownStart = address
        start = knownBefore ? address &- pageSize : address
      }
      ownEnd = address &+ pageSize
    } else if ownStart != nil, address &- ownEnd >= Self.bridge * pageSize {
      close()
    }
    knownBefore = !isNew
  }

  /// New bytes that need not begin or end with a page.
  mutating func stretch(from first: UInt64, to end: UInt64) {
    close()
    guard end > first else { return }
    (start, ownStart, ownEnd, next) = (first, first, end, end)
  }

  /// Ends the stretch that is open.
  private mutating func close() {
    guard let ownStart, let next, ownEnd > ownStart else { return }
    self.ownStart = nil
    let end = min(next, ownEnd &+ pageSize)
    var place = ownStart
    while place < ownEnd {
      let stop = ownEnd - place > pieceSize ? place + pieceSize : ownEnd
      let first = place == ownStart ? start : place
      let last = stop == ownEnd ? end : min(ownEnd, stop &+ overlap)
      pieces.append(
        MemoryPiece(
          address: first, byteCount: Int(last - first), own: Int(place - first)..<Int(stop - first)))
      place = stop
    }
  }

  mutating func finish() -> [MemoryPiece] {
    close()
    next = nil
    return pieces
  }
}
