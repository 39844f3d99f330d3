import Bytes
import Foundation
import TestSupport
import Testing

struct ArchiveReaderTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func reader(_ bytes: [UInt8]) throws -> ArchiveReader {
    try ArchiveReader(MappedFile(path: try folder.write("archive", bytes)))
  }

  /// Small odd reads, so that nothing depends on how they fall.
  private func content(_ reader: ArchiveReader) throws -> [UInt8] {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 7001, alignment: 16)
    defer { buffer.deallocate() }
    var all: [UInt8] = []
    while true {
      let count = try reader.read(into: buffer)
      if count == 0 { return all }
      all += buffer[..<count]
    }
  }

  @Test(arguments: [600, 3000, 20_000, 99_999])
  func everyByteOfACutMemberIsGiven(count: Int) throws {
    let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let tar = ArchiveBytes.tar([.init("m", bytes)])
    for packed in [Array(tar.prefix(512 + count)), ArchiveBytes.zstd(Array(tar.prefix(512 + count)))] {
      let reader = try reader(packed)
      #expect(reader.next()?.path == "m")
      #expect(try content(reader) == Array(bytes.prefix(count)))
      #expect(reader.damage != nil)
      #expect(reader.next() == nil && reader.ending != nil)
    }
  }

  @Test func aCutStreamGivesWhatItHolds() throws {
    let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let packed = ArchiveBytes.zstd(ArchiveBytes.tar([.init("m", bytes)]))
    let reader = try reader(Array(packed.prefix(200_000)))
    #expect(reader.next()?.path == "m")
    let found = try content(reader)
    #expect(found.count > 190_000 && found == Array(bytes.prefix(found.count)))
    #expect(reader.damage == "the zstd stream is truncated" && reader.ending == "the zstd stream is truncated")
  }

  @Test func damageIsTheMembersOwn() throws {
    var zip = ArchiveBytes.zip([.init("a", "damaged"), .init("b", "whole")])
    let place = try #require(zip.withView { $0.firstIndex(of: ByteView("damaged")) })
    zip[place] ^= 1
    let reader = try reader(zip)
    #expect(reader.next()?.path == "a")
    _ = try content(reader)
    #expect(reader.damage != nil)
    #expect(reader.next()?.path == "b")
    #expect(try content(reader) == Array("whole".utf8))
    #expect(reader.damage == nil)
    #expect(reader.next() == nil && reader.ending == nil)
  }

  @Test func namesOfEveryLanguageAreRead() throws {
    #expect(try reader(ArchiveBytes.zip([.init("한글/로그.gz", "x")])).next()?.path == "한글/로그.gz")
    #expect(try reader(ArchiveBytes.tar([.init("한글/로그.gz", "x")])).next()?.path == "한글/로그.gz")
    // As GNU tar and Python write long names: in an extended header.
    let record = "path=한글.log\n"
    let pax = "\(record.utf8.count + 3) \(record)"
    let tar = ArchiveBytes.tar([.init("PaxHeader", Array(pax.utf8), type: "x"), .init("short", "x")])
    #expect(try reader(tar).next()?.path == "한글.log")
  }

  @Test func holesAreZerosAlsoAtTheEnd() throws {
    let result = try runProgram(
      "/bin/bash",
      ["-c", "printf start > s; truncate -s 100000 s; printf middle >> s; truncate -s 300000 s; tar -Scf s.tar s"],
      in: folder.path)
    #expect(result.status == 0, "\(result.errors)")
    let reader = try ArchiveReader(MappedFile(path: folder.path + "/s.tar"))
    #expect(reader.next()?.byteCount == 300_000)
    let expected = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder.path + "/s")))
    #expect(try content(reader) == expected)
    #expect(reader.damage == nil)
  }

  @Test(arguments: [[], [0], [UInt8](repeating: 0, count: 5000), Array("PK\u{3}\u{4}".utf8), Array("ustar".utf8)])
  func whatIsNoArchiveHasNoMembers(bytes: [UInt8]) throws {
    let reader = try reader(bytes)
    #expect(reader.next() == nil)
    #expect(try content(reader).isEmpty)
  }

  @Test func aDamagedHeaderIsTold() throws {
    var tar = ArchiveBytes.tar([.init("a", "one"), .init("b", "two"), .init("c", "three")])
    // The checksum of b's header.
    tar[1024 + 148] ^= 1
    let reader = try reader(tar)
    #expect(reader.next()?.path == "a" && reader.lost == nil)
    #expect(reader.next()?.path == "c")
    #expect(try content(reader) == Array("three".utf8))
    #expect(reader.next() == nil && reader.ending == nil)
    // Its header and its content.
    #expect(reader.lost?.blocks == 2 && reader.lost?.reason.isEmpty == false)
  }
}
