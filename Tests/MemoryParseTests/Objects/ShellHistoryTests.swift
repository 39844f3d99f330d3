import Testing

@testable import MemoryParse

@Suite struct ShellHistoryTests {
  private let start: UInt64 = 0x5555_0000_0000

  /// A heap with entries in the given order; the array holds those whose number is listed.
  private func heap(_ entries: [(String, String)], array: [Int], tag: UInt64 = 0) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 64)
    var places: [UInt64] = []
    for (text, stamp) in entries {
      let line = start + UInt64(bytes.count)
      bytes += Array(text.utf8) + [0]
      while bytes.count % 16 != 0 { bytes.append(0) }
      let time = start + UInt64(bytes.count)
      bytes += Array(stamp.utf8) + [0]
      while bytes.count % 16 != 0 { bytes.append(0) }
      places.append(start + UInt64(bytes.count))
      bytes += littleEndian(line | tag) + littleEndian(time | tag) + littleEndian(0) + littleEndian(0x21)
    }
    for index in array { bytes += littleEndian(places[index] | tag) }
    return bytes + littleEndian(0)
  }

  private func commands(_ bytes: [UInt8], shortStamps: Bool = false) -> [TypedCommand] {
    bytes.withView { ShellHistory.commands(in: $0, at: start, shortStamps: shortStamps) }
  }

  @Test func keepsTheOrderOfTypingWithinOneSecond() {
    let found = commands(
      heap([("third", "#1795584173"), ("first", "#1795584173"), ("second", "#1795584173")], array: [1, 2, 0]))
    #expect(found.map(\.text) == ["first", "second", "third"])
    #expect(found.allSatisfy { $0.isLinked && $0.time?.description == "2026-11-25T05:22:53Z" })
  }

  @Test func marksWhatIsNotInTheArray() {
    let found = commands(
      heap([("kept", "#1795584173"), ("also", "#1795584174"), ("cleared", "#1795584175")], array: [0, 1]))
    #expect(found.map(\.text) == ["kept", "also", "cleared"])
    #expect(found.map(\.isLinked) == [true, true, false])
  }

  @Test func looksThroughTagsOfPointers() {
    let found = commands(heap([("whoami", "#1795584173"), ("id", "#1795584173")], array: [0, 1], tag: 0xA3 << 56))
    #expect(found.map(\.text) == ["whoami", "id"])
  }

  @Test func takesShortTimesOnlyWhereTheClockWasNeverSet() {
    let bytes = heap([("uptime", "#12")], array: [0])
    #expect(commands(bytes).isEmpty)
    #expect(commands(bytes, shortStamps: true).map(\.text) == ["uptime"])
  }

  @Test func findsNothingInOrdinaryHeaps() {
    #expect(commands([]).isEmpty)
    #expect(commands(Array("#1795584173".utf8)).isEmpty)
    #expect(commands(Array("a comment #1795584173 and more\u{0}".utf8) + [UInt8](repeating: 0, count: 64)).isEmpty)
    #expect(commands([UInt8](repeating: 0x23, count: 4096)).isEmpty)
  }
}
