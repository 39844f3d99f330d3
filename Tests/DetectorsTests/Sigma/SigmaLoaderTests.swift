import Evidence
import Foundation
import Testing

@testable import Detectors

struct SigmaLoaderTests {
  @Test func brokenDocumentsAreToldAndTheOthersUsed() {
    let (rules, diagnostics) = SigmaRules.load([
      ("good.yml", Array(nativeRule("s:\n  a: 1").utf8)), ("yaml.yml", Array("a: [1".utf8)),
      ("level.yml", Array((nativeRule("s:\n  a: 1") + "level: extreme\n").utf8)), ("none.yml", Array("just text".utf8)),
      ("source.yml", Array("title: x\ndetection:\n  s:\n    a: 1\n  condition: s\n".utf8)),
      ("title.yml", Array("logsource:\n  product: linux\n".utf8)), ("empty.yml", []),
    ])
    #expect(rules.count == 1)
    #expect(Set(diagnostics.map(\.file)) == ["yaml.yml", "level.yml", "none.yml", "source.yml", "title.yml"])
    #expect(diagnostics.allSatisfy { $0.level == .error && $0.line != nil })
  }

  @Test func aLogSourceThatNothingFeedsIsAWarning() {
    let (rules, diagnostics) = sigma(
      "title: T\nlogsource:\n  product: windows\n  category: process_creation\ndetection:\n  s:\n    a: 1\n  condition: s\n"
    )
    #expect(rules.count == 1)
    #expect(diagnostics.map(\.level) == [.warning] && diagnostics[0].message.contains("windows/process_creation"))
  }

