import Testing

@testable import MemoryParse

struct PieceBuilderTests {
  private func pieces(
    _ pages: [(UInt64, Bool)], pieceSize: Int = 1 << 20, overlap: Int = 16
  ) -> [MemoryPiece] {
    var builder = PieceBuilder(pageSize: 4096, pieceSize: pieceSize, overlap: overlap)
    for (page, isNew) in pages { builder.page(at: page << 12, isNew: isNew) }
    return builder.finish()
  }

  @Test func pagesThatFollowEachOtherAreOnePiece() {
    #expect(
      pieces([(1, true), (2, true), (7, true)]) == [
        MemoryPiece(address: 1 << 12, byteCount: 8192, own: 0..<8192),
        MemoryPiece(address: 7 << 12, byteCount: 4096, own: 0..<4096),
      ])
  }

  @Test func knownPagesComeAlongOnlyWhereTheyTouchNewOnes() {
    #expect(pieces([(1, false), (2, false)]).isEmpty)
    #expect(
      pieces([(1, false), (2, false), (3, true), (4, false), (5, false), (6, false), (7, true)]) == [
        MemoryPiece(address: 2 << 12, byteCount: 3 << 12, own: 1 << 12..<2 << 12),
        MemoryPiece(address: 6 << 12, byteCount: 2 << 12, own: 1 << 12..<2 << 12),
      ])
  }

  @Test func fewKnownPagesBetweenNewOnesDoNotCutThem() {
    #expect(
      pieces([(1, true), (2, false), (3, false), (4, true)]) == [
        MemoryPiece(address: 1 << 12, byteCount: 4 << 12, own: 0..<4 << 12)
      ])
  }

  @Test func aLongStretchIsCutWithAnOverlap() {
    let cut = pieces([(1, true), (2, true), (3, true)], pieceSize: 8192, overlap: 16)
    #expect(
      cut == [
        MemoryPiece(address: 1 << 12, byteCount: 8192 + 16, own: 0..<8192),
        MemoryPiece(address: 3 << 12, byteCount: 4096, own: 0..<4096),
      ])
  }

  @Test func aHitBelongsToThePieceInWhichItBegins() {
    let piece = MemoryPiece(address: 0, byteCount: 300, own: 100..<200)
    #expect(piece.tells(100..<110) && piece.tells(199..<260))
    #expect(piece.tells(90..<101))
    #expect(!piece.tells(90..<100) && !piece.tells(200..<210))
  }

  @Test func aStretchOfBytesNeedsNoPages() {
    var builder = PieceBuilder(pageSize: 4096, pieceSize: 4096, overlap: 8)
    builder.stretch(from: 5, to: 4096 + 9)
    builder.stretch(from: 9000, to: 9000)
    builder.stretch(from: 9000, to: 9001)
    #expect(
      builder.finish() == [
        MemoryPiece(address: 5, byteCount: 4096 + 8, own: 0..<4096),
        MemoryPiece(address: 4101, byteCount: 4, own: 0..<4),
        MemoryPiece(address: 9000, byteCount: 1, own: 0..<1),
      ])
  }
}
