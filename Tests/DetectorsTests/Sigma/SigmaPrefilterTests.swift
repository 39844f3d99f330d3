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
    ("category: webserver", "cs-uri-query|contains: 'x.php?id='"),
    ("category: webserver", "sc-status: [404, 500]"), ("category: webserver", "cs-method|neq: GET"),
    ("category: webserver", "cs-user-agent|startswith: Mozilla"),
    ("product: aws, service: cloudtrail", "requestParameters.a.b: 'quo\"te'"),
    ("product: aws, service: cloudtrail", "eventName|cased: CreateUser"),
    ("product: aws, service: cloudtrail", "eventName|startswith: [Create, Delete]"),
    ("product: aws, service: cloudtrail", "src_ip|cidr: 203.0.113.0/24"),
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
      """
    files.append(("words.yml", Array(keywords.utf8)))
    let (rules, diagnostics) = SigmaRules.load(files)
    #expect(diagnostics.filter { $0.level == .error }.isEmpty)
    return rules
  }

  private static let words = [
    "curl", "wget", "-curl", "/usr/bin/curl", "/opt/CURL", "-O", "-o", "/tmp", "/TMP/x", "|", ";", "sudo", "-u",
    "admin",
    "LANG=C", "ls", "\u{212A}elvin", "kelvin", "ünïcode", "ÜNÏCODE", "curl:", "[kworker]", "a.b", "\"tmp\"", "bash",
  ]

  private static func event(_ random: inout SplitMix) -> Event {
    func words(_ count: Int) -> String {
      (0..<count).map { _ in Self.words[random.below(Self.words.count)] }.joined(
        separator: random.below(5) == 0 ? "" : " ")
    }
    let types = [
      "linux:shell:command", "linux:capture:process", "linux:auth:entry", "linux:cron:entry", "linux:audit:syscall",
      "web:access:request", "aws:cloudtrail:entry", "linux:syslog:entry", "aws:waf:request",
    ]
    let type = types[random.below(types.count)]
    var attributes: [Attribute] = []
    func add(_ name: String, _ value: Value) { if random.below(4) > 0 { attributes.append(Attribute(name, value)) } }
    switch type {
    case "web:access:request", "aws:waf:request":
      add("path", .text(["/x.php", "/x.php?id=1", "/a"][random.below(3)]))
      add("query", .text(["id=1", "q=", ""][random.below(3)]))
      add("status", .integer([200, 404, 500, 4040][random.below(4)]))
      add("method", .text(["GET", "POST", "get"][random.below(3)]))
      add("user_agent", .text(["Mozilla/5.0", "curl/8", "xMozilla"][random.below(3)]))
    case "aws:cloudtrail:entry":
      add("event_name", .text(["CreateUser", "createuser", "DeleteTrail", "ListUsers"][random.below(4)]))
      add(
        "request_parameters",
        .text(["{\"a\":{\"b\":\"quo\\\"te\"}}", "{\"a\":[{\"b\":\"x\"}]}", "quo\"te"][random.below(3)]))
      add("source_ip", .text(["203.0.113.7", "198.51.100.1"][random.below(2)]))
    default:
      add(type == "linux:capture:process" ? "command_line" : "command", .text(words(1 + random.below(6))))
      add("shell", .text(["bash", "zsh"][random.below(2)]))
      add("action", .text("sudo"))
      add("user", .text(["root", "admin"][random.below(2)]))
      add("target_user", .text(["root", "admin"][random.below(2)]))
      add("pid", .integer(Int64(random.below(9))))
      add("ppid", .integer(Int64(random.below(9))))
      add("exe", .text(["/usr/bin/wget", "/bin/bash"][random.below(2)]))
      add("types", .texts(["SYSCALL", "EXECVE"]))
    }
    let time = Timestamp(seconds: 1_795_000_000 + Int64(random.below(20_000_000)))
    return Event(time: time, dataType: type, message: words(2), attributes: attributes, locator: .whole)
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

  @Test(arguments: [
    ("abc+d*efg", "abc"), ("a(b|c)defg[xyz]hi", "defg"), ("one|two", nil), ("x[[:alpha:]]yes[]a]no", "yes"),
    (#"\.php\?id=\d+"#, ".php?id="), (#"\bword\b"#, "word"), ("colou?r", "colo"), ("a{3}bcd", "bcd"),
    (#"\x41bcd"#, nil),
    ("(?i)select .* from", "select "), ("[", nil), ("^/etc/passwd$", "/etc/passwd"),
  ])
  func whatEveryMatchHolds(_ pattern: String, _ literal: String?) {
    #expect(SigmaPatternText.literal(of: pattern).map { String(decoding: $0, as: UTF8.self) } == literal)
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