  /// A misspelt field never holds, and without a word nobody would know.
  @Test(
    arguments: [
      ("product: linux, category: process_creation", "Hashes|contains: x", "Hashes"),
      ("product: linux, category: process_creation", "Image: /bin/sh\n    ParentUser: root", "ParentUser"),
      ("product: linux, category: process_creation", "Image|fieldref: OriginalFileName", "OriginalFileName"),
      ("product: linux, category: network_connection", "DestinationIsIpv6: true", "DestinationIsIpv6"),
      ("category: webserver", "cs-uri-extension: jsp", "cs-uri-extension"),
      ("product: aws, service: cloudtrail", "eventname: X", "eventname"),
      ("product: aws, service: cloudtrail", "src_country: US", "src_country"),
      ("product: aws, service: cloudtrail", "userIdentity.acessKeyId: A", nil),
      ("product: linux, service: auditd", "CommandLine: x", "CommandLine"),
      ("product: linux, service: auditd", "type: EXECVE\n    a0: sh\n    ARCH: x\n    saddr: y", nil),
      ("product: linux, service: sshd", "Image: x", "Image"), ("product: linux, service: sudo", "USER: root", nil),
      (
        "product: linux, category: process_creation",
        "CommandLine: x\n    Image: y\n    ParentImage: z\n    User: root\n    LogonId: 1\n    pid: 4", nil
      ),
      ("category: proxy", "r-dns: x\n    c-uri-extension: y\n    cs-host: z\n    c-useragent: u", nil),
      ("product: aws, service: cloudtrail", "eventName: X\n    requestParameters.any.thing: y\n    mfa: true", nil),
      ("category: application, product: spring", "Any: x", nil), ("product: ir-analyze", "What: x", nil),
    ] as [(String, String, String?)])
  func aFieldThatNoRecordHasIsAWarning(_ source: String, _ detection: String, _ field: String?) {
    let (rules, diagnostics) = sigma(
      "title: T\nlogsource: {\(source)}\ndetection:\n  s:\n    \(detection)\n  condition: s\n")
    #expect(rules.count == 1)
    #expect(diagnostics.map(\.level) == (field == nil ? [] : [.warning]), "\(diagnostics)")
    if let field { #expect(diagnostics.first?.message.contains("field \(field):") == true, "\(diagnostics)") }
  }

  @Test func aCorrelationIsToldOfItsFieldsToo() {
    func told(_ field: String) -> [String] {
      sigma(
        """
        title: R
        name: r
        logsource: {product: linux, category: process_creation}
        detection: {s: {Image: x}, condition: s}
        ---
        title: C
        correlation: {type: event_count, rules: [r], group-by: [\(field)], timespan: 1m, condition: {gte: 2}}
        """
      ).1.compactMap(\.rule)
    }
    #expect(told("User") == [] && told("Usr") == ["C"])
  }

  @Test func aSmallFileThatMeansALargeOneIsRefused() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...9 {
      text +=
        "a\(level): &a\(level) [" + [String](repeating: "*a\(level - 1)", count: 10).joined(separator: ", ") + "]\n"
    }
    let (rules, diagnostics) = sigma("title: bomb\n" + text)
    #expect(
      rules.count == 0 && diagnostics.first?.message.contains("aliases") == true, "\(diagnostics.map(\.message))")
  }

  @Test func filtersAreAddedToTheRulesTheyMean() {
    let rule = "title: R\nname: r\n" + nativeRule("s:\n  a: 1").dropFirst("title: T\n".count)
    let filter =
      "---\ntitle: F\nlogsource:\n  product: ir-analyze\nfilter:\n  rules:\n    - r\n  known:\n    host: build\n  condition: not known\n"
    let (rules, diagnostics) = sigma(rule + filter)
    #expect(diagnostics.isEmpty)
    #expect(titles(rules, [event(["a": .text("1"), "host": .text("build")])]) == [])
    #expect(titles(rules, [event(["a": .text("1"), "host": .text("other")])]) == ["R"])
    #expect(sigma(rule + filter.replacingOccurrences(of: "- r", with: "- q")).1.map(\.level) == [.warning])
  }

  @Test func aFilterStaysWithinItsLogSourceAndNamesItsRules() {
    let rule = "title: R\nname: r\n" + nativeRule("s:\n  a: 1").dropFirst("title: T\n".count)
    func filter(_ source: String, _ rules: String) -> String {
      "---\ntitle: F\nlogsource:\n  product: \(source)\nfilter:\n\(rules)  known:\n    host: build\n  condition: not known\n"
    }
    let known = [event(["a": .text("1"), "host": .text("build")])]
    #expect(titles(sigma(rule + filter("linux", "  rules: [r]\n")).0, known) == ["R"])
    for all in ["any", "all"] {
      let (rules, diagnostics) = sigma(rule + filter("ir-analyze", "  rules: \(all)\n"))
      #expect(diagnostics.isEmpty && titles(rules, known).isEmpty, "\(all)")
    }
    let (rules, diagnostics) = sigma(rule + filter("ir-analyze", ""))
    #expect(diagnostics.map(\.level) == [.error] && titles(rules, known) == ["R"])
  }

  @Test func whatARuleSaysInVainIsToldWithItsLine() {
    func told(_ detection: String, _ condition: String) -> [String] {
      sigma(nativeRule(detection, condition: condition)).1.map { "\($0.level) \($0.line ?? 0) \($0.message)" }
    }
    #expect(told("s:\n  a: 1\nunused:\n  b: 2", "s") == ["warning 7 no condition names unused: it changes nothing"])
    #expect(told("s:\n  a: 1\nother:\n  b: 2", "1 of *").isEmpty)
    #expect(told("s:\n  a: 1\n_quiet:\n  b: 2", "all of them").count == 1)
    #expect(told("s:\n  a: 1\nt:\n  b: 2", "[s, not t]").isEmpty)
    #expect(told("s:\n  a: 1\ntimeframe: 5m", "s").first?.hasPrefix("warning 7 timeframe") == true)
    // The rule is of use all the same.
    #expect(sigma(nativeRule("s:\n  a: 1\nunused:\n  b: 2")).0.count == 1)
  }

  @Test func anUnknownFieldIsToldWhereItStands() {
    let (_, diagnostics) = sigma(
      "title: T\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n  s:\n    eventName: X\n  t:\n    - eventName: Y\n"
        + "      eventname|contains: Z\n  condition: s or t\n")
    #expect(diagnostics.map(\.line) == [8], "\(diagnostics)")
  }

  @Test func aFilterThatNamesUnknownRulesBesideKnownOnesIsTold() {
    let rule = "title: R\nname: r\n" + nativeRule("s:\n  a: 1").dropFirst("title: T\n".count)
    let (_, diagnostics) = sigma(
      rule
        + "---\ntitle: F\nlogsource: {product: ir-analyze}\nfilter: {rules: [r, gone], k: {b: 1}, condition: not k}\n")
    #expect(diagnostics.map(\.message) == ["names rules that are not loaded: gone"])
  }

  @Test func wordsOfACorrelationThatMeanNothingAreTold() {
    func told(_ correlation: String) -> [String] {
      sigma(
        correlatedRules + "title: C\ncorrelation: {type: event_count, rules: [a], timespan: 1m, condition: {gte: 1}"
          + correlation + "}\n"
      ).1.map(\.message)
    }
    #expect(told("").isEmpty && told(", group-by: [who], generate: true").isEmpty)
    #expect(told(", group_by: [who]") == ["unknown word in a correlation: group_by"])
    #expect(told(", generate: maybe") == ["generate takes true or false"])
    #expect(told(", aliases: {who: {a: user}}") == ["nothing goes by the alias who"])
    #expect(told(", group-by: [who], aliases: {who: {a: user}}").isEmpty)
  }

  @Test func anEmptyWordOfALogSourceIsNone() {
    let (rules, diagnostics) = sigma(
      "title: T\nlogsource:\n  category:\n  product: aws\n  service: cloudtrail\ndetection: {s: {eventName: X}, condition: s}\n"
    )
    #expect(diagnostics.isEmpty, "\(diagnostics)")
    #expect(titles(rules, [event(["event_name": .text("X")], "aws:cloudtrail:entry")]) == ["T"])
  }

  @Test func whoWroteARuleGoesIntoTheFinding() throws {
    let (rules, _) = sigma(
      nativeRule("s:\n  a: 1")
        + "id: 11111111-2222-4333-8444-555555555555\nauthor: Somebody\nlicense: DRL-1.1\nreferences:\n  - https://example.org\nlevel: high\nstatus: stable\ntags:\n  - attack.t1059.004\n  - attack.execution\n"
    )
    let finding = try #require(findings(rules, [event(["a": .text("1")], message: "what was seen")]).first)
    #expect(
      finding.rule == "11111111-2222-4333-8444-555555555555" && finding.severity == .high && finding.confidence == .high
    )
    #expect(finding.attack == ["T1059.004"] && finding.message.contains("what was seen"))
    let told = Dictionary(finding.attributes.map { ($0.name, $0.value.text) }, uniquingKeysWith: { first, _ in first })
    #expect(told["author"] == "Somebody" && told["license"] == "DRL-1.1" && told["references"] == "https://example.org")
  }

  @Test func fingerprintsFollowMeaning() {
    let text = nativeRule("s:\n  a: 1")
    func print(_ text: String) -> [Digest] { sigma(text).0.fingerprints.map(\.digest) }
    #expect(print(text) == print("# comment\n" + text.replacingOccurrences(of: "a: 1", with: "a:   1   # why")))
    #expect(print(text) != print(text.replacingOccurrences(of: "a: 1", with: "a: 2")))
    #expect(print(text) != print(text.replacingOccurrences(of: "a: 1", with: "a: '1'")))
  }

  static let corpus = ProcessInfo.processInfo.environment["IR_SIGMA"]

  @Test(.enabled(if: corpus != nil, "IR_SIGMA names no directory of public rules"))
  func publicRulesLoad() {
    let (set, diagnostics) = RuleSet.load(directory: Self.corpus ?? "")
    let errors = diagnostics.filter { $0.level == .error }
    #expect(set.sigma.count > 480)
    #expect(errors.count <= 2 && errors.allSatisfy { $0.message.contains("expand") })
  }

  @Test func anotherTaxonomyIsRefused() {
    let (rules, diagnostics) = sigma(nativeRule("s: {a: b}") + "taxonomy: ecs\n")
    #expect(rules.count == 0 && diagnostics.first?.message.contains("taxonomy ecs") == true, "\(diagnostics)")
    #expect(sigma(nativeRule("s: {a: b}") + "taxonomy: sigma\n").0.count == 1)
  }
}
