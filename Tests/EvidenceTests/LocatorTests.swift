import Evidence
import Testing

struct LocatorTests {
  @Test func everyPlaceIsReadBackAsWritten() {
    var memory = Locator()
    memory.physical = 0x1f3a000
    memory.pid = 465
    memory.virtual = 0x7ffd_0000_1000
    memory.mapping = "/tmp/odd;name=x!\u{1B}[2J 한"
    memory.other = ["view": "sockstat"]
    for locator in [
      memory, Locator(offset: 3400, length: 700, line: 12, encodings: ["gzip"]), .whole,
      Locator(offset: .max, length: 0), Locator(offset: .max, length: .max, line: .max, encodings: ["gzip", "zstd"]),
      Locator(offset: 0, length: 0, line: 0), Locator(offset: 7, length: 3, line: 2, encodings: ["odd !%;=name"]),
      Locator(offset: 10, length: 0, line: -1),
    ] {
      #expect(Locator(text: locator.text) == locator)
      #expect(!locator.text.unicodeScalars.contains { $0.value < 0x21 })
    }
    #expect(Locator(offset: 3400, length: 700, line: 12, encodings: ["gzip"]).text == "gzip!line=12;bytes=3400+700")
  }

  @Test(arguments: ["", "bytes", "bytes=1", "bytes=x+1", "line"])
  func refusesWhatIsNoLocator(_ text: String) {
    #expect(Locator(text: text).map { $0 == .whole } ?? true)
  }
}
