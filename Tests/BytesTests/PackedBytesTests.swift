import Bytes
import Testing

struct PackedBytesTests {
  private func unpacked(_ bytes: [UInt8]) throws -> ([UInt8], [String]) {
    let stream = try DecodedStream(MemoryStream(bytes))
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while case let count = try buffer.withUnsafeMutableBytes({ try stream.read(into: $0) }), count > 0 {
      all += buffer[0..<count]
    }
    return (all, stream.encodings)
  }

  @Test(arguments: [("a.json.xz", "xz"), ("a.json.gz", "gzip")]) func packsAsTheNameSays(
    _ name: String, _ encoding: String
  ) throws {
    for bytes in [[], Array("abc".utf8), (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }] {
      let (found, encodings) = try unpacked(PackedBytes.packed(bytes, forFileNamed: name))
      #expect(found == bytes)
      #expect(encodings == [encoding])
    }
  }

  @Test func leavesOtherFilesAsTheyAre() throws {
    #expect(try PackedBytes.packed([1, 2], forFileNamed: "a.json") == [1, 2])
  }
}
