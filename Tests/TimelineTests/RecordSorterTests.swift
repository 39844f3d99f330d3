import Bytes
import Evidence
import Foundation
import Testing

@testable import Timeline

@Suite("Sorting on disk")
struct RecordSorterTests {
  private func folder() -> String { NSTemporaryDirectory() + "sorter-" + UUID().uuidString }

  private func key(_ time: Int64, _ place: UInt64 = 0) -> EventKey {
    EventKey(nanoseconds: time, artifact: CaseSamples.artifact("a"), place: place)
  }

  private func drain(_ sorter: RecordSorter) throws -> [String] {
    var all: [String] = []
    try sorter.drain { _, record in all.append(record.string) }
    return all
  }

  @Test("Spilled runs come back in one order, whatever order they came in", arguments: [1 << 12, 1 << 30])
  func spills(limit: Int) throws {
    let path = folder()
    var numbers = Array(0..<5000)
    // A fixed shuffle.
    for place in numbers.indices { numbers.swapAt(place, place * 7919 % numbers.count) }
    let sorter = RecordSorter(folder: path, limit: limit)
    for number in numbers { try sorter.add(key(Int64(number) - 2500), Array("record \(number)".utf8)) }
    #expect(try drain(sorter) == (0..<5000).map { "record \($0)" })
    #expect(sorter.count == 5000)
  }

  @Test("More runs than may be open are merged on the way")
  func manyRuns() throws {
    let path = folder()
    do {
      let sorter = RecordSorter(folder: path, limit: 0)
      let long = String(repeating: "x", count: 4096)
      for number in (0..<250).reversed() { try sorter.add(key(Int64(number)), Array("\(number) \(long)".utf8)) }
      #expect(try drain(sorter).compactMap { Int($0.prefix { $0 != " " }) } == Array(0..<250))
    }
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test("Equal keys are ordered by their bytes; extremes of time and empty records are kept")
  func ties() throws {
    let sorter = RecordSorter(folder: folder(), limit: 1 << 12)
    for text in ["b", "", "a", "ab"] { try sorter.add(key(5), Array(text.utf8)) }
    try sorter.add(key(.max), Array("last".utf8))
    try sorter.add(key(.min), Array("first".utf8))
    #expect(try drain(sorter) == ["first", "", "a", "ab", "b", "last"])
  }

  @Test("A folder that cannot be made is an error, not a crash")
  func noFolder() throws {
    let sorter = RecordSorter(folder: "/proc/none/x", limit: 0)
    #expect(throws: (any Error).self) {
      for number in 0..<200 { try sorter.add(key(Int64(number)), [UInt8](repeating: 1, count: 100)) }
    }
  }
}
