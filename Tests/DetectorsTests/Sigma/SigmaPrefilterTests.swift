import Bytes
import Evidence
import Foundation
import Testing

@testable import Detectors

/// The prefilter leaves rules out; it must never leave out one that holds.
struct SigmaPrefilterTests {
  /// Parts of rules, of which every pair of two is made a rule.
  private static let parts: [(source: String, detection: String)] = [
    ("category: process_creation, product: linux", "Image|endswith: /curl"),
    ("category: process_creation, product: linux", "Image: /usr/bin/wget"),
    ("category: process_creation, product: linux", "ParentImage|endswith: [/sudo, /cron, /bash]"),
    ("category: process_creation, product: linux", "CommandLine|contains|all: [' -O', 'tmp']"),
    ("category: process_creation, product: linux", "CommandLine|re: 'c[ou]rl .*(a|b)?-o{1,2} /TMP'"),
    ("category: process_creation, product: linux", "CommandLine|re|i: 'CURL\\s+-o'"),
    ("category: process_creation, product: linux", "User: root"),
    ("category: process_creation, product: linux", "ParentCommandLine|contains: kelvin"),
    ("category: process_creation, product: linux", "Image|startswith: [/usr/bin/c, /opt/]"),
    ("category: process_creation, product: linux", "Image|contains: /bin/"),
    ("category: process_creation, product: linux", "Image|startswith: /usr/bin"),
    ("category: process_creation, product: linux", "Image|contains: [bin, 'r/bin/c']"),
    ("category: process_creation, product: linux", "Image: ['/usr/*/curl', '/???/bin/wget', '/opt/*']"),
    ("category: process_creation, product: linux", "Image|re: '^/USR/bin/cu.l|^/bin/w'"),
    ("category: process_creation, product: linux", "Image|re|i: '^/USR/BIN'"),
    ("category: process_creation, product: linux", "Image|endswith: [/b, /bin/ls, bin/curl]"),
    ("category: process_creation, product: linux", "ParentImage|startswith: [/usr/bin, /bin/b]"),
    ("category: network_connection, product: linux", "Image|endswith: [/curl, bin/wget]"),
    ("category: network_connection, product: linux", "Image|startswith: /usr/b"),
    ("category: network_connection, product: linux", "Initiated: 'true'"),
    ("category: process_creation, product: linux", "Image|endswith: ['/ls:', '/-curl', '/curl:']"),
    ("category: process_creation, product: linux", "CommandLine|endswith: ' /tmp'"),
    ("category: process_creation, product: linux", "CommandLine|startswith: wget"),
    ("category: process_creation, product: linux", "CommandLine|re: '-(O|o) ?/(tmp|TMP)'"),
    ("category: webserver", "cs-uri-query|contains: 'x.php?id='"),
    ("category: webserver", "cs-referer: 'http://b.example/x'"),
    ("category: webserver", "cs-uri-query|endswith: '?id=1'"), ("category: webserver", "cs-cookie|startswith: a=b"),
    ("category: proxy", "c-uri|startswith: 'http://a.example'"), ("category: proxy", "cs-host|endswith: example"),
    ("category: proxy", "c-uri-extension: php"), ("category: proxy", "c-useragent: null"),
    ("category: proxy", "r-dns: a.example"), ("category: proxy", "c-uri-stem: /x.php"),
    ("category: proxy", "cs-uri-stem|endswith: .php"),
    ("product: linux, service: auditd", "SYSCALL: [execve, connect]"),
    ("product: linux, service: auditd", "type: EXECVE"), ("product: linux, service: auditd", "a1|startswith: '-'"),
    ("product: linux, service: auditd", "a0: [curl, wget]"), ("product: linux, service: auditd", "a1|re: '(^|/)[cw]'"),
    ("product: ir-analyze, service: fs:stat", "path|endswith: '/x.php'"),
    ("product: ir-analyze, service: fs:stat", "size|gte: 5"), ("product: ir-analyze", "size: 7"),
    ("category: file_event, product: linux", "TargetFilename|contains: '/tmp/'"),
    ("category: file_event, product: linux", "TargetFilename|endswith|cased: X.php"),
    ("category: webserver", "sc-status: [404, 500]"), ("category: webserver", "cs-method|neq: GET"),
    ("category: webserver", "cs-user-agent|startswith: Mozilla"),
    ("product: aws, service: cloudtrail", "requestParameters.a.b: 'quo\"te'"),
    ("product: aws, service: cloudtrail", "eventName|cased: CreateUser"),
    ("product: aws, service: cloudtrail", "eventName|startswith: [Create, Delete]"),
    ("product: aws, service: cloudtrail", "src_ip|cidr: 203.0.113.0/24"),
    ("category: firewall", "action: [accept, block]"), ("category: firewall", "blocked: 'true'"),
    ("category: firewall", "dst_ip|startswith: 203.0"), ("category: firewall", "src_port: [22, 443]"),
    ("category: firewall", "action|startswith: dr"), ("category: firewall", "src_ip: null"),
    ("product: linux", "COMMAND|contains: kelvin"), ("product: linux", "null_field: null"),
    ("product: linux", "timestamp|startswith: '2026-11'"),
  ]

