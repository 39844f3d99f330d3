import ArgumentParser
import ArtifactStore
import CPlatform
import Foundation

struct PushCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "push",
    abstract: "Sends a report to S3, under INSTANCE/CASE-TIME/.",
    discussion: """
      CASE-TIME is when the evidence was collected, in UTC (20261125T052529Z); where no path says that, when the attack began. \
      S3 checks the SHA-256 of every part. A file that is there already with the same bytes is not sent again, so a command \
      that was interrupted is simply repeated. Prints the place on standard output.

        ir-analyze push s3://results/incidents/ --report report
      """)

  @Argument(help: ArgumentHelp("Where to: s3://BUCKET/PREFIX.", valueName: "url"))
  var destination: String

  @Option(
    name: [.customLong("report"), .customShort("o")],
    help: ArgumentHelp("Folder of the report; otherwise the only one here.", valueName: "DIR"), completion: .directory)
  var report: String?

  @OptionGroup(title: "S3") var s3: S3Arguments

  @Flag(name: .shortAndLong, help: "Say nothing but errors, and the place.")
  var quiet = false

  func run() throws {
    let folder = try ReportFolder(report ?? ReportFolder.find())
    let push = try S3Push(url: destination, options: s3.options)
    let source = try FolderSource(folder.path)
    for gap in source.gaps { Terminal.tell("not sent: \(gap.path) \(gap.reason)") }
    platform_watch_interrupts()
    let progress = ProgressLine(isQuiet: quiet)
    progress.begin("push")
    let all = source.files.reduce(UInt64(0)) { $0 &+ $1.byteCount }
    var done: UInt64 = 0
    let summary = try push.push(
      source, to: S3Push.folder(instance: folder.instance, time: folder.caseTime),
      onProgress: { count in
        done += UInt64(count)
        progress.update(done: done, of: all, "")
      }, isInterrupted: { platform_interrupted() != 0 })
    if summary.isInterrupted { throw CaseWork.interrupted }
    progress.end("\(summary.sent) files sent, \(summary.unchanged) there already; \(Terminal.size(summary.byteCount))")
    Terminal.print(Terminal.printable(summary.place))
  }
}
