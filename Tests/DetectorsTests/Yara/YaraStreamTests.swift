import Bytes
import Foundation
import Testing

@testable import Detectors

/// A stream is scanned while it passes by; what is told must be what a scan of the whole tells.
struct YaraStreamTests {
  private static let rules = #"""
    import "hash"
    rule plain { strings: $a = "needle-in-hay" nocase wide ascii condition: $a }
    rule counted { strings: $a = "needle-in-hay" condition: #a == 2 }
    rule apart { strings: $a = "needle-in-hay" $b = "other-thing" condition: all of them and @a < @b }
    rule pattern { strings: $a = /needle-[a-z]{1,40}-in-[a-z]+ / condition: $a }
    rule small { strings: $a = "other-thing" condition: $a and filesize < 300KB }
    rule big { strings: $a = "other-thing" condition: $a and filesize > 300KB }
    rule content { strings: $a = "hash-this" condition: $a and hash.md5(0, 5) == "d41d8cd98f00b204e9800998ecf8427e" }
    rule read { strings: $a = "read-this" condition: $a and uint16(@a) == 0x6572 }
    rule anchored { strings: $a = /^begin-here/ condition: $a }
    rule head { condition: uint32be(0) == 0x7F454C46 }
    """#

  private static func log(_ count: Int) -> [UInt8] {
    let line = Array("192.0.2.7 - - [25/Nov/2026:05:20:12 +0000] \"GET /index.html HTTP/1.1\" 200 1532\n".utf8)
    var all: [UInt8] = []
    while all.count < count { all += line }
    return Array(all.prefix(count))
  }

  private struct Bench {
    let engine: YaraEngine
    let scanner: YaraScanner

    init() throws {
      let folder = try TemporaryFolder(["r.yar": YaraStreamTests.rules])
      engine = try #require(try YaraEngine(RuleSet.load(directory: folder.path).0))
      scanner = try YaraScanner(engine.rules)
    }

    /// Whether the stream had to be read again; what it tells otherwise must be right.
    func isUndecided(_ object: [UInt8]) throws -> Bool {
      let all = try object.withView { try scanner.scan($0).matches }
      switch try engine.look(at: MemoryStream(object)) {
      case .whole(let view): #expect(view.array == object)
      case .told(let result, let kept):
        #expect(result.matches == all)
        #expect(kept.count == object.count)
        return false
      case .undecided: return true
      }
      return false
    }
  }

  private static func inserting(_ texts: [(String, Int)], into log: [UInt8]) -> [UInt8] {
    var object = log
    for (text, place) in texts { object.replaceSubrange(place..<place + text.utf8.count, with: text.utf8) }
    return object
  }

  @Test func ofALogWithoutAnythingNothingIsTold() throws {
    let bench = try Bench()
    for size in [0, 1, 1000, 262_143, 262_144, 262_145, 600_000, 1_500_000] {
      #expect(try !bench.isUndecided(Self.log(size)), "\(size) bytes")
    }
  }

  @Test func stringsAcrossTheBordersOfPiecesAreFoundOnce() throws {
    let bench = try Bench()
    let log = Self.log(900_000)
    // Pieces end at 262,144 and every 229,376 bytes further on.
    for border in [262_144, 262_144 - 32_768, 262_144 + 229_376, 899_980] {
      for before in [0, 1, 5, 12, 13, 15, 16, 17, 40] {
        let place = border - before
        #expect(try !bench.isUndecided(Self.inserting([("needle-in-hay", min(place, 899_987))], into: log)))
        #expect(
          try !bench.isUndecided(Self.inserting([("needle-abcdefgh-in-stacks ", min(place, 899_970))], into: log)))
      }
    }
  }

  @Test func countsAndOrderGoOverTheWholeStream() throws {
    let bench = try Bench()
    let log = Self.log(1_000_000)
    #expect(try !bench.isUndecided(Self.inserting([("needle-in-hay", 7), ("needle-in-hay", 999_900)], into: log)))
    #expect(try !bench.isUndecided(Self.inserting([("needle-in-hay", 7), ("other-thing", 900_000)], into: log)))
    #expect(try !bench.isUndecided(Self.inserting([("other-thing", 7), ("needle-in-hay", 900_000)], into: log)))
    // One that knows the size before the end.
    #expect(try !bench.isUndecided(Self.inserting([("other-thing", 270_000)], into: Self.log(290_000))))
  }

  @Test func whatAsksForBytesNeedsTheWhole() throws {
    let bench = try Bench()
    let log = Self.log(400_000)
    #expect(try bench.isUndecided(Self.inserting([("hash-this", 300_000)], into: log)))
    #expect(try bench.isUndecided(Self.inserting([("read-this", 300_000)], into: log)))
    #expect(try bench.isUndecided(Self.inserting([("\u{7F}ELF", 0)], into: log)))
    #expect(try bench.isUndecided(Self.inserting([("begin-here", 0)], into: log)))
  }

  @Test func whatStandsEverywhereNeedsTheWhole() throws {
    let bench = try Bench()
    let busy = Array(
      repeatElement(Array("other-thing and this and that and more of it\n".utf8), count: 60_000).joined())
    #expect(try bench.isUndecided(busy))
  }

  @Test func whereItIsAlwaysInVainItIsNotTriedForEver() throws {
    let bench = try Bench()
    let object = Self.inserting([("read-this", 5)], into: Self.log(300_000))
    for _ in 0..<20 { #expect(try bench.isUndecided(object)) }
    #expect(try bench.isUndecided(Self.log(300_000)))
  }

  @Test func theBytesAroundAPlaceAreThere() throws {
    let bench = try Bench()
    let object = Self.inserting([("needle-in-hay", 262_140)], into: Self.log(900_000))
    guard case .told(_, let kept) = try bench.engine.look(at: MemoryStream(object)) else {
      Issue.record("not told")
      return
    }
    let (bytes, before) = kept.bytes(around: 262_140, reach: YaraDetector.shownLine)
    #expect(before == YaraDetector.shownLine)
    #expect(bytes == Array(object[(262_140 - 512)..<(262_140 + 512)]))
    #expect(kept.bytes(around: 600_000, reach: 10).bytes.isEmpty)
  }

  /// The few literals are looked for by Hyperscan, many by an index; both tell the same places.
  @Test func bothIndexesTellTheSamePlaces() throws {
    let texts = ["needle", "hay", "in-hay", "GET /", " sh", "\0wide", "zz"]
    let literals =
      texts.map { MaskedLiteral(text: Array($0.utf8)) }
      + [
        MaskedLiteral("SELECT".utf8.map { MaskedByte($0).caseless }),
        MaskedLiteral([MaskedByte(0x60, mask: 0xF8)] + " sh".utf8.map { MaskedByte($0) }),
      ]
    let usable = literals.filter { MaskedAtom(of: $0) != nil && $0.count > 3 }
    let few = try #require(RunIndex(usable))
    let many = try #require(MaskedIndex(usable))
    var random = SystemRandomNumberGenerator()
    for size in [0, 1, 3, 17, 5000, 40_000] {
      var object = Self.log(size)
      for text in texts + ["sELect", "e sh"] where object.count > 20 {
        for _ in 0..<3 {
          object = Self.inserting([(text, .random(in: 0..<object.count - 12, using: &random))], into: object)
        }
      }
      if object.count > 20_000 { for place in 4000..<13_000 { object[place] = 0 } }
      object.withView { view in
        for cut in [0, view.count / 3, view.count] {
          var a = LiteralPlaces(count: usable.count)
          var b = LiteralPlaces(count: usable.count)
          for range in [0..<cut, cut..<view.count] {
            few.look(in: view, range, &a)
            many.look(in: view, range, &b)
          }
          #expect(Set(a.hits) == Set(b.hits))
          #expect(a.counts == b.counts)
          #expect(a.filled == b.filled)
        }
      }
    }
  }
}
