import ArgumentParser
import Bytes
import Engine
import Evidence
import Foundation
import LogParse

struct ParseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "parse",
    abstract: "Events of logs and captures, and what detectors find in them, without a store.",
    discussion: """
      For a look at single files. What they are, their content says; compression is undone. JSON Lines: for each file a line \
      `file`, then its lines `event`, `finding` and `coverage`, files in the order given. YARA and Sigma rules, and everything \
      that needs more than one source, are `ir-analyze run`'s.

      Example: ir-analyze parse --findings waf/*.gz | jq .finding.message
      """)

  @Argument(help: "Files; - is standard input.", completion: .file())
  var files: [String]

  @Flag(help: "Leave out events.")
  var findings = false

  @Option(help: ArgumentHelp("Name of what comes on standard input (-): host/auth.log.", valueName: "NAME"))
  var name: SourceName?

  @Option(
    help: ArgumentHelp(
      "Zone of times that say none, of the machine that wrote them, as +09:00 or Europe/Berlin; UTC otherwise.",
      valueName: "ZONE"))
  var zone: ZoneArgument?

  @OptionGroup var threads: ThreadOptions

  @Flag(name: .shortAndLong, help: "Say nothing but errors.")
  var quiet = false

  func validate() throws {
    if files.count(where: { $0 == "-" }) > 1 { throw ValidationError("standard input can be read but once") }
  }

  func run() throws {
    let parsing = FileParsing(
      files.map { $0 == "-" ? .input(name: name?.text ?? "-") : .file($0) }, leavesOutEvents: findings,
      threads: threads.count, zone: zone?.option)
    let totals = parsing.run()
    if !quiet {
      Terminal.tell("\(totals.files) files, \(totals.events) events, \(totals.findings) findings")
    }
    try (totals.isCovered ? ExitStatus.finished : .notCovered).end()
  }
}

/// `+09:00`, `-0330`, `+9`, `UTC` or `Z`; the name of a zone that is known; or a zone's rule as POSIX writes it in `TZ`.
struct ZoneArgument: ExpressibleByArgument {
  /// As `LooseFile` takes it: minutes east of UTC, or the rule.
  var option: String

  init?(argument: String) {
    guard let option = Self.minutes(argument).map(String.init) ?? ZoneNames.option(argument) else { return nil }
    self.option = option
  }

  private static func minutes(_ argument: String) -> Int? {
    if argument == "UTC" || argument == "Z" { return 0 }
    guard let sign = argument.first, sign == "+" || sign == "-" else { return nil }
    var hours = argument.dropFirst()
    var rest = Substring("00")
    if let colon = hours.firstIndex(of: ":") {
      rest = hours[hours.index(after: colon)...]
      hours = hours[..<colon]
    } else if hours.utf8.count == 4 {
      rest = hours.suffix(2)
      hours = hours.dropLast(2)
    }
    guard (1...2).contains(hours.utf8.count), rest.utf8.count == 2,
      (hours + rest).utf8.allSatisfy({ (0x30...0x39).contains($0) }), let whole = Int(hours), let part = Int(rest),
      whole <= 18, part < 60
    else { return nil }
    return (sign == "-" ? -1 : 1) * (whole * 60 + part)
  }
}
