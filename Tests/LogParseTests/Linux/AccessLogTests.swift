import Bytes
import Evidence
import Foundation
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

  /// Behind a load balancer the header has the address's place: its last element is the one that the balancer saw.
  @Test func aListOfProxiesInTheClientsPlace() throws {
    for front in [
      "127.0.0.1, 203.0.113.9 - -", "127.0.0.1,203.0.113.9 - -", "\"127.0.0.1, 203.0.113.9\" - -",
      "127.0.0.1, 203.0.113.9:4711 - -", "a b, 203.0.113.9 - -", "x, y z, 203.0.113.9 - -",
      "8.8.8.8 x, 203.0.113.9 - -",
    ] {
      let event = try #require(try request("\(front) \(Self.rest)"), "\(front)")
      #expect(event.text("remote_address") == "203.0.113.9" && event.text("path") == "/a", "\(front)")
      #expect(event.entities.map(\.value) == ["203.0.113.9"] && event.text("user") == nil, "\(front)")
      #expect(event.text("forwarded_for")?.contains("203.0.113.9") == true, "\(front)")
    }
    let named = try #require(try request("127.0.0.1, 203.0.113.9 - ops \(Self.rest)"))
    #expect(named.text("user") == "ops" && named["is_ambiguous"] == nil)
    #expect(try request("x, y z, 203.0.113.9 - - \(Self.rest)")?["is_ambiguous"] == .flag(true))
    #expect(
      try request("127.0.0.1, 203.0.113.9 peer.example - ops \(Self.rest)")?.text("remote_host") == "peer.example")
    // A user may be called like an element of the list.
    let user = try #require(try request("203.0.113.9 - a, 198.51.100.1 x \(Self.rest)"))
    #expect(user.text("remote_address") == "203.0.113.9" && user.text("user") == "a, 198.51.100.1 x")
  }

  @Test func aClientThatIsNotNamed() throws {
    for front in ["- - -", "\"-\" - -", "-"] {
      let event = try #require(try request("\(front) \(Self.rest)"), "\(front)")
      #expect(event.text("path") == "/a" && event.entities.isEmpty, "\(front)")
      #expect(event.text("remote_address") == nil && event.text("remote_host") == nil, "\(front)")
    }
    #expect(try request("- - ops \(Self.rest)")?.text("user") == "ops")
    let server = try #require(try request("203.0.113.9 10.0.0.5 - \(Self.rest)"))
    #expect(server.text("remote_address") == "203.0.113.9" && server.text("user") == nil)
  }

  /// Commas by the hundred thousand are walked once.
  @Test func aListWithoutEndEnds() throws {
    for list in [String(repeating: ",", count: 300_000), String(repeating: "1, ", count: 100_000)] {
      _ = try EventDump("x \(list) \(Self.rest)\n", path: "access.log", format: AccessLogFormat())
      _ = try EventDump("x, y \(list) \(Self.rest)\n", path: "access.log", format: AccessLogFormat())
    }
  }

  /// Times by the thousand in one line are walked once.
  @Test func aLineOfTimesEnds() throws {
    let line = String(repeating: "[25/Nov/2026:05:20:30]", count: 20_000)
    #expect(try EventDump("a - \(line)\n", path: "x.txt", format: AccessLogFormat()).events.isEmpty)
  }

  @Test func whomAProxyAskedFor() throws {
    let line = "10.0.0.7 - - [25/Nov/2026:05:20:30 +0000] \"GET /a HTTP/1.1\" 200 5 \"-\" \"M\""
    let main = try #require(try request(line + " \"1.1.1.1, 203.0.113.66\""))
    #expect(main.text("forwarded_for") == "1.1.1.1, 203.0.113.66" && main.text("other_fields") == nil)
    #expect(main.entities == [Entity(.address, "10.0.0.7"), Entity(.address, "203.0.113.66")])
    let direct = try #require(
      try request(line.replacingOccurrences(of: "10.0.0.7", with: "8.8.8.8") + " \"203.0.113.66\""))
    #expect(direct.text("forwarded_for") == "203.0.113.66" && direct.entities == [Entity(.address, "8.8.8.8")])
    for other in ["\"-\"", "\"a, b\"", "\"${jndi:x}\"", "\"203.0.113.66, x\""] {
      let event = try request("\(line) \(other)")
      #expect(event?.text("forwarded_for") == nil && event?.text("other_fields") == other)
    }
    let second = try request("10.0.0.7 203.0.113.66 - \(Self.rest)")
    #expect(second?.text("remote_address") == "10.0.0.7" && second?.text("forwarded_for") == "203.0.113.66")
    let servers = try request("203.0.113.66 10.0.0.7 - \(Self.rest)")
    #expect(servers?.text("forwarded_for") == nil && servers?.text("remote_address") == "203.0.113.66")
  }

  @Test func quotesThatTomcatDoesNotEscape() throws {
    let front = "203.0.113.66 - - [25/Nov/2026:05:20:30 +0000]"
    let event = try request("\(front) \"GET /a\"b?x=\"${jndi:x}\" HTTP/1.1\" 404 5 \"-\" \"M\"")
    #expect(
      event?.text("path") == "/a\"b" && event?.text("query") == "x=\"${jndi:x}\"" && event?.integer("status") == 404)
    #expect(event?.text("user_agent") == "M" && event?["is_ambiguous"] == .flag(true))
    for line in [
      "\(front) \"GET /a\"b\" 404 5", "\(front) \"GET /a\"b HTTP/1.1 404 5", "\(front) \"GET /a\"b HTTP/1.1\" ok 5",
    ] {
      #expect(EventDump.recognize(Array((line + "\n").utf8), path: "x.txt")?.name != "web.access", "\(line)")
    }
  }

  @Test func numbersInFrontOfTheReferrer() throws {
    let front = "10.0.0.7 - - [25/Nov/2026:05:20:30 +0000] \"GET /a HTTP/1.1\" 200 82"
    let event = try request("\(front) 12 0.013 \"-\" \"M\" http-nio-8080-exec-1")
    #expect(event?.text("user_agent") == "M" && event?.text("other_fields") == "12 0.013 http-nio-8080-exec-1")
    let one = try request("\(front) 12 \"M\"")
    #expect(one?.text("user_agent") == nil && one?.text("other_fields") == "12 \"M\"")
  }

  @Test func timesInFrontAndLinesWithoutQuotes() throws {
    for line in [
      "[25/Nov/2026:05:20:30 +0000] 203.0.113.66 - ops \"GET /a HTTP/1.1\" 200 82",
      "2026-11-25T14:20:30+09:00 203.0.113.66 - ops \"GET /a HTTP/1.1\" 200 82",
      "203.0.113.66 - ops [25/Nov/2026:05:20:30 +0000] GET /a HTTP/1.1 200 82",
    ] {
      let dump = try EventDump(line + "\n" + line + "\n", path: "access.log")
      let event = try #require(dump.events.first)
      #expect(dump.format == "web.access" && event.text("remote_address") == "203.0.113.66", "\(line)")
      #expect(event.text("user") == "ops" && event.text("path") == "/a" && event.integer("status") == 200, "\(line)")
      #expect(event.time?.nanoseconds == 1_795_584_030_000_000_000, "\(line)")
    }
    for line in [
      "2026-11-25T05:20:30Z web-1 app: \"GET /a HTTP/1.1\" 200 82", "[25/Nov/2026:05:20:30 +0000] INFO \"x\" 200 5",
    ] { #expect(EventDump.recognize(Array((line + "\n").utf8), path: "x.log")?.name != "web.access", "\(line)") }
    #expect(try request("203.0.113.66 - \"\" \(Self.rest)")?["user"] == nil)
    #expect(try request("203.0.113.66 - \"ops\" \(Self.rest)")?.text("user") == "ops")
    let old = try request("203.0.113.66 - - [25/Nov/2026:05:20:30 +0000] \"GET /a?${jndi:x}\" 400 5")
    #expect(old?.text("path") == "/a" && old?.text("query") == "${jndi:x}" && old?.text("http_version") == nil)
  }

  /// What grep, an operator's pattern or a thread's name put in the place of address and user.
  @Test func wordsAroundTheAddress() throws {
    func event(_ front: String) throws -> Event? {
      try EventDump("\(front) \"GET /x HTTP/1.1\" 200 12 \"-\" \"curl\"\n", path: "access.log").events.first
    }
    let stamp = "[25/Nov/2026:05:20:30 +0000]"
    for word in [
      "access.log.1:203.0.113.9", "12:203.0.113.9", "/var/log/nginx/access.log:203.0.113.9", "[203.0.113.9]",
    ] {
      let found = try event("\(word) - - \(stamp)")
      #expect(found?.text("remote_address") == "203.0.113.9" && found?["remote_host"] == nil, "\(word)")
      #expect(found?.entities.contains(Entity(.address, "203.0.113.9")) == true)
    }
    #expect(try event("example.org:443 - - \(stamp)")?.text("remote_host") == "example.org:443")
    #expect(try event("10.0.0.10 (198.51.100.9) - - \(stamp)")?["user"] == nil)
    #expect(try event("\(stamp) 203.0.113.9 10.0.0.5 http-nio-8080-exec-2")?["user"] == nil)
    #expect(try event("203.0.113.9 - john-exec-team \(stamp)")?.text("user") == "john-exec-team")
    #expect(
      try event("203.0.113.9 - - [25/Nov/2026:05:20:30:123 +0000]")?.time
        == Timestamp(iso8601: "2026-11-25T05:20:30.123+00:00"))
  }

  /// A load balancer, a web server and another load balancer in front of an application: whoever asked the first.
  @Test func severalProxiesOfOnesOwn() throws {
    let line = "10.0.0.7 - - [25/Nov/2026:05:20:30 +0000] \"GET /a HTTP/1.1\" 200 5 \"-\" \"M\""
    let event = try request(line + " \"1.1.1.1, 203.0.113.66, 10.0.0.9, 10.0.0.8\"")
    #expect(event?.entities.map(\.value) == ["10.0.0.7", "10.0.0.8", "10.0.0.9", "203.0.113.66"])
    // What stands in front of the first public address, the client may have written.
    let inside = try request(line + " \"10.0.0.8\"")
    #expect(inside?.entities.map(\.value) == ["10.0.0.7", "10.0.0.8"])
    let many = String(repeating: "10.0.0.8, ", count: 20) + "10.0.0.9"
    #expect(
      try request(line + " \"203.0.113.66, \(many)\"")?.entities.map(\.value) == ["10.0.0.7", "10.0.0.9", "10.0.0.8"])
  }

  @Test func aListThatTheClientBegan() throws {
    let line = "10.0.0.7 - - [25/Nov/2026:05:20:30 +0000] \"GET /a HTTP/1.1\" 200 5 \"-\" \"M\""
    for begin in ["unknown", "${jndi:ldap://x/a}", "a b"] {
      let event = try #require(try request("\(line) \"\(begin), 203.0.113.66:4711\""))
      #expect(event.text("forwarded_for") == "\(begin), 203.0.113.66:4711" && event["is_ambiguous"] == .flag(true))
      #expect(event.entities.map(\.value) == ["10.0.0.7", "203.0.113.66"])
    }
  }

  @Test func timesWithoutAZone() throws {
    let line = "203.0.113.66 - - [2026-11-25 05:20:30.123] \"GET /a HTTP/1.1\" 200 5\n"
    let event = try #require(try EventDump(line, path: "access.log", zone: .inferred(540)).events.first)
    #expect(
      event.time == Timestamp(nanoseconds: 1_795_551_630_123_000_000, precision: .millisecond, zone: .inferred(540)))
    #expect(event.text("path") == "/a")
    #expect(
      EventDump.recognize(Array("203.0.113.66 - - [2026-11-25 noon] \"GET /a HTTP/1.1\" 200 5\n".utf8), path: "x.txt")?
        .name != "web.access")
  }

  @Test func requestsOfModSSL() throws {
    let front = "[25/Nov/2026:05:20:30 +0000] 203.0.113.66"
    let event = try #require(try request("\(front) TLSv1.3 TLS_AES_256_GCM_SHA384 \"GET /a HTTP/1.1\" 1234"))
    #expect(event.text("remote_address") == "203.0.113.66" && event.text("path") == "/a" && event.text("user") == nil)
    #expect(event.integer("status") == nil && event.integer("response_bytes") == 1234)
    #expect(event.text("other_fields") == "TLSv1.3 TLS_AES_256_GCM_SHA384")
    let plain = try #require(try request("\(front) - - \"GET /a HTTP/1.1\" 200 82"))
    #expect(plain.integer("status") == 200 && plain.integer("response_bytes") == 82)
  }

  @Test func datesThatNobodyCanKeep() throws {
    for date in ["31/Dec/9999:23:59:59 +0000", "31/Feb/2026:05:20:30 +0000"] {
      let event = try #require(try request("203.0.113.66 - - [\(date)] \"GET /a HTTP/1.1\" 200 5"))
      #expect(event.time == nil && event.text("time_text") == date && event.text("path") == "/a")
    }
    #expect(try request("203.0.113.66 - - \(Self.rest)")?.text("time_text") == nil)
  }
}
