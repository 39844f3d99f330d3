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

  @Test(arguments: [1, 7, 64, 1000, 5000])
  func aHoleInALineThatIsTooLongIsAPieceOfItsOwn(_ pieces: Int) throws {
    let zeros = String(repeating: "\0", count: 1000)
    let some = String(repeating: "\0", count: 70)
    let text = "one\ncut" + zeros + "next\n" + zeros + zeros + "last\n\0\0end" + some + "a" + zeros
    let reader = LineReader(PiecewiseStream(text, pieces: pieces), limit: 300)
    var found: [String] = []
    while let line = try reader.next() {
      let shown = line.bytes[0] == 0 && line.bytes[2] == 0 ? "NUL" : line.bytes.string.replacing("\0", with: "0")
      found.append("\(line.number) \(line.offset)+\(line.byteCount) \(shown)")
    }
    #expect(
      found == [
        "1 0+3 one", "2 4+3 cut", "2 7+1000 NUL", "2 1007+4 next", "3 1012+2000 NUL", "3 3012+4 last", "4 3017+5 00end",
        "4 3022+70 NUL", "4 3092+1 a", "4 3093+1000 NUL",
      ])
    #expect(reader.offset == UInt64(text.utf8.count))
  }

  /// Many runs in one line take no longer than one.
  @Test func manyHolesInOneLine() throws {
    let text = String(repeating: String(repeating: "\0", count: 64) + "ab", count: 60_000)
    let reader = LineReader(PiecewiseStream(text, pieces: 1 << 20), limit: 1 << 20)
    var count: UInt64 = 0
    while let line = try reader.next() { count += line.byteCount }
    #expect(count == UInt64(text.utf8.count))
  }

  @Test func frontsWithoutHoles() throws {
    func front(_ text: String, _ count: Int = 1000, within bound: UInt64 = 1 << 20) throws -> (String, Bool) {
      let (bytes, isWhole) = try PiecewiseStream(text, pieces: 77).readFront(count, pastHolesWithin: bound)
      return (String(decoding: bytes, as: UTF8.self).replacing("\0", with: "0"), isWhole)
    }
    let zeros = String(repeating: "\0", count: 300_000)
    #expect(try front(zeros + "a\0b" + zeros) == ("a0b", true))
    #expect(try front("a\n" + zeros + "b") == ("a\n" + String(repeating: "0", count: 64) + "b", true))
    #expect(try front(zeros + "abc", 2) == ("ab", false))
    #expect(try front(zeros + zeros + "abc", within: 1 << 18).0.isEmpty)
    #expect(try front(zeros) == ("", true) && front("") == ("", true))
    let run = String(repeating: "\0", count: 64)
    #expect("a\(run)".withView { NULRun.isFirst(in: $0) } && !"a\0b\(run)".withView { NULRun.isFirst(in: $0) })
  }
}
