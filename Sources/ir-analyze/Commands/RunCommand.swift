import ArgumentParser
import ArtifactStore
import Engine
import Evidence
import Foundation
import Report

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Takes evidence in, analyzes it, and writes the report: all in one go.",
    discussion: """
      SOURCE is a folder laid out as the collector leaves it (memory/, command/, waf/, guardduty/, cloudtrail/, vpcflow/, \
      disk/ …), or any folder or file. What is in the store already is not done again: a second run of the same command \
      resumes after an interruption, and otherwise gives the same output without work.
      """)

  @Argument(help: "Folders or files to analyze.", completion: .file())
  var source: [String]

  @Option(
    name: .shortAndLong, help: ArgumentHelp("Folder for the report; otherwise report-CASE.", valueName: "OUT"),
    completion: .directory)
  var output: String?

  @Option(
    name: .customLong("case"),
    help: ArgumentHelp("Name of the case; otherwise the instance or the folder's name.", valueName: "NAME"))
  var caseName: CaseName?

  @OptionGroup var storeOptions: StoreOptions
  @OptionGroup var ruleOptions: RuleOptions
  @OptionGroup var work: WorkOptions
  @OptionGroup var told: ReportOptionsGroup

  func run() throws {
    let begin = Date()
    // Everything that can be wrong with the call is found before anything is written.
    let listings = try source.map { (path: $0, listing: try FolderSource($0)) }
    let rules = try ruleOptions.library()
    let name = caseName?.text ?? CaseName.standard(for: listings[0].listing, at: listings[0].path)
    let folder = output ?? "report-\(name)"
    let output = try OutputFolder(folder, case: name)
    let store = try storeOptions.open()
    if caseName == nil { try refuseMixing(store, name, listings.map(\.path)) }
    try output.begin(store: store.directory)
    let work = CaseWork(store: store, rules: rules, work: work)
    let taken = try work.ingest(listings, case: name)
    let outcome = try work.analyze(case: name)
    let report = try work.report(outcome, case: name, to: folder, language: told.lang)
    let status = report.status(failLevel: told.failLevel)
    try output.finish(outcome, report, ingested: taken, began: begin, status: status)
    work.tellVerdict(report, folder: folder)
    work.tidy(case: name, outcome)
    try status.end()
  }

  /// Two incidents whose folders happen to have the same name must not flow into one case unasked.
  private func refuseMixing(_ store: ArtifactStore, _ name: String, _ paths: [String]) throws {
    let here = Set(paths.map { URL(fileURLWithPath: $0).standardizedFileURL.path })
    // An export that was taken in before brought other places with it.
    if CaseImport.hasTaken(here, case: name, in: store) { return }
    guard let other = try store.cases.sightings(of: name).first(where: { !here.contains($0.source) }) else { return }
    throw ExitStatus.Failure(
      .usage,
      "case \(name) already holds evidence from \(other.source): say --case \(name) to add to it, or another name")
  }
}

struct ReportOptionsGroup: ParsableArguments {
  @Option(help: ArgumentHelp("Language of report.html: en or ko.", valueName: "LANG"))
  var lang: Language = .english

  @Option(
    help: ArgumentHelp("End with code 10 when there is a finding of this severity or above.", valueName: "SEVERITY"))
  var failLevel: Severity?
}

extension Severity: ExpressibleByArgument {}
extension Language: ExpressibleByArgument {}
