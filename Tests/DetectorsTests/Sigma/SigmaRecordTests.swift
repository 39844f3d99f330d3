import Evidence
import Testing

@testable import Detectors

/// Sigma's field names over our events.
struct SigmaRecordTests {
  @Test(arguments: [
    ("eventTime|hour: 23", true), ("eventTime|hour: 22", false), ("managementEvent: true", true),
    ("vpcEndpointId: vpce-1", true), ("tlsDetails.tlsVersion: TLSv1.2", true),
    ("resources.ARN|endswith: ':key/1'", true),
    ("apiVersion: '2016-11-15'", true), ("apiVersion: '2015-11-15'", false),
  ])
  func whatIsKeptOfACallHasItsNames(_ detection: String, _ expected: Bool) {
    let call = event(
      [
        "event_name": .text("X"), "management_event": .flag(true), "vpc_endpoint": .text("vpce-1"),
        "tls_version": .text("TLSv1.2"), "resources": .texts(["arn:aws:kms:x:1:key/1"]),
        "api_version": .text("2016-11-15"),
      ], "aws:cloudtrail:entry", time: "2026-11-25T23:01:00Z")
    #expect(holds("product: aws, service: cloudtrail", detection, [call]) == expected)
  }

  @Test func aKeywordIsSeenBehindTheEscapesOfAnObject() {
    let call = event(
      [
        "event_name": .text("X"),
        "request_parameters": .text(#"{"document":"{\"Action\":\"iam:*\"}","name":"caf\u00e9"}"#),
      ],
      "aws:cloudtrail:entry")
    func told(_ keyword: String) -> Bool {
      let (rules, diagnostics) = sigma(
        "title: T\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n  s:\n    - '\(keyword)'\n  condition: s\n"
      )
      precondition(diagnostics.isEmpty, "\(diagnostics)")
      return !titles(rules, [call]).isEmpty
    }
    #expect(told(#""Action":"iam:\*""#) && told("caf\u{E9}") && told(#"{\"Action"#))
    #expect(!told(#""Action":"s3:\*""#))
  }

  /// The names of a Kubernetes audit event, as SigmaHQ's rules for it have them.
  @Test(arguments: [
    ("verb: create\n    objectRef.resource: pods\n    hostPath: '*'", true), ("capabilities|contains: SYS_ADMIN", true),
    ("objectRef.subresource: exec", false), ("objectRef.namespace: kube-system", true), ("apiGroup: apps", false),
    ("requestObject.spec.containers.image: evil/miner", true), ("requestObject.spec.containers.image: other", false),
    ("user.username|endswith: ':default'", true), ("sourceIPs|cidr: 10.0.0.0/8", true),
    ("responseStatus.code: 201", true),
    ("requestURI|contains: /pods", true), ("hostPath|contains: /etc", true), ("hostPath|contains: /home", false),
  ])
  func aRequestToKubernetesHasItsNames(_ detection: String, _ expected: Bool) {
    let object = """
      {"spec":{"containers":[{"image":"evil/miner","securityContext":{"capabilities":{"add":["SYS_ADMIN"]}}}],\
      "volumes":[{"name":"v","hostPath":{"path":"/etc"}}]}}
      """
    let request = event(
      [
        "verb": .text("create"), "resource": .text("pods"), "namespace": .text("kube-system"),
        "uri": .text("/api/v1/namespaces/kube-system/pods"), "request_object": .text(object),
        "response_code": .integer(201),
        "user": .text("system:serviceaccount:kube-system:default"), "source_addresses": .texts(["10.1.2.3"]),
      ], "kubernetes:audit:entry")
    #expect(holds("product: kubernetes, service: audit", detection, [request]) == expected)
    #expect(holds("category: application, product: kubernetes, service: audit", detection, [request]) == expected)
  }

  private func holds(_ source: String, _ detection: String, _ events: [Event]) -> Bool {
    let (rules, diagnostics) = sigma(
      "title: T\nlogsource: {\(source)}\ndetection:\n  s:\n    \(detection)\n  condition: s\n")
    precondition(diagnostics.isEmpty, "\(diagnostics)")
    return !titles(rules, events).isEmpty
  }

  @Test(arguments: [
    ("Image|endswith: /nc", true), ("Image: /usr/bin/cat", true), ("CommandLine|startswith: nc -lvp", true),
    ("CommandLine|contains: 'cat /etc/hosts | nc'", true), ("User: root", true), ("ParentImage|endswith: /bash", true),
    ("Image|endswith: /sudo", false),
  ])
  func aTypedLineIsItsCommands(_ detection: String, _ expected: Bool) {
    let line = event(
      ["command": .text("sudo cat /etc/hosts | nc -lvp 1"), "shell": .text("bash"), "user": .text("ops")],
      "linux:shell:command")
    #expect(holds("product: linux, category: process_creation", detection, [line]) == expected)
  }

  @Test func aListedProcessKnowsItsParent() {
    let events = [
      event(
        ["pid": .integer(10), "ppid": .integer(1), "command_line": .text("/usr/bin/java -jar app.jar")],
        "linux:capture:process"),
      event(["pid": .integer(11), "ppid": .integer(10), "command_line": .text("sh -c id")], "linux:capture:process"),
    ]
    #expect(holds("product: linux, category: process_creation", "ParentImage|endswith: /java", events))
    #expect(holds("product: linux, category: process_creation", "ParentCommandLine|contains: app.jar", events))
    #expect(
      !holds("product: linux, category: process_creation", "ParentImage|endswith: /java", Array(events.prefix(1))))
  }

