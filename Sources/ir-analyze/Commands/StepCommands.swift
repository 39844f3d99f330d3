import ArgumentParser
import ArtifactStore
import Engine
import Evidence
import Foundation

struct AnalyzeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "analyze", abstract: "Computes every result of a case that is missing.")

  @Argument(help: "Name of the case; see `ir-analyze store ls`.")
  var caseName: CaseName

  @OptionGroup var storeOptions: StoreOptions
  @OptionGroup var ruleOptions: RuleOptions
  @OptionGroup var work: WorkOptions

  func run() throws {
    let store = try storeOptions.openExisting(for: "analyze")
    try requireCase(caseName.text, in: store)
    let rules = try ruleOptions.library()
    let steps = CaseWork(store: store, rules: rules, work: work)
    let outcome = try steps.analyze(case: caseName.text)
    let report = try CaseReport(store: store, rules: rules, outcome, case: caseName.text, isWhole: false)
    steps.tidy(case: caseName.text, outcome)
    try report.status(failLevel: nil).end()
  }
}

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Writes the report of a case; computes first what is missing.")

  @Argument(help: "Name of the case; see `ir-analyze store ls`.")
  var caseName: CaseName

  @Option(
    name: .shortAndLong, help: ArgumentHelp("Folder for the report; otherwise report-CASE.", valueName: "OUT"),
    completion: .directory)
  var output: String?

  @OptionGroup var storeOptions: StoreOptions
  @OptionGroup var ruleOptions: RuleOptions
  @OptionGroup var work: WorkOptions
  @OptionGroup var told: ReportOptionsGroup

  func run() throws {
    let begin = Date()
    let store = try storeOptions.openExisting()
    let name = caseName.text
    try requireCase(name, in: store)
    let folder = output ?? "report-\(name)"
    let output = try OutputFolder(folder, case: name)
    let rules = try ruleOptions.library()
    try output.begin(store: store.directory)
    let work = CaseWork(store: store, rules: rules, work: work)
    let outcome = try work.analyze(case: name)
    let report = try work.report(outcome, case: name, to: folder, language: told.lang)
    let status = report.status(failLevel: told.failLevel)
    try output.finish(outcome, report, ingested: nil, began: begin, status: status)
    work.tellVerdict(report, folder: folder)
    work.tidy(case: name, outcome)
    try status.end()
  }
}

func requireCase(_ name: String, in store: ArtifactStore) throws {
  let known = try store.cases.cases()
  guard known.contains(name) else {
    let said = known.isEmpty ? "it holds none" : "it holds \(known.joined(separator: ", "))"
    throw ExitStatus.Failure(.usage, "the store at \(store.directory) has no case \(name): \(said)")
  }
}
