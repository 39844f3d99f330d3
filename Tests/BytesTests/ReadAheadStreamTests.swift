import Foundation
import Testing

@testable import Bytes

/// A stream read on another thread: the same bytes, the same end, the same failure.
struct ReadAheadStreamTests {
  /// Gives pieces of growing sizes, then an end, damage or an error.
  private final class Pieces: ByteStream {
    enum End { case whole, damaged, failing }

    let encodings = ["gzip"]
    private var left: Int
    private var size = 1
    private var next: UInt8 = 0
    private let end: End
    private(set) var reads = 0

    init(_ count: Int, _ end: End) {
      left = count
      self.end = end
    }

    var damage: String? { left == 0 && end == .damaged ? "cut" : nil }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(BytesError) -> Int {
      reads += 1
      if left == 0, end == .failing { throw BytesError(.cannotRead, "the disk is gone") }
      let count = min(size, left, buffer.count)
      for place in 0..<count {
        buffer[place] = next
        next = next &* 5 &+ 1
      }
      left -= count
      size = size * 3 % 70_001 + 1
      return count
    }
  }

  private func readAll(_ stream: any ByteStream, by count: Int) throws -> [UInt8] {
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: count)
    while true {
      let read = try buffer.withUnsafeMutableBytes { try stream.read(into: $0) }
      if read == 0 { return all }
      all += buffer[..<read]
    }
  }

  @Test(arguments: [0, 1, 70_000, 3_000_000], [64, 100_000, 1 << 20])
  func theBytesAreTheSame(_ count: Int, _ step: Int) throws {
    let ahead = ReadAheadStream(Pieces(count, .whole))
    #expect(ahead.encodings == ["gzip"])
    let bytes = try readAll(ahead, by: step)
    let expected = try readAll(Pieces(count, .whole), by: 4096)
    #expect(bytes.count == count && bytes == expected)
    #expect(ahead.damage == nil)
    #expect(try readAll(ahead, by: step).isEmpty, "the end stays the end")
  }

  @Test func damageIsToldAtTheEnd() throws {
    let ahead = ReadAheadStream(Pieces(600_000, .damaged))
    #expect(ahead.damage == nil)
    #expect(try readAll(ahead, by: 1 << 16).count == 600_000)
    #expect(ahead.damage == "cut")
  }

  @Test func aFailureReachesTheReader() {
    let ahead = ReadAheadStream(Pieces(10, .failing))
    #expect(throws: BytesError(.cannotRead, "")) { try readAll(ahead, by: 1024) }
    #expect(throws: BytesError(.cannotRead, "")) { try readAll(ahead, by: 1024) }
  }

  /// Who stops in the middle, or never begins, leaves no thread behind that holds the stream.
  @Test(arguments: [0, 1, 300_000]) func aReaderMayStopAnywhere(_ count: Int) throws {
    weak var inner: Pieces?
    do {
      let pieces = Pieces(50_000_000, .whole)
      inner = pieces
      let ahead = ReadAheadStream(pieces)
      var buffer = [UInt8](repeating: 0, count: max(count, 1))
      if count > 0 { _ = try buffer.withUnsafeMutableBytes { try ahead.read(into: $0) } }
    }
    for _ in 0..<500 where inner != nil { usleep(10_000) }
    #expect(inner == nil)
  }
}
