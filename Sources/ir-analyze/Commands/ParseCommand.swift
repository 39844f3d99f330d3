import ArgumentParser
import Bytes
import Engine
import Evidence
import Foundation

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

  @Option(help: ArgumentHelp("Threads; otherwise one for each processor.", valueName: "N"))
  var workers: Int?

  @Flag(name: .shortAndLong, help: "Say nothing but errors.")
  var quiet = false

  func validate() throws {
    if let workers, !(1...1024).contains(workers) { throw ValidationError("--workers takes a number from 1 to 1024") }
    if files.count(where: { $0 == "-" }) > 1 { throw ValidationError("standard input can be read but once") }
  }

  func run() throws {
    let threads = workers ?? ProcessInfo.processInfo.activeProcessorCount
    let parsing = FileParsing(
      files.map { $0 == "-" ? .input(name: name?.text ?? "-") : .file($0) }, leavesOutEvents: findings,
      threads: threads)
    let totals = parsing.run()
    if !quiet {
      Terminal.tell("\(totals.files) files, \(totals.events) events, \(totals.findings) findings")
    }
    try (totals.isCovered ? ExitStatus.finished : .notCovered).end()
  }
}
