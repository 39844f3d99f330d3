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

  @Test func whoAskedApache() throws {
    func client(_ line: String) throws -> [Value?] {
      let event = try EventDump(line + "\n", path: "error.log").events.first
      return [event?["remote_address"], event?["remote_port"]]
    }
    #expect(
      try client("[Wed Nov 25 05:20:12 2026] [error] [client 203.0.113.9] File does not exist: /var/www/x")
        == [.text("203.0.113.9"), nil])
    #expect(
      try client("[Wed Nov 25 05:20:12 2026] [error] [client 2001:db8::1:4444] File does not exist: /var/www/x")
        == [.text("2001:db8::1:4444"), nil])
    #expect(
      try client("[Wed Nov 25 05:20:13.123456 2026] [core:error] [pid 7] [client 2001:db8::1:4444] AH00036: x")
        == [.text("2001:db8::1"), .integer(4444)])
    #expect(
      try client("[Wed Nov 25 05:20:13.123456 2026] [core:error] [pid 7] [client 203.0.113.9:4444] AH00036: x")
        == [.text("203.0.113.9"), .integer(4444)])
  }
}