  private static func rules() -> SigmaRules {
    var files: [(path: String, text: [UInt8])] = []
    for (place, part) in parts.enumerated() {
      for (other, second) in parts.enumerated() where second.source == part.source {
        for condition in ["a", "a and b", "a or b", "a and not b", "not a and b"] {
          let text = """
            title: rule \(place) \(other) \(condition)
            logsource: { \(part.source) }
            detection:
              a:
                \(part.detection)
              b:
                \(second.detection)
              condition: \(condition)
            """
          files.append(("\(place)-\(other)-\(condition).yml", Array(text.utf8)))
        }
      }
    }
    let keywords = """
      title: words
      logsource: { category: process_creation, product: linux }
      detection: { words: ['/usr/bin/curl', 'Ünïcode'], condition: words }
      ---
      title: words of a line
      logsource: { product: linux }
      detection: { words: ['curl wget', 'sudo', 'kelvin sshd[', 'curl: /tmp'], condition: words }
      ---
      title: words of a call
      logsource: { product: aws, service: cloudtrail }
      detection: { words: ['quo"te', 'CreateUser'], condition: words }
      """
    files.append(("words.yml", Array(keywords.utf8)))
    let (rules, diagnostics) = SigmaRules.load(files)
    #expect(diagnostics.filter { $0.level == .error }.isEmpty)
    return rules
  }

  private static let words = [
    "curl", "wget", "-curl", "/usr/bin/curl", "/opt/CURL", "-O", "-o", "/tmp", "/TMP/x", "|", ";", "sudo", "-u",
    "admin",
    "LANG=C", "env", "-sudo", "a;b", "ls:", "x|curl", "&&wget", " ", "/tmp ", "ls", "\u{212A}elvin", "kelvin",
    "(curl", "\"wget\"", "'/usr/bin/curl'", "\\ls)", "`wget", "$(curl", "w\"ge\"t", "timeout", "5", "doas", "then",
    "ünïcode", "ÜNÏCODE", "curl:", "[kworker]", "a.b", "\"tmp\"", "bash",
  ]

