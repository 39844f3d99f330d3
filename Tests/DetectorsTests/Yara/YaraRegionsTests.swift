import Bytes
import Testing

@testable import Detectors

struct YaraRegionsTests {
  private func scanner(_ text: String) throws -> YaraScanner {
    try YaraScanner(
      try #require(YaraCompiler().compile([YaraSource(path: "t.yar", text: Array(text.utf8))]).outcome.rules))
  }

  @Test func offsetsAreAddresses() throws {
    let scanner = try scanner("rule a { strings: $x = \"needle\" $y = \"thread\" condition: all of them }")
    let first = Array("..needle".utf8)
    let second = Array("thread..needle".utf8)
    try first.withView { one in
      try second.withView { two in
        let match = try #require(
          try scanner.scan(regions: [
            YaraRegion(address: 0x7F00_0000_1000, bytes: one), YaraRegion(address: 0xFFFF_8000_0000_0000, bytes: two),
            YaraRegion(address: 0, bytes: one.slice(0, 0)),
          ]).matches.first)
        #expect(
          Set(match.strings.map(\.offset)) == [0x7F00_0000_1002, 0xFFFF_8000_0000_0008, 0xFFFF_8000_0000_0000])
        #expect(match.strings.count == 3)
      }
    }
  }

  @Test func overlapsAreToldOnce() throws {
    let scanner = try scanner("rule a { strings: $x = \"needle\" condition: #x == 1 }")
    let bytes = Array("aa needle bb".utf8)
    try bytes.withView { view in
      let regions = [YaraRegion(address: 100, bytes: view), YaraRegion(address: 103, bytes: view.slice(3))]
      let count = try scanner.scan(regions: regions).matches.count
      #expect(count == 1)
    }
  }

  @Test func nothingToScanIsNoError() throws {
    #expect(try scanner("rule a { condition: filesize > 0 }").scan(regions: []).matches.isEmpty)
  }
}