  /// Listings have many orders: a parent may stand behind its children.
  @Test func aParentIsKnownWhereverItIsListed() {
    let child = event(
      ["pid": .integer(11), "ppid": .integer(10), "command_line": .text("sh -c id")], "linux:capture:process")
    let parent = event(
      ["pid": .integer(10), "ppid": .integer(0), "command_line": .text("nginx: worker")], "linux:capture:process")
    let other = event(
      ["pid": .integer(12), "ppid": .integer(0), "command_line": .text("nginx: worker")], "linux:capture:process")
    let source = "product: linux, category: process_creation"
    for detection in [
      "ParentImage|endswith: /nginx", "ParentImage: /usr/bin/nginx", "ParentImage|startswith: /bin",
      "ParentCommandLine: 'nginx: worker'", "{Image|endswith: /sh, ParentImage|contains: nginx}",
    ] {
      #expect(holds(source, detection, [child, parent]), "\(detection)")
      #expect(holds(source, detection, [parent, child]), "\(detection)")
      #expect(!holds(source, detection, [child, other]), "\(detection)")
    }
    // What must not be its parent is told once the parent is known.
    let (rules, _) = sigma(
      "title: T\nlogsource: {\(source)}\ndetection: {s: {Image|endswith: /sh}, "
        + "n: {ParentImage|endswith: /nginx}, condition: s and not n}")
    #expect(titles(rules, [child, parent]).isEmpty)
    #expect(titles(rules, [child, other]) == ["T"])
  }

  @Test func sessionsOfOpenSSHAreItsServices() {
    for (program, service, expected) in [
      ("sshd-session", "sshd", true), ("sshd-auth", "sshd", true), ("sshd-x", "sshd", false), ("anacron", "cron", true),
      ("CRON", "cron", true), ("clamd", "clamav", true), ("guacd", "guacamole", true), ("guacd", "clamav", false),
    ] {
      let line = event(["program": .text(program), "text": .text("bad")], "linux:syslog:entry")
      #expect(holds("product: linux, service: \(service)", "text: bad", [line]) == expected, "\(program)")
    }
  }

  @Test func aSocketHasItsProgramsPathAndASideThatBegan() {
    func socket(_ local: Int64, _ remote: Int64) -> Event {
      event(
        ["program": .text("nc"), "local_port": .integer(local), "remote_port": .integer(remote)], "linux:capture:socket"
      )
    }
    let source = "product: linux, category: network_connection"
    #expect(holds(source, "{Image|endswith: /nc, Initiated: 'true'}", [socket(51000, 443)]))
    #expect(holds(source, "Image|startswith: /usr/bin", [socket(51000, 443)]))
    #expect(holds(source, "Initiated: 'false'", [socket(22, 51000)]))
    #expect(!holds(source, "Initiated: 'true'", [socket(22, 51000), socket(51000, 50000)]))
    #expect(!holds(source, "Image|endswith: /c", [socket(51000, 443)]))
  }

