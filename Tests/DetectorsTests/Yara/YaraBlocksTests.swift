import Bytes
import Testing

@testable import Detectors

/// Address spaces in blocks that are fetched when they are needed.
struct YaraBlocksTests {
  private func scanner(_ text: String) throws -> YaraScanner {
    try YaraScanner(
      try #require(YaraCompiler().compile([YaraSource(path: "t.yar", text: Array(text.utf8))], cache: nil).rules))
  }

  /// Bytes at addresses; elsewhere zeros.
  private func object(_ parts: [(UInt64, String)], _ blocks: [(UInt64, Int)]? = nil) -> YaraObject {
    let made = blocks ?? parts.map { ($0.0, $0.1.utf8.count) }
    return YaraObject(blocks: made.map { YaraBlock(address: $0.0, byteCount: $0.1) }) { address, buffer in
      for index in 0..<buffer.count {
        let place = address &+ UInt64(index)
        var byte: UInt8 = 0
        for (start, text) in parts where place >= start && place < start &+ UInt64(text.utf8.count) {
          byte = Array(text.utf8)[Int(place - start)]
        }
        buffer[index] = byte
      }
    }
  }

  @Test func offsetsAreAddresses() throws {
    let scanner = try scanner("rule a { strings: $x = \"needle\" $y = \"thread\" condition: all of them }")
    let match = try #require(
      try scanner.scan(object([(0x7F00_0000_1000, "..needle"), (0xFFFF_8000_0000_0000, "thread..needle")])).matches
        .first)
    #expect(Set(match.strings.map(\.offset)) == [0x7F00_0000_1002, 0xFFFF_8000_0000_0000, 0xFFFF_8000_0000_0008])
  }

  @Test func whatTwoBlocksShareIsToldOnce() throws {
    let scanner = try scanner("rule a { strings: $x = \"needle\" condition: #x == 1 }")
    #expect(try scanner.scan(object([(0x1000, "....needle....")], [(0x1000, 12), (0x1004, 10)])).matches.count == 1)
  }

  @Test func aStringMustLieInOneBlock() throws {
    let scanner = try scanner("rule a { strings: $x = \"needle\" condition: $x }")
    #expect(try scanner.scan(object([(0x1000, "needle")], [(0x1000, 3), (0x1003, 3)])).matches.isEmpty)
    #expect(try scanner.scan(object([], [])).matches.isEmpty)
    #expect(try scanner.scan(object([(0, "needle")], [(0, 0), (0, -5)])).matches.isEmpty)
  }

  @Test func thereIsNoFilesizeButAddressesCanBeRead() throws {
    let scanner = try scanner(
      """
      rule size { condition: filesize > 0 or filesize < 100 }
      rule address { condition: uint32be(0x2000) == 0x6E656564 }
      rule place { strings: $x = "le" condition: $x at 0x2004 }
      rule elsewhere { condition: uint8(0) == 0x6E }
      """)
    let matches = try scanner.scan(object([(0x1000, "abc"), (0x2000, "needle")])).matches
    #expect(matches.map(\.rule.name) == ["address", "place"])
  }

  @Test func programsMayStandInManyBlocks() throws {
    let scanner = try scanner(
      """
      import "pe"
      import "elf"
      rule a { strings: $x = "mark" condition: #x == 20 }
      rule b { condition: pe.is_pe and pe.imphash() != "" and pe.number_of_sections > 0 }
      rule c { condition: elf.type == elf.ET_EXEC }
      """)
    let parts = (0..<20).map { (UInt64($0) << 12, "MZ" + String(repeating: "\u{7F}", count: 62) + "mark") }
    #expect(try scanner.scan(object(parts)).matches.map(\.rule.name) == ["a"])
  }

  @Test func theEngineRunsOnlyWhatCanHoldAndLosesNothing() throws {
    let folder = try TemporaryFolder([
      "r.yar": """
      rule here { strings: $a = "present text" condition: $a }
      rule absent { strings: $a = "no such text" condition: $a }
      rule small { strings: $a = "present text" condition: $a and filesize < 1MB }
      rule named { strings: $a = "present text" condition: $a and filename == "java" }
      rule always { condition: true }
      """
    ])
    let engine = try #require(try YaraEngine(RuleSet.load(directory: folder.path).0))
    var java = object([(0x4000, "..present text..")])
    java.externals = YaraScanner.Externals(path: "/usr/bin/java")
    let other = object([(0x4000, "nothing")])
    let selection = engine.select { look in
      look(java)
      look(other)
    }
    #expect(selection.part.entries.map { engine.rules.rules[$0].name } == ["here", "named", "always"])
    #expect(try engine.scan(java, selection).matches.map(\.rule.name) == ["here", "named", "always"])
    #expect(try engine.scan(java, selection).matches.map(\.index) == [0, 3, 4])
    #expect(try engine.scan(other, selection).matches.map(\.rule.name) == ["always"])
  }

  /// One slow rule would take the time of every process of an image.
  @Test func whatIsTooSlowForOneObjectIsLeftOutForTheOthers() throws {
    let folder = try TemporaryFolder([
      "r.yar": """
      rule slow { condition: for all i in (0..9999999) : (for all j in (0..9999999) : (i + j >= 0)) }
      rule quick { strings: $a = "text" condition: $a }
      """
    ])
    let engine = try #require(try YaraEngine(RuleSet.load(directory: folder.path).0))
    engine.options.timeout = 2
    let one = object([(0x1000, "some text")])
    let selection = engine.select { $0(one) }
    for _ in 0..<2 {
      let result = try engine.scan(one, selection)
      #expect(result.tooSlow == ["slow"] && result.matches.map(\.rule.name) == ["quick"])
    }
    let start = ContinuousClock.now
    for _ in 0..<20 { #expect(try engine.scan(one, selection).tooSlow == ["slow"]) }
    #expect(ContinuousClock.now - start < .seconds(20))
    // For the next image it is tried again.
    #expect(!engine.select { $0(one) }.isEmpty && engine.slow.isEmpty)
  }

  @Test func nothingToRunIsNothingFound() throws {
    let folder = try TemporaryFolder(["r.yar": "rule absent { strings: $a = \"no such text\" condition: $a }"])
    let engine = try #require(try YaraEngine(RuleSet.load(directory: folder.path).0))
    let one = object([(0x1000, "some text")])
    let selection = engine.select { $0(one) }
    #expect(selection.isEmpty)
    #expect(try engine.scan(one, selection).matches.isEmpty)
  }
}
