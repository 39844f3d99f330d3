import ArgumentParser
import ArtifactStore
import Engine
import Evidence

struct StorePack: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pack", abstract: "Keeps objects in less room, bytes and digests unchanged.",
    discussion: """
      Memory images are kept as the pages in which they differ from an earlier image of the store; `ingest` and `run` do that by themselves. \
      With --compress, text is kept as zstd frames too. For example: `ir-analyze store pack --compress`.
      """)

  @Option(name: .customLong("case"), help: ArgumentHelp("Only this case; otherwise all.", valueName: "NAME"))
  var caseName: CaseName?
  @Flag(help: "Compress text of 64 KiB and more.")
  var compress = false
  @OptionGroup var storeOptions: StoreOptions
  @Flag(name: .shortAndLong, help: "Say nothing but errors.")
  var quiet = false

  func run() throws {
    let store = try storeOptions.openExisting(for: "store pack")
    if let caseName { try requireCase(caseName.text, in: store) }
    let progress = ProgressLine(isQuiet: quiet)
    progress.begin("pack")
    let saved = try CasePacking(store, progress).run(
      try caseName.map { [$0.text] } ?? store.cases.cases(), compress: compress)
    progress.end("\(saved.objects) objects packed, \(Terminal.size(saved.byteCount)) saved")
  }
}
