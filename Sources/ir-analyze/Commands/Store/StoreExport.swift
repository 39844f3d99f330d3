import ArgumentParser
import ArtifactStore
import Bytes
import CPlatform
import Foundation

struct StoreExport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Writes a case as one archive that needs nothing else.",
    discussion: """
      The archive (tar, zstd) holds every object as it is, results, custody, and SHA256SUMS for `sha256sum -c` in the unpacked folder. \
      `ir-analyze run ARCHIVE` or `ingest ARCHIVE` takes it in elsewhere and checks every byte. For example: \
      `ir-analyze store export --case i-0abc -o i-0abc.tar.zst --sign-key key.pem`.
      """)

  @Option(name: .customLong("case"), help: ArgumentHelp("Name of the case; see `store ls`.", valueName: "NAME"))
  var caseName: CaseName
  @Option(
    name: .shortAndLong, help: ArgumentHelp("The archive; otherwise NAME.tar.zst.", valueName: "FILE"),
    completion: .file())
  var output: String?
  @Flag(help: "Leave out results: another machine can compute them again.")
  var noResults = false
  @OptionGroup var storeOptions: StoreOptions
  @Flag(name: .shortAndLong, help: "Say nothing but errors.")
  var quiet = false

  func run() throws {
    let store = try storeOptions.openExisting()
    let name = caseName.text
    try requireCase(name, in: store)
    let path = output ?? "\(name).tar.zst"
    guard path != "-" else {
      throw ExitStatus.Failure(.usage, "an archive is written into a file: name it with -o")
    }
    guard !FileManager.default.fileExists(atPath: path) else {
      throw ExitStatus.Failure(.usage, "\(path) is there already: name another file with -o")
    }
    platform_watch_interrupts()
    let progress = ProgressLine(isQuiet: quiet)
    progress.begin("export")
    let export = CaseExport(store, case: name, tool: IRAnalyze.tool)
    let plan = try export.plan()
    var done: UInt64 = 0
    let summary = try export.write(
      to: path, withResults: !noResults,
      onProgress: { count in
        done &+= UInt64(count)
        progress.update(done: done, of: plan.byteCount, "")
      }, isInterrupted: { platform_interrupted() != 0 })
    progress.end("\(summary.objects) objects, \(Terminal.size(summary.byteCount)), written to \(path)")
  }
}
