import ArgumentParser
import Detectors

struct RulesTest: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test",
    abstract: "Runs every rule over its samples: it must hit what it is for, and leave its near misses alone.")

  @OptionGroup var ruleOptions: RuleOptions

  func run() throws {
    let report = RuleTests.run(try ruleOptions.library().directory)
    for diagnostic in report.diagnostics { Terminal.print(Terminal.printable("\(diagnostic)")) }
    for failure in report.failures { Terminal.print(Terminal.printable("failed: \(failure)")) }
    for name in report.untested { Terminal.print(Terminal.printable("untested: \(name)")) }
    Terminal.tell(
      "\(report.passed) samples passed, \(report.failures.count) failed, \(report.untested.count) rules untested")
    try (report.isPassed ? ExitStatus.finished : .notCovered).end()
  }
}
