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
      disk/ …), any folder or file, an archive (tar, also compressed, or zip), s3://BUCKET/PREFIX, or - for standard input. \
      What is in the store already is not done again: a second run of the same command resumes after an interruption, and \
      otherwise gives the same output without work.

        ir-analyze run /evidence/bundle -o report
        ir-analyze run s3://evidence/i-0abc/ --region ap-northeast-2 -o report
        ssh host sudo uac-collect | ir-analyze run - --name uac.tar.gz -o report
      """)

  @Argument(help: "Folders, files, archives, s3://BUCKET/PREFIX, or -.", completion: .file())
  var source: [String]

  @Option(
    name: .shortAndLong, help: ArgumentHelp("Folder for the report; otherwise report-CASE.", valueName: "OUT"),
    completion: .directory)
  var output: String?

  @Option(
    name: .customLong("case"),
    help: ArgumentHelp(
      "Name of the case, without a slash and of 120 bytes at most; otherwise the instance or the source's name.",
      valueName: "NAME"))
  var caseName: CaseName?

  @OptionGroup var sourceOptions: SourceOptions
  @OptionGroup var storeOptions: StoreOptions
  @OptionGroup var ruleOptions: RuleOptions
  @OptionGroup var work: WorkOptions
  @OptionGroup var told: ReportOptionsGroup

  func run() throws {
    let begin = Date()
    // Everything that can be wrong with the call is found before anything is written.
    let rules = try ruleOptions.library()
    let sources = try EvidenceSource.all(source, sourceOptions)
    let name = caseName?.text ?? sources.first?.standardCaseName ?? "case"
    let folder = output ?? "report-\(name)"
    let output = try OutputFolder(folder, case: name)
    let store = try storeOptions.open(for: "run")
    if caseName == nil { try refuseMixing(store, name, sources.map(\.place)) }
    try output.begin(store: store.directory)
    let work = CaseWork(store: store, rules: rules, work: work)
    let evidence = try EvidenceSource.leavingOut(store, output: folder, from: sources, isQuiet: self.work.quiet)
    let taken = try work.ingest(evidence, case: name, mayMix: caseName != nil)
    let outcome = try work.analyze(case: name)
    let report = try work.report(outcome, case: name, to: folder, language: told.lang)
    // What had to be restored is whole again, but that it was not must not go unheard.
    let status = taken.restored.isEmpty ? report.status(failLevel: told.failLevel) : .integrity
    try output.finish(outcome, report, ingested: taken, began: begin, status: status)
    work.tellVerdict(report, folder: folder)
    work.tidy(case: name, outcome)
    try status.end()
  }

  /// Two incidents whose folders happen to have the same name must not flow into one case unasked.
  private func refuseMixing(_ store: ArtifactStore, _ name: String, _ places: [String]) throws {
    // An export that was taken in before brought other places with it.
    if CaseImport.hasTaken(Set(places), case: name, in: store) { return }
    guard let other = try store.cases.sightings(of: name).first(where: { !places.contains($0.source) }) else { return }
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