  @Test func membersOfAnIdentityWithoutANameOfTheirOwnAreInItsText() {
    let call = event(
      [
        "event_name": .text("X"), "identity_arn": .text("arn:a"),
        "user_identity": .text(#"{"arn":"arn:a","onBehalfOf":{"userId":"u-\u0031"},"credentialId":null}"#),
      ], "aws:cloudtrail:entry")
    for (detection, expected) in [
      ("userIdentity.onBehalfOf.userId: u-1", true), ("userIdentity.onBehalfOf.userId: u-2", false),
      ("userIdentity.credentialId|exists: true", true), ("userIdentity.other|exists: true", false),
      ("userIdentity.arn: 'arn:a'", true),
    ] {
      #expect(holds("product: aws, service: cloudtrail", detection, [call]) == expected, "\(detection)")
    }
  }

  @Test func cloudTrailNamesAreTheRecordsOwn() {
    let call = event(
      [
        "event_name": .text("RunInstances"), "identity_arn": .text("arn:aws:iam::1:user/a"),
        "request_parameters": .text(
          #"{"instancesSet":{"items":[{"imageId":"ami-1","note":"say \"hi\""},{"imageId":"ami-2"}]},"flag":true}"#),
      ], "aws:cloudtrail:entry")
    for (detection, expected) in [
      ("eventName: runinstances", true), ("userIdentity.arn|endswith: user/a", true),
      ("requestParameters.instancesSet.items.imageId: ami-2", true), ("requestParameters.flag: 'true'", true),
      ("requestParameters.instancesSet.items.note: 'say \"hi\"'", true), ("requestParameters|contains: ami-1", true),
      ("requestParameters.instancesSet.none: x", false), ("responseElements.x: y", false),
    ] {
      #expect(holds("product: aws, service: cloudtrail", detection, [call]) == expected, "\(detection)")
    }
  }

  @Test func webFieldsComeFromEveryKindOfRequest() {
    let access = event(
      [
        "method": .text("GET"), "path": .text("/a/b"), "query": .text("x=1"), "status": .integer(500),
        "user_agent": .text("curl/8"),
      ],
      "web:access:request")
    let waf = event(
      [
        "http_method": .text("GET"), "uri": .text("/a/b"), "query": .text("x=1"), "response_code": .integer(500),
        "user_agent": .text("curl/8"),
        "headers": .texts(["Host: shop", "Cookie: id=7"]),
      ], "aws:waf:request")
    for detection in [
      "cs-method: get", "cs-uri-query|contains: 'b?x=1'", "cs-uri-query: x=1", "cs-uri-stem: /a/b", "sc-status: 500",
      "cs-user-agent|startswith: curl",
    ] {
      #expect(holds("category: webserver", detection, [access]), "\(detection)")
      #expect(holds("category: webserver", detection, [waf]), "\(detection)")
    }
    #expect(holds("category: webserver", "cs-cookie|contains: id=7", [waf]))
    #expect(!holds("category: webserver", "cs-cookie|contains: id=7", [access]))
  }

  @Test func auditRecordsHaveArgumentsByNumber() {
    let record = event(
      [
        "types": .texts(["SYSCALL", "EXECVE"]), "arguments": .texts(["nc", "-e", "/bin/sh"]),
        "executable": .text("/usr/bin/nc"), "audit_key": .text("net"), "audit_euid": .text("0"),
      ],
      "linux:audit:syscall")
    for detection in ["type: EXECVE", "a1: -e", "a2|endswith: sh", "exe: /usr/bin/nc", "key: net", "euid: 0"] {
      #expect(holds("product: linux, service: auditd", detection, [record]), "\(detection)")
    }
    #expect(!holds("product: linux, service: auditd", "a3: x", [record]))
    #expect(holds("product: linux, category: process_creation", "Image: /usr/bin/nc", [record]))
  }

  /// Names that rules for plain lines have, and those of the audit daemon's own that the parser calls otherwise.
  @Test func linesAndCallsAnswerToTheirUsualNames() {
    let ssh = event(
      [
        "program": .text("sshd"), "host": .text("web1"), "text": .text("Failed password"),
        "remote_address": .text("10.1.2.3"),
      ], "linux:auth:entry")
    for detection in [
      "message|contains: failed", "Message|contains: failed", "hostname: web1", "src_ip|cidr: 10.0.0.0/8",
    ] {
      #expect(holds("product: linux, service: sshd", detection, [ssh]), "\(detection)")
    }
    #expect(!holds("product: linux, service: sshd", "message|contains: accepted", [ssh]))
    let call = event(
      ["types": .texts(["SYSCALL", "EXECVE"]), "result": .text("yes"), "command_line": .text("sh -c id")],
      "linux:audit:syscall")
    for detection in ["success: yes", "success: 'yes'", "proctitle|contains: '-c id'"] {
      #expect(holds("product: linux, service: auditd", detection, [call]), "\(detection)")
    }
    #expect(!holds("product: linux, service: auditd", "success: 'no'", [call]))
  }

  @Test func anFTPServersOwnLogIsItsServices() {
    let line = event(["text": .text("[bob] FTP response: \"530 Bad HTTP verb.\"")], "linux:ftp:entry")
    #expect(holds("product: linux, service: vsftpd", "text|contains: Bad HTTP verb", [line]))
    #expect(holds("product: linux", "text|contains: Bad HTTP verb", [line]))
    #expect(!holds("product: linux, service: sshd", "text|contains: Bad HTTP verb", [line]))
  }

  @Test func aLogSourceMayLeaveItsServiceOut() {
    let call = event(["event_name": .text("StopLogging")], "aws:cloudtrail:entry")
    #expect(holds("product: aws", "eventName: StopLogging", [call]))
    let query = event(["query_name": .text("x.example.")], "aws:route53:query")
    #expect(holds("product: linux, category: dns_query", "QueryName|contains: x.example", [query]))
    #expect(holds("product: linux, category: dns", "query|contains: x.example", [query]))
    let (_, diagnostics) = sigma(
      "title: T\nlogsource: {product: aws, service: inspector}\ndetection: {s: {a: 1}, condition: s}\n")
    #expect(diagnostics.map(\.level) == [.warning])
  }

  @Test func anErrorLogOfAWebServerIsItsServices() {
    let line = event(["text": .text("child pid 4321 exit signal Segmentation fault (11)")], "app:log:entry")
    #expect(holds("service: apache", "text|contains: 'exit signal Segmentation Fault'", [line]))
    #expect(holds("service: nginx", "text|contains: 'exit signal'", [line]))
  }

  @Test func servicesAreToldApartByProgram() {
    let ssh = event(["program": .text("sshd"), "text": .text("error: bad packet")], "linux:auth:entry")
    #expect(holds("product: linux, service: sshd", "text|contains: bad", [ssh]))
    #expect(holds("product: linux", "text|contains: bad", [ssh]))
    #expect(!holds("product: linux, service: sudo", "text|contains: bad", [ssh]))
    #expect(!holds("product: linux, service: cron", "text|contains: bad", [ssh]))
  }

  @Test(arguments: [
    ("sudo -u www LANG=C /opt/x --y", ["/opt/x"]), ("-bash", ["/usr/bin/bash", "/bin/bash"]), ("[kworker/0:1]", []),
    ("", []),
    ("nginx: worker process", ["/usr/bin/nginx", "/bin/nginx"]), ("sudo", []), ("env A=1", []), ("./run", ["./run"]),
    ("-", []),
    ("(python3 x)", ["/usr/bin/python3", "/bin/python3"]), ("\"python3\" x", ["/usr/bin/python3", "/bin/python3"]),
    ("'/usr/bin/python3' x", ["/usr/bin/python3"]), ("\\python3 x", ["/usr/bin/python3", "/bin/python3"]),
    ("p\"yth\"on3", ["/usr/bin/python3", "/bin/python3"]), ("timeout -s KILL 5 /p x", ["/p"]), ("nice -n 5 /p", ["/p"]),
    ("command /p", ["/p"]), ("doas -u www /p", ["/p"]), ("stdbuf -o0 /p", ["/p"]), ("xargs -I {} /p {}", ["/p"]),
    ("sudo -g www -u bob /p", ["/p"]), ("time -p /p", ["/p"]), ("! /p", ["/p"]), ("then /p", ["/p"]),
    ("{ /p", ["/p"]), ("/usr/bin/sudo -- /p", ["/p"]), ("echo sudo /p", ["/usr/bin/echo", "/bin/echo"]),
  ])
  func programs(_ line: String, _ images: [String]) { #expect(ShellCommandLine.images(line) == images) }

  @Test func commandsOfALineAreCutOutsideOfQuotes() {
    let commands = ShellCommandLine.simpleCommands("a 'x;y' 2>&1 | b \"p|q\" && c \\; d; e >& f &").map(\.text)
    #expect(commands.dropFirst() == ["a 'x;y' 2>&1", "b \"p|q\"", "c \\; d", "e >& f"])
    #expect(
      ShellCommandLine.simpleCommands(String(repeating: "a;", count: 10_000)).count <= ShellCommandLine.maximumCommands
        + 2)
  }

  @Test(arguments: [
    ("(a x)", ["a x"]), ("`a x`", ["a x"]), ("echo $(a x) y", ["echo", "a x", "y"]),
    ("echo \"$(a \"b;c\") d;e\" f", ["echo \"", "a \"b;c\"", "d;e\" f"]),
    ("if a; then b; fi", ["if a", "then b", "fi"]),
    ("echo '$(a)' \"(b)\"", []), ("echo \"`a`;b\"", ["echo \"", "a", ";b\""]),
  ])
  func commandsWithinCommandsAreToldApart(_ line: String, _ parts: [String]) {
    #expect(ShellCommandLine.simpleCommands(line).map(\.text) == [line] + parts)
  }

  @Test func listedProcessesAreWhatTheirArgumentsBeginWith() {
    #expect(ShellCommandLine.images(listed: "sudo -u www /opt/x") == ["/usr/bin/sudo", "/bin/sudo"])
    #expect(ShellCommandLine.images(listed: "[kworker/0:1]").isEmpty)
    #expect(ShellCommandLine.images(listed: "").isEmpty)
  }

  /// What a call made is told of each path.
  @Test func pathsThatACallMadeAreToldApart() {
    let record = event(
      [
        "paths": .texts(["/etc", "/tmp/new", "/etc/passwd"]),
        "audit_nametypes": .texts(["PARENT", "DELETE", "CREATE"]),
        "types": .texts(["SYSCALL", "PATH"]), "syscall": .text("82"), "arch": .text("c000003e"),
      ], "linux:audit:syscall")
    let file = "product: linux, category: file_event"
    #expect(holds(file, "TargetFilename: /etc/passwd", [record]))
    #expect(!holds(file, "TargetFilename|startswith: /tmp", [record]))
    let audit = "product: linux, service: auditd"
    #expect(holds(audit, "{type: PATH, nametype: CREATE, name: /etc/passwd}", [record]))
    #expect(holds(audit, "SYSCALL: rename", [record]))
    #expect(holds(audit, "SYSCALL: 82", [record]))
    #expect(!holds(audit, "SYSCALL: unlink", [record]))
    var arm = record
    arm.attributes.removeAll { $0.name == "arch" }
    arm.attributes.append(Attribute("arch", "c00000b7"))
    #expect(!holds(audit, "SYSCALL: rename", [arm]))
    arm.attributes.removeAll { $0.name == "audit_nametypes" }
    arm.attributes.append(Attribute("audit_nametypes", .texts(["NORMAL", "NORMAL", "NORMAL"])))
    #expect(!holds(file, "TargetFilename: /etc/passwd", [arm]))
  }

  @Test func filesThatWereMadeAreFileEvents() {
    let (rules, _) = sigma(
      "title: T\nlogsource: { product: linux, category: file_event }\n"
        + "detection: { s: { TargetFilename|startswith: /etc/cron.d/ }, condition: s }")
    let made: [String: Value] = [
      "paths": .texts(["/etc/cron.d/", "/etc/cron.d/x"]), "audit_nametype": .text("PARENT"), "syscall": .text("257"),
      "executable": .text("/usr/bin/vi"),
    ]
    #expect(titles(rules, [event(made, "linux:audit:syscall")]) == ["T"])
    var removed = made
    removed["syscall"] = .text("87")
    var read = made
    read["audit_nametype"] = .text("NORMAL")
    #expect(titles(rules, [event(removed, "linux:audit:syscall"), event(read, "linux:audit:syscall")]).isEmpty)
    var stat = event(["path": .text("/etc/cron.d/x")], "fs:stat", time: "2026-11-25T00:00:00Z")
    stat.timeMeaning = .modification
    #expect(titles(rules, [stat]) == ["T"])
    stat.timeMeaning = .access
    #expect(titles(rules, [stat]).isEmpty)
  }

  @Test func requestsForOtherHostsAreAProxys() {
    let (rules, _) = sigma(
      "title: T\nlogsource: { category: proxy }\ndetection: { a: { cs-host|endswith: .example, c-uri-extension: exe }, "
        + "b: { r-dns: drop.example, cs-method: CONNECT }, condition: a or b }")
    func request(_ method: String, _ path: String) -> Event {
      event(["method": .text(method), "path": .text(path)], "web:access:request")
    }
    #expect(
      titles(rules, [request("GET", "http://a.example:81/x/y.exe?z=1"), request("CONNECT", "drop.example:443")]) == [
        "T", "T",
      ])
    #expect(titles(rules, [request("GET", "/x/y.exe"), request("GET", "http://a.example/x.exe/y")]).isEmpty)
  }

  @Test(arguments: [
    (
      "http://user:pw@evil.example:8080/d/x.exe?q=1",
      "{cs-host: evil.example, c-uri-stem: /d/x.exe, cs-uri-stem: /d/x.exe}"
    ),
    ("HTTP://evil.example", "{r-dns: evil.example, c-uri-stem: /}"),
    ("http://[2001:db8::1]:80/x", "r-dns: '2001:db8::1'"),
  ])
  func addressesThatAProxyPassedOn(_ path: String, _ detection: String) {
    let request = event(["method": .text("GET"), "path": .text(path)], "web:access:request")
    #expect(holds("category: proxy", detection, [request]))
    let near = event(["method": .text("GET"), "path": .text("/r?u=" + path)], "web:access:request")
    #expect(!holds("category: proxy", detection, [near]))
  }

  /// A member of a call's objects is there whatever it says; null is no value, and empty text is one.
  @Test(arguments: [
    ("requestParameters.tag: ''", true), ("requestParameters.tag: null", false),
    ("requestParameters.tag|exists: true", true), ("requestParameters.policy: null", true),
    ("requestParameters.policy|exists: true", true), ("requestParameters.policy: ''", false),
    ("requestParameters.policy|exists: false", false), ("requestParameters.other|exists: false", true),
    ("requestParameters.other|exists: true", false), ("requestParameters.other: null", true),
    ("requestParameters.list|exists: true", true), ("requestParameters.list: null", true),
    ("requestParameters.list: ''", false), ("userAgent: ''", true), ("userAgent|exists: true", true),
    ("userAgent: null", false), ("errorMessage|exists: true", false), ("errorMessage: null", true),
  ])
  func whatIsThereAndSaysNothing(_ detection: String, _ expected: Bool) {
    let call = event(
      [
        "event_name": .text("X"), "user_agent": .text(""),
        "request_parameters": .text(#"{"tag":"","policy":null,"list":[]}"#),
      ], "aws:cloudtrail:entry")
    #expect(holds("product: aws, service: cloudtrail", detection, [call]) == expected, "\(detection)")
  }
}
