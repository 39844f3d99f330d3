import ArgumentParser
import ArtifactStore
import Bytes
import Evidence
import Foundation
import Report

struct TimelineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "timeline", abstract: "Asks a case's timeline: by time, entity, kind and text.",
    discussion: """
      OUT is the folder of a report; without it the report in the current folder is asked, or with --case a case of the \
      store. The first question makes an index beside the timeline, later ones are answered from it.

        ir-analyze timeline report --from 2026-11-25T05:22 --to 2026-11-25T05:23 --entity 203.0.113.66
        ir-analyze timeline report --kind linux:shell --grep wget --json | jq .message

      Times are UTC unless they name a zone, and mean all of their last unit: --to 05:22 takes the whole minute in.
      """)

  @Argument(help: "Folder of a report.", completion: .directory)
  var out: String?

  @Option(name: .customLong("case"), help: ArgumentHelp("A case of the store instead of a folder.", valueName: "NAME"))
  var caseName: CaseName?

  @Option(help: ArgumentHelp("First moment.", valueName: "TIME"))
  var from: String?

  @Option(help: ArgumentHelp("Last moment.", valueName: "TIME"))
  var to: String?

  @Option(
    help: ArgumentHelp("Only events that name it: 203.0.113.66, process:465. Several: any of them.", valueName: "E"))
  var entity: [String] = []

  @Option(help: ArgumentHelp("Only types that begin so: aws:cloudtrail, linux:shell. Several: any.", valueName: "TYPE"))
  var kind: [String] = []

  @Option(help: ArgumentHelp("Only events that hold this text, in any case. Several: all of them.", valueName: "TEXT"))
  var grep: [String] = []

  @Option(help: ArgumentHelp("At most so many events.", valueName: "N"))
  var limit: Int?

  @Flag(help: "JSON Lines, as in timeline.jsonl.")
  var json = false

  @Flag(help: "Only how many there are.")
  var count = false

  @OptionGroup var storeOptions: StoreOptions
  @OptionGroup var ruleOptions: RuleOptions
  @OptionGroup var work: WorkOptions

  func validate() throws {
    if out != nil, caseName != nil { throw ValidationError("name a folder or a case, not both") }
    if let limit, limit < 1 { throw ValidationError("--limit takes a number from 1") }
    for text in [from, to].compactMap({ $0 }) where TimeWindow.start(text) == nil {
      throw ValidationError("\(text) is no time: write 2026-11-25, 2026-11-25T05:22 or 2026-11-25T05:22:47Z")
    }
    if let first = from.flatMap(TimeWindow.start), let last = to.flatMap(TimeWindow.end),
      last.nanoseconds < first.nanoseconds
    {
      throw ValidationError("--to lies before --from")
    }
  }

  func run() throws {
    let file = try timeline()
    var query = TimelineQuery()
    query.from = from.flatMap(TimeWindow.start)
    query.to = to.flatMap(TimeWindow.end)
    query.entities = entity
    query.kinds = kind
    query.texts = grep
    query.limit = limit ?? .max
    let progress = ProgressLine(isQuiet: work.quiet)
    var isBuilding = false
    let index = try TimelineIndex(of: file) { done, all in
      if !isBuilding { progress.begin("index") }
      isBuilding = true
      progress.update(done: done, of: all, "")
    }
    if isBuilding { progress.end("made for \(file)") }
    let found = try index.forEach(query) { line in
      if !count { Terminal.print(bytes: json ? line.array + [0x0A] : Array(row(line).utf8) + [0x0A]) }
      return true
    }
    if count { return Terminal.print(String(found)) }
    if found == 0, !work.quiet { Terminal.tell("no event matches") }
  }

  /// `2026-11-25T05:22:49.825000+00:00  linux:memory:process  Process …`, for a terminal.
  private func row(_ line: ByteView) -> String {
    let json = JSONView(line)
    return ["datetime", "data_type", "message"].map { (name: StaticString) in
      Terminal.printable(json[name]?.string ?? "")
    }.joined(separator: "  ")
  }

  private func timeline() throws -> String {
    if let caseName { return try ofCase(caseName.text) }
    let folder = try out ?? ReportFolder.find()
    let file = folder + "/timeline.jsonl"
    guard FileManager.default.fileExists(atPath: file) else {
      throw ExitStatus.Failure(.usage, "there is no timeline.jsonl in \(folder): name the folder of a report")
    }
    return file
  }

  /// The case's timeline, written into the store once for each state of its results.
  private func ofCase(_ name: String) throws -> String {
    let store = try storeOptions.openExisting()
    try requireCase(name, in: store)
    let rules = try ruleOptions.library()
    let outcome = try CaseWork(store: store, rules: rules, work: work).analyze(case: name)
    let folder = try shelf(of: name, in: store)
    let state = outcome.results.map(\.result.hex).joined(separator: "\n") + "\n"
    let stateFile = folder + "/state"
    if FileManager.default.contents(atPath: stateFile).map({ [UInt8]($0) }) == Array(state.utf8) {
      return folder + "/timeline.jsonl"
    }
    try? FileManager.default.removeItem(atPath: stateFile)
    let report = try CaseReport(store: store, rules: rules, outcome, case: name)
    try report.writeTimeline(to: folder)
    try writeAtomically(Array(state.utf8), to: stateFile, durable: false)
    return folder + "/timeline.jsonl"
  }

  /// In the store; of one that cannot be written to, beside the machine's other temporary files in a folder of this user alone, so that
  /// the next question finds it there.
  private func shelf(of name: String, in store: ArtifactStore) throws -> String {
    func hash(_ text: String) -> Substring { Digest(of: Array(text.utf8)).hex.prefix(16) }
    guard store.obstacle != nil else { return "\(store.directory)/timelines/\(hash(name))" }
    let own = FileManager.default.temporaryDirectory.path + "/ir-analyze-\(geteuid())-timelines"
    mkdir(own, 0o700)
    var status = stat()
    guard lstat(own, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(),
      status.st_mode & 0o077 == 0
    else {
      throw ExitStatus.Failure(
        .usage, "the timeline cannot be kept in \(own), which is not this user's own folder: set TMPDIR to another")
    }
    return "\(own)/\(hash("\(URL(fileURLWithPath: store.directory).standardizedFileURL.path)\n\(name)"))"
  }
}
