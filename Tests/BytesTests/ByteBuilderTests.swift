import Testing

@testable import Bytes

struct ByteBuilderTests {
  @Test func everythingStandsInTheOrderInWhichItCame() {
    var builder = ByteBuilder()
    #expect(builder.count == 0 && builder.bytes.isEmpty)
    builder.append(0x61)
    builder.append("ß…", end: 0x0A)
    builder.append(ByteView("view"))
    builder.append("")
    builder.append(ByteView(UnsafeRawBufferPointer(start: nil, count: 0)))
    #expect(builder.withView { $0.string } == "aß…\nview")
    builder.removeAll()
    #expect(builder.count == 0)
    builder.append("new")
    #expect(builder.bytes == Array("new".utf8))
  }

  /// Across every border at which the memory grows.
  @Test(arguments: [1, 7, 1023, 1024, 1025, 100_000]) func itGrowsAndKeepsWhatItHolds(_ size: Int) {
    var builder = ByteBuilder()
    var expected: [UInt8] = []
    for number in 0..<8 {
      let text = String(repeating: Character(Unicode.Scalar(UInt8(0x61 + number))), count: size)
      builder.append(text, end: 0x0A)
      expected += Array(text.utf8) + [0x0A]
    }
    #expect(builder.count == expected.count && builder.bytes == expected)
  }

  @Test(arguments: [0, 9, 10, 99, 100, 12345, UInt64(Int64.max), UInt64.max - 1, UInt64.max])
  func numbersAreWrittenInFull(_ number: UInt64) {
    var builder = ByteBuilder()
    builder.append(decimal: number)
    builder.append(decimal: number)
    #expect(builder.withView { $0.string } == "\(number)\(number)")
  }
}