  private static func event(_ random: inout SplitMix) -> Event {
    func words(_ count: Int) -> String {
      (0..<count).map { _ in Self.words[random.below(Self.words.count)] }.joined(
        separator: random.below(5) == 0 ? "" : " ")
    }
    let types = [
      "linux:shell:command", "linux:capture:process", "linux:auth:entry", "linux:cron:entry", "linux:audit:syscall",
      "web:access:request", "web:access:request", "fs:stat", "linux:audit:syscall", "aws:cloudtrail:entry",
      "linux:syslog:entry", "aws:waf:request", "linux:capture:socket", "aws:vpcflow:record", "linux:kernel:entry",
    ]
    let type = types[random.below(types.count)]
    var attributes: [Attribute] = []
    func add(_ name: String, _ value: Value) { if random.below(4) > 0 { attributes.append(Attribute(name, value)) } }
    switch type {
    case "web:access:request", "aws:waf:request":
      let paths = [
        "/x.php", "/x.php?id=1", "/a", "http://a.example/x.php", "http://a.example:80", "b.example:443",
        "HTTPS://u:p@a.example/x.php?y", "http://[2001:db8::1]/x.php",
      ]
      add("path", .text(paths[random.below(paths.count)]))
      add("uri", .text(paths[random.below(paths.count)]))
      add("headers", .texts(["Referer: http://b.example/x", "Cookie:a=b; c=d", "Host: a.example "]))
      add("query", .text(["id=1", "q=", ""][random.below(3)]))
      add("status", .integer([200, 404, 500, 4040][random.below(4)]))
      add("method", .text(["GET", "POST", "get", "CONNECT"][random.below(4)]))
      add("user_agent", .text(["Mozilla/5.0", "curl/8", "xMozilla"][random.below(3)]))
    case "aws:vpcflow:record", "linux:kernel:entry":
      add("src_address", .text(["203.0.113.7", "10.0.0.1"][random.below(2)]))
      add("dst_address", .text(["203.0.113.8", "10.0.0.2"][random.below(2)]))
      add("pkt_dst_address", .text("203.0.113.9"))
      add("src_port", .integer([22, 443, 40000][random.below(3)]))
      add(
        type == "aws:vpcflow:record" ? "action" : "rule",
        .text(["ACCEPT", "REJECT", "UFW BLOCK", "FW-DROP:", "FW"][random.below(5)]))
    case "linux:capture:socket":
      add("program", .text(["curl", "wget", "-curl", "/usr/bin/wget", "b"][random.below(5)]))
      add("pid", .integer(Int64(random.below(9))))
      add("local_port", .integer([22, 40000][random.below(2)]))
      add("remote_port", .integer([443, 50000][random.below(2)]))
    case "fs:stat":
      add("path", .text(["/tmp/x.php", "/tmp", "/srv/X.php"][random.below(3)]))
      add("size", .integer(Int64(random.below(9)) - 1))
    case "aws:cloudtrail:entry":
      add("event_name", .text(["CreateUser", "createuser", "DeleteTrail", "ListUsers"][random.below(4)]))
      add(
        "request_parameters",
        .text(["{\"a\":{\"b\":\"quo\\\"te\"}}", "{\"a\":[{\"b\":\"x\"}]}", "quo\"te"][random.below(3)]))
      add("source_ip", .text(["203.0.113.7", "198.51.100.1"][random.below(2)]))
    default:
      if type == "linux:syslog:entry" {
        add("program", .text(["sudo", "curl", "sshd"][random.below(3)]))
        add("host", .text("kelvin"))
        add("text", .text(words(3)))
      }
      add(type == "linux:capture:process" ? "command_line" : "command", .text(words(1 + random.below(6))))
      add("shell", .text(["bash", "zsh"][random.below(2)]))
      add("action", .text("sudo"))
      add("user", .text(["root", "admin"][random.below(2)]))
      add("target_user", .text(["root", "admin"][random.below(2)]))
      add("pid", .integer(Int64(random.below(9))))
      add("ppid", .integer(Int64(random.below(9))))
      add("exe", .text(["/usr/bin/wget", "/bin/bash"][random.below(2)]))
      add("types", .texts(["SYSCALL", "EXECVE"]))
      add("arguments", .texts((0..<random.below(4)).map { _ in Self.words[random.below(Self.words.count)] }))
      add("paths", .texts(["/tmp/x.php", "/srv/X.php"]))
      add("audit_nametypes", .texts([["PARENT", "CREATE"], ["CREATE", "DELETE"], ["NORMAL"]][random.below(3)]))
      add("syscall", .text(["59", "42", "0"][random.below(3)]))
      add("audit_nametype", .text(["CREATE", "DELETE"][random.below(2)]))
    }
    let time = Timestamp(seconds: 1_795_000_000 + Int64(random.below(20_000_000)))
    let meaning: TimeMeaning = random.below(2) == 0 ? .creation : .access
    return Event(time: time, meaning, dataType: type, message: words(2), attributes: attributes, locator: .whole)
  }

