import Evidence
import Testing

@testable import LogParse

@Suite struct ApplicationLogTests {
  @Test func threadAndLevelOfMySQL() throws {
    let dump = try EventDump(
      "2026-11-25T05:20:28.123456Z 8 [Note] [MY-010914] [Server] Access denied\n2026-11-25T05:20:29.1Z 9 [x] y\n",
      path: "mysqld.log")
    #expect(dump.format == "app.log")
    #expect(dump.events.map { $0.text("thread") } == ["8", nil])
    #expect(dump.events.map { $0.text("level") } == ["Note", nil])
    #expect(dump.events.map { $0.text("text") } == ["[MY-010914] [Server] Access denied", "9 [x] y"])
  }

  @Test func piecesOfAContainersLine() throws {
    let text = """
      2026-11-25T05:20:26.123456789Z stdout P one,
      2026-11-25T05:20:26.123456790Z stdout F  two
      2026-11-25T05:20:27.123456789Z stdout P three
      2026-11-25T05:20:27.123456790Z stderr F [four] five
      2026-11-25T05:20:28.123456790Z stdout X six

      """
    let dump = try EventDump(text, path: "0.log")
    #expect(dump.format == "app.log")
    #expect(dump.events.map { $0.text("text") } == ["one, two", "three", "[four] five", "stdout X six"])
    #expect(dump.events.map { $0.text("stream") } == ["stdout", "stdout", "stderr", nil])
    #expect(HostileInputTests.isWhole(dump, text.utf8.count))
  }
}
