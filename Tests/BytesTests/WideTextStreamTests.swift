import Foundation
import Testing

@testable import Bytes

@Suite struct WideTextStreamTests {
  private func text(_ bytes: [UInt8], by count: Int = 1000) throws -> (text: String, stream: WideTextStream) {
    let stream = try WideTextStream(MemoryStream(bytes))
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: count)
    while true {
      let read = try buffer.withUnsafeMutableBytes { try stream.read(into: $0) }
      if read == 0 { break }
      all += buffer.prefix(read)
    }
    return (String(decoding: all, as: UTF8.self), stream)
  }

  private static let sample = "Nov 25 가\u{1F600} é\n" + String(repeating: "line\r\n", count: 20_000)

  private func wide(_ text: String, bigEndian: Bool) -> [UInt8] {
    (bigEndian ? [0xFE, 0xFF] : [0xFF, 0xFE])
      + text.utf16.flatMap { bigEndian ? [UInt8($0 >> 8), UInt8($0 & 0xFF)] : [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
  }

  @Test(arguments: [true, false], [1, 7, 1 << 18])
  func readsBothByteOrders(_ bigEndian: Bool, _ count: Int) throws {
    let (found, stream) = try text(wide(Self.sample, bigEndian: bigEndian), by: count)
    #expect(found == "\u{FEFF}" + Self.sample)
    #expect(stream.encodings == [bigEndian ? "utf16be" : "utf16le"] && stream.damage == nil)
    #expect(WideTextStream.isNamed(in: ["gzip"] + stream.encodings))
  }

  @Test(arguments: [true, false], [1, 7, 1 << 18])
  func readsBothByteOrdersWithoutAMark(_ bigEndian: Bool, _ count: Int) throws {
    let sample =
      "Nov 25 05:20:12 web-1 sshd[1]: \u{AC00}\u{1F600}\r\n" + String(repeating: "line of text\n", count: 20_000)
    let (found, stream) = try text(Array(wide(sample, bigEndian: bigEndian).dropFirst(2)), by: count)
    #expect(found == sample)
    #expect(stream.encodings == [bigEndian ? "utf16be" : "utf16le"] && stream.damage == nil)
  }

  @Test func recordsOfNumbersAreNoWideText() throws {
    let letters = Array("abcdefghijklmnopqrstuvwxyz".utf8)
    let little = letters.flatMap { [$0, 0] as [UInt8] }
    let both: [UInt8] = little + letters.flatMap { [0, $0] as [UInt8] }
    let numbers: [UInt8] = (0..<300).flatMap { [UInt8($0 % 30), 0] as [UInt8] }
    let quads: [UInt8] = letters.flatMap { [$0, 0, 0, 0] as [UInt8] }
    let samples: [[UInt8]] = [both, numbers, quads, letters + letters, Array(little.prefix(30))]
    for bytes in samples {
      let (found, stream) = try text(bytes)
      #expect(Array(found.utf8) == bytes && stream.encodings.isEmpty)
    }
  }

  @Test func whatHasNoMarkIsHandedOnAsItIs() throws {
    let unmarked = Array(wide("ab", bigEndian: true).dropFirst(2))
    for bytes in [Array("plain".utf8), [], [0xFF], [0xFF, 0xFE, 0, 0, 0x41, 0, 0, 0], unmarked] {
      let (found, stream) = try text(bytes)
      #expect(found == String(decoding: bytes, as: UTF8.self))
      #expect(stream.encodings.isEmpty && !WideTextStream.isNamed(in: stream.encodings))
    }
  }

  @Test func halvesOfCharactersAreReplaced() throws {
    // A second half alone, a first half before a letter, and one at the end.
    let (found, stream) = try text([0xFF, 0xFE, 0x00, 0xDC, 0x00, 0xD8, 0x41, 0x00, 0x00, 0xD8])
    #expect(found == "\u{FEFF}\u{FFFD}\u{FFFD}A\u{FFFD}")
    #expect(stream.damage == "the text ends within a character")
    #expect(try text([0xFF, 0xFE, 0x41, 0x00, 0x42]).stream.damage == "the text ends within a character")
  }
}
