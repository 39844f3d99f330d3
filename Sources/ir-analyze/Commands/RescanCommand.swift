import ArgumentParser
import ArtifactStore
import Bytes
import CPlatform
import Engine
import Evidence
import Foundation

struct RescanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rescan",
    abstract: "Asks updated rules of all evidence in a store, and says what differs from the last time.",
    discussion: """
      Only what can give another answer is computed: rules that are new or changed over all evidence, all rules over new \
      evidence, and everything that a new version of the program reads otherwise. For a nightly run:

        ir-analyze rescan --store /srv/ir-store --rules /etc/ir-analyze/rules -o /srv/ir-rescan --max-time 4h

      A rule file that does not load, or that ends the process that examines it, is named and left out; its last good \
      version stays in force. Exit codes: 0 finished · 2 something was left out or not come to · 3 the audit found another \
      result than the store has · 10 a new or changed finding at or above --fail-level.
      """)

  @Option(help: ArgumentHelp("A store; may be given several times.", valueName: "DIR"), completion: .directory)
  var store: [String] = []

  @OptionGroup var ruleOptions: RuleOptions

  @Option(
    name: .customLong("case"), help: ArgumentHelp("Only this case; may be given several times.", valueName: "NAME"))
  var cases: [CaseName] = []

  @Option(
    help: ArgumentHelp(
      "Only cases that took evidence in since then: 2026-11-20, a time as in RFC 3339, or an age such as 12h or 7d.",
      valueName: "TIME"))
  var since: Since?

  @Option(
    help: ArgumentHelp(
      "Begins no unit after so long (90m, 4h): the gravest and newest cases come first, the rest waits for the next run.",
      valueName: "TIME"))
  var maxTime: Span?

  @Option(
    help: ArgumentHelp(
      "Computes this part of all results from nothing and compares them with those in the store.", valueName: "PERCENT")
  )
  var audit: Percent?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Folder for rescan.md, rescan.json and, for each store, the record of what was computed.", valueName: "OUT"),
    completion: .directory)
  var output: String?

  @Flag(help: "JSON on standard output instead of text.")
  var json = false

  @Option(
    help: ArgumentHelp(
      "End with code 10 when a finding of this severity or above is new or changed.", valueName: "SEVERITY"))
  var failLevel: Severity?

  @Option(
    help: ArgumentHelp(
      "Shell command to run when a finding is new, changed or gone: it gets rescan.json on standard input.",
      valueName: "COMMAND"))
  var hook: String?

  @OptionGroup var work: WorkOptions

  func run() throws {
    let begin = Date()
    let deadline = maxTime.map { begin.addingTimeInterval($0.seconds) }
    let library = try ruleOptions.library()
    let named = ProcessInfo.processInfo.environment["IR_ANALYZE_STORE"] ?? "ir-analyze-store"
    let stores = try (store.isEmpty ? [named] : store).map { path in
      var options = StoreOptions()
      options.store = path
      options.signKey = nil
      return try options.openExisting(for: "rescan")
    }
    let known = try Set(stores.flatMap { try $0.cases.cases() })
    if let name = cases.map(\.text).first(where: { !known.contains($0) }) {
      throw ExitStatus.Failure(
        .usage, "no store has a case \(name); they hold \(known.sorted().joined(separator: ", "))")
    }
    platform_watch_interrupts()
    var report = RescanReport(began: begin)
    for store in stores {
      var night = StoreRescan(store: store, rules: library.directory, work: work, deadline: deadline)
      try night.run(cases: Set(cases.map(\.text)), since: since?.time, audit: audit?.part, into: &report)
    }
    report.end(failLevel: failLevel)
    if let output { try report.write(to: output) }
    if let hook, report.differs, !RescanHook.run(hook, input: report.json) {
      Terminal.tell("the hook failed; the re-scan is complete all the same: \(hook)")
      report.hookFailed()
    }
    Terminal.print(bytes: json ? report.json : report.text(isMarkdown: false))
    try report.status.end()
  }
}

/// The hidden side of a rule update: examines files in a process that may end.
struct RulesExamine: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "examine",
    abstract: "Reads paths of rule files on standard input, says of each what is wrong with it.",
    shouldDisplay: false)

  @Argument var directory: String

  func run() throws {
    platform_end_with_parent()
    try RuleAdmission.examine(directory, input: FileStream(descriptor: 0, name: "standard input"), output: 1)
  }
}

/// `90s`, `15m`, `4h`, `7d`; a bare number is seconds.
struct Span: ExpressibleByArgument {
  var seconds: Double

  init?(argument: String) {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
    let unit = argument.last.flatMap { units[$0] }
    guard let number = Double(unit == nil ? argument : String(argument.dropLast())), number > 0, number < 1e7 else {
      return nil
    }
    seconds = number * (unit ?? 1)
  }
}

/// A moment, or an age from now.
struct Since: ExpressibleByArgument {
  var time: Timestamp

  init?(argument: String) {
    if let span = Span(argument: argument), argument.last?.isLetter == true {
      let nanoseconds = Int64(span.seconds * 1e9)
      time = Timestamp(nanoseconds: Timestamp.now.nanoseconds.subtractingReportingOverflow(nanoseconds).partialValue)
    } else if let time = argument.withView({ Timestamp(iso8601: $0) }) {
      self.time = time
    } else if let time = (argument + "T00:00:00Z").withView({ Timestamp(iso8601: $0) }) {
      self.time = time
    } else {
      return nil
    }
  }
}

/// `1%`, `0.5 %`, `100`
struct Percent: ExpressibleByArgument {
  /// 0 to 1.
  var part: Double

  init?(argument: String) {
    let digits = argument.filter { $0 != "%" && $0 != " " }
    guard let number = Double(digits), (0...100).contains(number) else { return nil }
    part = number / 100
  }
}
