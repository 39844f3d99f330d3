import Bytes
import Testing

/// Hands bytes out in pieces of one size, so that lines lie across reads.
final class PiecewiseStream: ByteStream {
  private let stream: MemoryStream
  private let size: Int

  init(_ text: String, pieces size: Int) {
    stream = MemoryStream(Array(text.utf8))
    self.size = size
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(BytesError) -> Int {
    try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(size, buffer.count)]))
  }
}

struct LineReaderTests {
  private func lines(_ text: String, limit: Int = 1 << 20, pieces: Int = 3) throws -> [(String, UInt64, UInt64)] {
    let reader = LineReader(PiecewiseStream(text, pieces: pieces), limit: limit)
    var all: [(String, UInt64, UInt64)] = []
    while let line = try reader.next() { all.append((line.bytes.string, line.offset, line.byteCount)) }
    return all
  }

  @Test(arguments: [1, 2, 3, 7, 1000])
  func linesAreTheSameWhateverTheReads(_ pieces: Int) throws {
    let found = try lines("one\ntwo\r\n\nlast", pieces: pieces)
    #expect(found.map(\.0) == ["one", "two", "", "last"])
    #expect(found.map(\.1) == [0, 4, 9, 10])
  }

  @Test func aByteOrderMarkBelongsToNoLine() throws {
    let found = try lines("\u{FEFF}a\nb\n")
    #expect(found.map(\.0) == ["a", "b"])
    #expect(found[0].1 == 3)
  }

  @Test(arguments: [1, 5, 64, 4096])
  func aLineThatIsTooLongIsCutOnceAndTheNextIsWhole(_ pieces: Int) throws {
    let long = String(repeating: "x", count: 1000)
    let found = try lines("a\n\(long)\nb\n", limit: 16, pieces: pieces)
    #expect(found.map(\.0) == ["a", String(repeating: "x", count: 16), "b"])
    #expect(found[1].1 == 2 && found[1].2 == 1000)
    #expect(found[2].1 == 1003)
  }

  @Test func aLongLastLineWithoutItsEndIsCutToo() throws {
    let found = try lines(String(repeating: "y", count: 100), limit: 16)
    #expect(found.count == 1 && found[0].2 == 100)
  }
}