  private func titles(_ rules: SigmaRules, _ events: [Event], isFiltered: Bool) -> [String] {
    let detector = SigmaDetector(rules, artifact: Digest(of: []), isFiltered: isFiltered)
    var titles: [String] = []
    for (place, event) in events.enumerated() { detector.inspect(event) { titles.append("\(place) \($0.title)") } }
    detector.finish { titles.append($0.title) }
    return titles
  }

  @Test func filteredAndPlainFindTheSame() {
    var random = SplitMix(seed: 11)
    let events = (0..<4000).map { _ in Self.event(&random) }
    let rules = Self.rules()
    let plain = titles(rules, events, isFiltered: false)
    #expect(plain.count > 1000)
    #expect(titles(rules, events, isFiltered: true) == plain)
    #expect(Set(plain.map { $0.drop { $0 != " " } }).count > rules.count / 3, "rules must hold somewhere")
  }

  /// Patterns, and runs of which every match holds one; nil where nothing can be said.
  private static let patterns: [(pattern: String, literals: [String]?)] = [
    ("abc+d*efg", ["abc"]), ("a(b|c)defg[xyz]hi", ["abdefg", "acdefg"]), ("one|two", ["one", "two"]),
    ("x[[:alpha:]]yes[]a]no", ["yes"]), (#"\.php\?id=\d+"#, [".php?id="]), (#"\bword\b"#, ["word"]),
    ("colou?r", ["colo"]), ("a{3}bcd", ["bcd"]), ("ab(cd)?efg", ["efg"]), ("ab(cd|x.y)efg", ["efg"]),
    ("ab(c.|def)", ["ab"]),
    (#"-(W|R)\s?([0-9a-f]{2}\s?){2,20}"#, ["-W", "-R"]), ("(?i)select .* from", ["select "]),
    ("(?:ab|cd)e", ["abe", "cde"]),
    (#"(ipfs\.io/|ipfs\.io\s).+@"#, ["ipfs.io/", "ipfs.io"]), ("^/etc/passwd$", ["/etc/passwd"]), ("a{b|c", nil),
    (#"\x41bcd"#, nil), ("[", nil), ("(?!abc)d.e", nil), ("(abc", nil), ("abc)", nil), ("a|", nil), ("(a|b)?", nil),
    ("(?x) a b c", nil),
  ]

  @Test(arguments: patterns.indices)
  func whatEveryMatchHolds(_ number: Int) {
    let (pattern, literals) = Self.patterns[number]
    let found = SigmaPatternText.literals(of: pattern)
    #expect(found.map { Set($0.map { String(decoding: $0, as: UTF8.self) }) } == literals.map { Set($0) })
  }

  static let corpus = ProcessInfo.processInfo.environment["IR_SIGMA_RULES"]

  @Test(.enabled(if: corpus != nil, "IR_SIGMA_RULES names no directory of public rules"))
  func publicRulesHaveGates() {
    let (set, _) = RuleSet.load(directory: Self.corpus ?? "")
    var random = SplitMix(seed: 5)
    let events = (0..<2000).map { _ in Self.event(&random) }
    #expect(titles(set.sigma, events, isFiltered: true) == titles(set.sigma, events, isFiltered: false))
    #expect((set.sigma.prefilter?.openCount ?? .max) < set.sigma.count / 10)
  }
}
