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
  /// What a web server in a container prints is a request; what else it prints is its log.
  @Test func requestsThatContainersPrint() throws {
    let line = #"203.0.113.9 - - [25/Nov/2026:05:20:12 +0000] "GET /cmd.jsp?c=id HTTP/1.1" 200 1 "-" "curl""#
    let text = """
      2026-11-25T05:20:12.123456789Z stdout F \(line)
      2026-11-25T05:20:13.123456789Z stderr F 2026/11/25 05:20:12 [error] 7#7: *1 failed, client: 203.0.113.9

      """
    let dump = try EventDump(text, path: "0.log")
    #expect(dump.format == "app.log" && HostileInputTests.isWhole(dump, text.utf8.count))
    #expect(dump.events.map(\.dataType) == ["web:access:request", "app:log:entry"])
    #expect(dump.events.first?.text("remote_address") == "203.0.113.9" && dump.events.first?.text("stream") == "stdout")
    #expect(dump.events.first?.text("uri") == "/cmd.jsp?c=id")

    let quoted = line.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"")
    let json = """
      {"log":"\(quoted)\\n","stream":"stdout","time":"2026-11-25T05:20:12.123456789Z"}
      {"log":"one, ","stream":"stdout","time":"2026-11-25T05:20:13.123456789Z"}
      {"log":"two\\n","stream":"stdout","time":"2026-11-25T05:20:13.123456790Z"}
      {"log":"three","stream":"stderr","time":"2026-11-25T05:20:14Z"}

      """
    let docker = try EventDump(json, path: "0123-json.log")
    #expect(docker.format == "app.container" && HostileInputTests.isWhole(docker, json.utf8.count))
    #expect(docker.events.map(\.dataType) == ["web:access:request", "app:log:entry", "app:log:entry"])
    #expect(docker.events.first?.text("remote_address") == "203.0.113.9")
    #expect(docker.events.map { $0.text("text") } == [nil, "one, two", "three"])
    // An application's own log in JSON is another one.
    #expect(EventDump.recognize(Array(#"{"log":"x","time":"2026-11-25T05:20:14Z"}"#.utf8), path: "a.log") == nil)
  }

  @Test func logsOfPHP() throws {
    let text = """
      [25-Nov-2026 05:20:12 UTC] PHP Fatal error:  Uncaught Error in /var/www/a.php:3
      Stack trace:
      [25-Nov-2026 14:20:13 Asia/Seoul] PHP Warning:  system(): x in /var/www/uploads/sh.php on line 1
      [25-Nov-2026 05:20:12] NOTICE: fpm is running, pid 1

      """
    let dump = try EventDump(text, path: "php.log", zone: .stated(540))
    #expect(dump.format == "app.log")
    #expect(dump.events.map { $0.text("level") } == ["Fatal error", "Warning", "NOTICE"])
    #expect(
      dump.events.map { $0.time?.description.prefix(19) } == [
        "2026-11-25T05:20:12", "2026-11-25T05:20:13", "2026-11-24T20:20:12",
      ])
    #expect(dump.events.first?.text("text")?.hasSuffix("Stack trace:") == true)
    #expect(try EventDump("[25-Nov-2026 05:20:12 a b] c\n", path: "x.txt").format == nil)
  }

  @Test func logsOfAKoreanTomcat() throws {
    let old = "11월 25, 2026 5:20:14 오후 org.apache.catalina.core.StandardService startInternal\n정보: Starting\n"
    let dump = try EventDump(old, path: "catalina.out", zone: .utc)
    #expect(dump.format == "app.log" && dump.events.count == 1)
    #expect(dump.events.first?.time?.description == "2026-11-25T17:20:14Z")
    let new = """
      25-Nov-2026 05:20:12.123 정보 [main] org.apache.catalina.startup.Catalina.start Server startup
      25-Nov-2026 05:20:13.123 심각 [http-nio-8080-exec-1] org.x.Y.z fail

      """
    #expect(try EventDump(new, path: "catalina.out").events.map { $0.text("level") } == ["INFO", "SEVERE"])
    #expect(try EventDump("13월 25, 2026 5:20:14 오후 x\n", path: "catalina.out").format == nil)
  }
}
