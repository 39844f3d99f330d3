import ArgumentParser
import ArtifactStore
import Engine

struct IngestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ingest", abstract: "Takes evidence into the store, without analyzing it.",
    discussion: """
      Sources are those of `ir-analyze run`. What is in the store already is not stored twice; a command that was interrupted \
      is simply repeated.

        ir-analyze ingest s3://evidence/i-0abc/ --case i-0abc
        zstdcat host.lime.zst | ir-analyze ingest - --name host.lime --case i-0abc
      """)

  @Argument(help: "Folders, files, archives, s3://BUCKET/PREFIX, or - for standard input.", completion: .file())
  var source: [String]

  @Option(
    name: .customLong("case"),
    help: ArgumentHelp(
      "Name of the case, without a slash and of 120 bytes at most; otherwise the instance or the source's name.",
      valueName: "NAME"))
  var caseName: CaseName?

  @OptionGroup var sourceOptions: SourceOptions
  @OptionGroup var storeOptions: StoreOptions
  @OptionGroup var work: WorkOptions

  func run() throws {
    let sources = try EvidenceSource.all(source, sourceOptions)
    let name = caseName?.text ?? sources.first?.standardCaseName ?? "case"
    let store = try storeOptions.open(for: "ingest")
    let steps = CaseWork(store: store, rules: RuleLibrary(directory: ""), work: work)
    let evidence = try EvidenceSource.leavingOut(store, output: nil, from: sources, isQuiet: work.quiet)
    let taken = try steps.ingest(evidence, case: name, mayMix: caseName != nil)
    let verdicts = try steps.checkHashes(ofIngested: name)
    steps.tidy(case: name)
    if !taken.restored.isEmpty || verdicts.contains(where: { $0.verdict == .mismatch }) {
      return try ExitStatus.integrity.end()
    }
    let isWhole = taken.gaps.isEmpty && !verdicts.contains { $0.verdict == .missing }
    try (isWhole ? ExitStatus.finished : .notCovered).end()
  }
}
