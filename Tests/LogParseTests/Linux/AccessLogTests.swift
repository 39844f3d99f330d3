import Bytes
import Evidence
import Testing

@testable import LogParse

@Suite struct AccessLogTests {
  private func request(_ line: String) throws -> Event? { try EventDump(line + "\n", path: "access.log").events.first }

  private static let rest = #"[25/Nov/2026:05:20:30 +0000] "GET /a HTTP/1.1" 200 5 "-" "M""#

  @Test(arguments: ["[", "a[b", "John Doe", "a]b", "x [01/Jan/2020:00:00:00 +0000]", "[01/Jan/2020:00:00:00 +0000] x"])
  func theClientNamesTheUser(_ user: String) throws {
    let event = try #require(try request("203.0.113.66 - \(user) \(Self.rest)"))
    #expect(event.text("user") == user && event.text("path") == "/a")
    #expect(event.time?.description == "2026-11-25T05:20:30Z")
  }

  @Test func whatIsNoRequest() {
    for line in [
      "203.0.113.66 - - [25/Nov/2026:05:20:30 +0000] GET /a 200", "203.0.113.66 - - [yesterday] \"GET /a\" 200 5",
      "203.0.113.66 - \(Self.rest)", "203.0.113.66 - - [25/Nov/2026:05:20:30 +0000] \"GET /a HTTP/1.1\" ok 5",
    ] {
      #expect(EventDump.recognize(Array((line + "\n").utf8), path: "x.txt")?.name != "web.access", "\(line)")
    }
  }

  @Test func statusThatNeverCame() throws {
    let front = "203.0.113.66 - - [25/Nov/2026:05:20:30 +0000]"
    let none = try #require(try request("\(front) \"\" 000 0 \"-\" \"-\""))
    #expect(none.integer("status") == 0 && none.integer("response_bytes") == 0)
    let dash = try #require(try request("\(front) \"GET /a HTTP/1.1\" - 5"))
    #expect(dash.integer("status") == nil && dash.integer("response_bytes") == 5)
  }

  @Test func hostsAndProxies() throws {
    let host = try #require(try request("www.example.com:443 203.0.113.66 - ops \(Self.rest)"))
    #expect(host.text("virtual_host") == "www.example.com:443" && host.text("user") == "ops")
    let between = try #require(
      try request("203.0.113.66 - - [25/Nov/2026:05:20:30 +0000] www.example.com \"GET /a HTTP/1.1\" 200 82"))
    #expect(between.text("virtual_host") == "www.example.com" && between.text("path") == "/a")
    for list in ["198.51.100.7, 10.0.0.1", "\"198.51.100.7, 10.0.0.1\""] {
      let event = try #require(try request("\(list) 10.0.0.2 - ops \(Self.rest)"))
      #expect(event.text("forwarded_for") == "198.51.100.7, 10.0.0.1" && event.text("virtual_host") == nil)
      #expect(event.text("remote_address") == "10.0.0.2" && event.text("user") == "ops")
    }
    #expect(try request("- 10.0.0.2 - - \(Self.rest)")?.text("remote_address") == "10.0.0.2")
    #expect(try request("203.0.113.66 \(Self.rest)")?.text("remote_address") == "203.0.113.66")
    let iso = try request("203.0.113.66 - - [2026-11-25T05:20:30+09:00] \"GET /a HTTP/1.1\" 200 82")
    #expect(iso?.time?.description == "2026-11-24T20:20:30Z")
  }

  /// Times by the thousand in one line are walked once.
  @Test func aLineOfTimesEnds() throws {
    let line = String(repeating: "[25/Nov/2026:05:20:30]", count: 20_000)
    #expect(try EventDump("a - \(line)\n", path: "x.txt", format: AccessLogFormat()).events.isEmpty)
  }
}
