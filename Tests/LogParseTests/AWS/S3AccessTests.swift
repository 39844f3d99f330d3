import Bytes
import Evidence
import Testing

@testable import LogParse

/// What a client sends stands in the line as it came: it must not move the fields behind it.
@Suite struct S3AccessTests {
  private func event(
    request: String = "GET /k HTTP/1.1", sent: String = "1", referer: String = "-", agent: String = "cli"
  ) throws -> Event? {
    let owner = String(repeating: "7", count: 64)
    let line =
      "\(owner) data [01/Jan/2026:00:00:01 +0000] 198.51.100.66 - REQUEST1 REST.GET.OBJECT k \"\(request)\" 200 - \(sent) "
      + "812 7 6 \"\(referer)\" \"\(agent)\" - s9lz= SigV4 ECDHE AuthHeader data.s3.amazonaws.com TLSv1.2 - Yes\n"
    let dump = try EventDump(line, path: "x.log")
    #expect(dump.format == "aws.s3access")
    return dump.events.first
  }

  @Test(arguments: [
    "x\" \"y", "x\" - \"y", "\" \"", "x\" 200 - 1 2 3 4 \"-\" \"y", "[a] \"b", "a\"", "cli",
    "\"a\" \"b\" \"c\"",
  ])
  func anAgentWithQuotes(_ agent: String) throws {
    let event = try #require(try event(agent: agent))
    #expect(event.text("user_agent") == agent && event.text("referer") == nil)
    #expect(event.text("host_id") == "s9lz=" && event.text("tls_version") == "TLSv1.2")
    #expect(event["unknown_fields"] == nil)
    #expect(event.text("uri") == "/k" && event["response_code"] == .integer(200))
  }

  @Test func aRequestWithQuotes() throws {
    let event = try #require(try event(request: "GET /k?a=\" \"b HTTP/1.1", agent: "x\" \"y"))
    #expect(event.text("query") == "a=\" \"b" && event.text("user_agent") == "x\" \"y")
    #expect(event["object_bytes"] == .integer(812) && event.text("authentication") == "AuthHeader")
  }

  @Test func aNumberThatNoNumberHolds() throws {
    let event = try #require(try event(sent: "99999999999999999999"))
    #expect(event["sent_bytes"] == nil && event["unread_fields"] == .texts(["sent_bytes"]))
    #expect(try self.event(sent: "-")?["unread_fields"] == nil)
    #expect(try self.event(sent: "9223372036854775807")?["sent_bytes"] == .integer(.max))
  }
}
