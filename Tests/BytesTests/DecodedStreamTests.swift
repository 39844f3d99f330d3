import Bytes
import Foundation
import TestSupport
import Testing

struct DecodedStreamTests {
  private func all(_ stream: any ByteStream, by size: Int = 1 << 16) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: size)
    var out: [UInt8] = []
    while true {
      var count = 0
      try bytes.withUnsafeMutableBytes { count = try stream.read(into: $0) }
      if count == 0 { return out }
      out += bytes.prefix(count)
    }
  }

  /// Packs by the system's own tool, so that reader and writer are not the same code.
  private func packed(_ tool: String, _ text: String) throws -> [UInt8] {
    let folder = try TemporaryFolder()
    let file = try folder.write("f", text)
    let result = try runProgram("/bin/sh", ["-c", "\(tool) -c < '\(file)' > '\(file).out'"])
    try #require(result.status == 0)
    return [UInt8](FileManager.default.contents(atPath: file + ".out") ?? Data())
  }

  @Test(arguments: ["gzip", "xz", "bzip2", "zstd -q"])
  func undoesCompression(_ tool: String) throws {
    let text = String(repeating: "line of a log\n", count: 5000)
    let stream = try DecodedStream(MemoryStream(packed(tool, text)))
    #expect(String(decoding: try all(stream), as: UTF8.self) == text)
    #expect(stream.encodings.count == 1 && stream.damage == nil)
  }

  /// Frames of `lz4 -c`, whose tool few systems have; its magic alone is damage.
  @Test func undoesLZ4() throws {
    let digits = "04224d186440a718000000ef6c696e65206f662061206c6f670a0e000450206c6f670a0000000000028537"
    let frame = stride(from: 0, to: digits.utf8.count, by: 2).compactMap {
      UInt8(digits.dropFirst($0).prefix(2), radix: 16)
    }
    let stream = try DecodedStream(MemoryStream(frame + frame))
    #expect(String(decoding: try all(stream), as: UTF8.self) == String(repeating: "line of a log\n", count: 6))
    #expect(stream.encodings == ["lz4"] && stream.damage == nil)
    let cut = try DecodedStream(MemoryStream(Array(frame.prefix(12))))
    #expect(try all(cut).isEmpty && cut.damage != nil)
  }

  @Test func concatenatedMembersAreOneStream() throws {
    let stream = try DecodedStream(MemoryStream(packed("gzip", "one\n") + packed("gzip", "two\n")))
    #expect(String(decoding: try all(stream), as: UTF8.self) == "one\ntwo\n")
  }

  /// Every byte that the cut stream still holds is given: not only whole blocks of some decoder's own.
  @Test(arguments: ["gzip", "zstd -q"], [200, 3000, 40_000])
  func aStreamCutInTheMiddleGivesItsBeginningAndSaysSo(_ tool: String, _ kept: Int) throws {
    let text = (0..<20000).map { "line \($0 &* 2_654_435_761)\n" }.joined()
    let whole = try packed(tool == "gzip" ? tool : "zstd -q --no-check", text)
    let stream = try DecodedStream(MemoryStream(Array(whole.prefix(kept))))
    let found = try all(stream)
    #expect(text.utf8.starts(with: found))
    #expect(found.count < text.utf8.count)
    if tool == "gzip" { #expect(found.count > kept) }
    #expect(stream.damage?.contains("truncated") == true)
    #expect(stream.encodings == [tool == "gzip" ? "gzip" : "zstd"])
  }

  @Test func aFlippedBitIsDamageAndWhatStoodBeforeIsKept() throws {
    var whole = try packed("gzip", (0..<20000).map { "line \($0 &* 2_654_435_761)\n" }.joined())
    whole[whole.count / 2] ^= 0x10
    let stream = try DecodedStream(MemoryStream(whole))
    #expect(try all(stream).count > 1000)
    #expect(stream.damage?.contains("gzip") == true)
  }

  /// A library that is asked for a megabyte does not own up to what it had decoded before it met the damage.
  @Test(arguments: ["zstd -q --no-check", "xz", "bzip2"])
  func damageInTheMiddleLeavesWhatStoodBefore(_ tool: String) throws {
    let text = (0..<200_000).map { "line \($0 &* 2_654_435_761)\n" }.joined()
    var whole = try packed(tool, text)
    for place in 0..<32 { whole[whole.count * 3 / 4 + place] ^= 0x5A }
    for size in [1 << 12, 1 << 20] {
      let stream = try DecodedStream(MemoryStream(whole))
      let found = try all(stream, by: size)
      #expect(found.count > text.utf8.count / 3, "\(tool) by \(size)")
      #expect(stream.damage != nil)
      #expect(text.utf8.prefix(found.count / 2).elementsEqual(found.prefix(found.count / 2)))
    }
  }

  @Test(arguments: [1, 7, 1000, 1 << 14, 1 << 17])
  func zstdIsTheSameWhateverIsReadAtOnce(_ size: Int) throws {
    let text = (0..<30000).map { "line \($0 &* 2_654_435_761)\n" }.joined()
    let frame = try packed("zstd -q", text)
    let stream = try DecodedStream(MemoryStream(frame + frame))
    #expect(String(decoding: try all(stream, by: size), as: UTF8.self) == text + text)
    #expect(stream.damage == nil)
  }

  @Test(arguments: [1, 7, 1000, 1 << 17])
  func gzipIsTheSameWhateverIsReadAtOnce(_ size: Int) throws {
    let text = (0..<3000).map { "line \($0 &* 2_654_435_761)\n" }.joined()
    let member = try packed("gzip", text)
    // Zeros behind a member are padding; other bytes are damage, after all that was good.
    let padded = try DecodedStream(MemoryStream(member + [0, 0, 0] + member + [0]))
    #expect(String(decoding: try all(padded, by: size), as: UTF8.self) == text + text)
    #expect(padded.damage == nil)
    let trailed = try DecodedStream(MemoryStream(member + Array("no member of gzip".utf8)))
    #expect(String(decoding: try all(trailed, by: size), as: UTF8.self) == text)
    #expect(trailed.damage?.contains("header") == true)
    // So are too few bytes for a header.
    let short = try DecodedStream(MemoryStream(member + Array("junk".utf8)))
    #expect(String(decoding: try all(short, by: size), as: UTF8.self) == text)
    #expect(short.damage?.contains("header") == true)
    var lying = member
    lying[lying.count - 6] ^= 1
    let wrong = try DecodedStream(MemoryStream(lying))
    #expect(String(decoding: try all(wrong, by: size), as: UTF8.self) == text)
    #expect(wrong.damage?.contains("checksum") == true)
    // Cut in the trailer: all of the text is there, and it is said that its end is not.
    let cut = try DecodedStream(MemoryStream(Array(member.dropLast(3))))
    #expect(String(decoding: try all(cut, by: size), as: UTF8.self) == text)
    #expect(cut.damage?.contains("truncated") == true)
    var broken = member
    broken[broken.count / 2] ^= 0x10
    let begun = try all(DecodedStream(MemoryStream(broken)), by: size)
    #expect(begun == (try all(DecodedStream(MemoryStream(broken)))))
  }

  /// Two bytes, then a copy of what lies before the beginning: the decoder counts it as made.
  @Test func whatADamagedMemberRefersToIsNeverShown() throws {
    let bytes: [UInt8] = [
      0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0x63, 0x60, 0xA0, 0x2F, 0xD6, 0x9F, 0xE0, 0x49, 0xDA, 0x54,
    ]
    let stream = try DecodedStream(MemoryStream(bytes + [UInt8](repeating: 0x55, count: 300)))
    let found = try all(stream)
    #expect([0, 0].starts(with: found))
    #expect(stream.damage?.contains("distance") == true)
  }

  @Test func compressionInsideCompressionIsUndone() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("f", "twice")
    let made = try runProgram("/bin/sh", ["-c", "gzip -c < '\(file)' | zstd -q -c > '\(file).out'"])
    #expect(made.status == 0)
    let stream = try DecodedStream(FileStream(path: file + ".out"))
    #expect(String(decoding: try all(stream), as: UTF8.self) == "twice")
    #expect(stream.encodings == ["zstd", "gzip"])
  }

  @Test(arguments: [8, 9])
  func compressionWithoutEndIsGivenUpAndSaidSo(_ times: Int) throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("f", "deep")
    let pipe = Array(repeating: "gzip -c", count: times).joined(separator: " | ")
    let made = try runProgram(
      "/bin/sh",
      ["-c", "\(pipe.replacing("gzip -c |", with: "gzip -c < '\(file)' |", maxReplacements: 1)) > '\(file).out'"])
    #expect(made.status == 0)
    let stream = try DecodedStream(FileStream(path: file + ".out"))
    let bytes = try all(stream)
    #expect(stream.encodings.count == 8)
    if times == 8 {
      #expect(bytes == Array("deep".utf8) && stream.damage == nil)
    } else {
      #expect(bytes.starts(with: [0x1F, 0x8B]) && stream.damage?.hasPrefix("compressed more than 8 times") == true)
    }
  }

  @Test func plainBytesPassAsTheyAre() throws {
    let stream = try DecodedStream(MemoryStream(Array("plain".utf8)))
    #expect(try all(stream) == Array("plain".utf8))
    #expect(stream.encodings.isEmpty)
    #expect(try all(DecodedStream(MemoryStream([]))).isEmpty)
  }
}
