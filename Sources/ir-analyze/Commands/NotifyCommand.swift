import ArgumentParser
import Bytes
import Foundation
import Report

struct NotifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "notify", abstract: "Tells a Discord or Slack channel what a report found, and where it is.",
    discussion: """
      OUT is the folder of a report; without it the report in the current folder. The message has the verdict, the host, \
      and the worst findings or those named; secrets are masked.

        ir-analyze notify report --webhook https://discord.com/api/webhooks/…
        ir-analyze notify report --dry-run --format slack | jq .

      The webhook may also stand in IR_ANALYZE_WEBHOOK, where no process list shows it. Waits when the service says 429.
      """)

  @Argument(help: "Folder of a report.", completion: .directory)
  var out: String?

  @Option(help: ArgumentHelp("Address that takes the message; otherwise IR_ANALYZE_WEBHOOK.", valueName: "URL"))
  var webhook: String?

  @Option(help: ArgumentHelp("discord or slack; otherwise by the webhook's host.", valueName: "FORMAT"))
  var format: NoticeFormat?

  @Option(help: ArgumentHelp("A finding to tell, by its id or its beginning. Several: all of them.", valueName: "ID"))
  var finding: [String] = []

  @Option(
    help: ArgumentHelp("Where readers find the report; otherwise this machine and the folder.", valueName: "TEXT"))
  var place: String?

  @Option(help: ArgumentHelp("How often the service is tried.", valueName: "N"))
  var attempts = 5

  @Flag(help: "Print the message instead of sending it.")
  var dryRun = false

  func validate() throws {
    if !(1...20).contains(attempts) { throw ValidationError("--attempts takes a number from 1 to 20") }
    if finding.count > Notice.maximumItems {
      throw ValidationError("one message tells at most \(Notice.maximumItems) findings")
    }
  }

  func run() throws {
    let folder = try out ?? ReportFolder.find()
    guard FileManager.default.fileExists(atPath: folder + "/incident.json") else {
      throw ExitStatus.Failure(.usage, "there is no report in \(folder): name the folder that `run -o` wrote")
    }
    let address = webhook ?? ProcessInfo.processInfo.environment["IR_ANALYZE_WEBHOOK"]
    let target = try address.map { try Webhook($0, attempts: attempts) }
    guard let form = format ?? target.flatMap({ NoticeFormat(host: $0.url.host ?? "") }) else {
      throw ExitStatus.Failure(.usage, "say --format discord or --format slack: the webhook's host does not tell")
    }
    let file = URL(fileURLWithPath: folder + "/report.html").standardizedFileURL.path
    let notice: Notice
    do {
      notice = try Notice(
        report: folder, findings: finding, place: place ?? "\(ProcessInfo.processInfo.hostName):\(file)")
    } catch let error as BytesError {
      throw ExitStatus.Failure(.usage, error.reason)
    }
    let message = form.json(notice)
    if dryRun { return Terminal.print(bytes: message + [0x0A]) }
    guard let target else { throw ExitStatus.Failure(.usage, "name the webhook with --webhook or IR_ANALYZE_WEBHOOK") }
    try target.post(message)
    Terminal.tell("told \(target.host)")
  }
}

extension NoticeFormat: ExpressibleByArgument {}
