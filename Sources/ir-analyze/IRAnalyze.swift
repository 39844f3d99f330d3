import ArgumentParser
import CPlatform
import Foundation

@main
struct IRAnalyze: ParsableCommand {
  static let version = "0.1.0"
  /// As custody names it.
  static let tool = "ir-analyze \(version)"

  static let configuration = CommandConfiguration(
    commandName: "ir-analyze",
    abstract: "Analyzes the evidence of an incident on a Linux server on AWS.",
    discussion: """
      Point it at what was collected and read the report:

        ir-analyze run BUNDLE -o report

      Exit codes: 0 finished, everything covered · 2 finished, some input not covered · 3 evidence integrity failure · \
      4 interrupted, run again to resume · 10 findings at or above --fail-level (only when asked) · 64 wrong usage · \
      70 internal error.
      """,
    version: version,
    subcommands: [
      RunCommand.self, IngestCommand.self, AnalyzeCommand.self, ReportCommand.self, RescanCommand.self,
      TimelineCommand.self, NotifyCommand.self, VerifyCommand.self, ShowCommand.self, StoreCommand.self,
      PushCommand.self, MemoryCommand.self, RulesCommand.self, YaraCommandLine.self,
      ParseCommand.self, DetectCommand.self, DecodeCommand.self, WorkerCommand.self,
    ])

  static func main() {
    Terminal.openStandardFiles()
    platform_ignore_sigpipe()
    do {
      // A worker is started by the hundred, and reading the words of all commands takes longer than its first unit.
      let words = CommandLine.arguments.dropFirst()
      var command =
        words.first == WorkerCommand.configuration.commandName
        ? try WorkerCommand.parseAsRoot(Array(words.dropFirst())) : try parseAsRoot()
      try command.run()
    } catch let failure as ExitStatus.Failure {
      Terminal.tell("error: \(failure.reason)")
      Foundation.exit(failure.status.rawValue)
    } catch let code as ExitCode {
      Foundation.exit(code.rawValue)
    } catch {
      // Help, version and wrong usage: argument-parser prints them and exits with 0 or 64.
      if Self.exitCode(for: error) == .validationFailure || Self.exitCode(for: error) == .success {
        exit(withError: error)
      }
      let failure = ExitStatus.failure(for: error)
      Terminal.tell("error: \(failure.reason)")
      Foundation.exit(failure.status.rawValue)
    }
  }
}
