import ArgumentParser
import Bytes
import Evidence
import MemoryParse

struct MemoryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "memory", abstract: "Prints one view of a memory image, as JSON Lines in Volatility 3's columns.",
    discussion: "PLUGIN is one of \(MemoryAnalysis.viewNames.joined(separator: ", ")).")

  @Argument(help: "Which view.")
  var plugin: String

  @Argument(help: "A memory image: LiME, AVML, ELF core, kdump or raw.", completion: .file())
  var image: String

  func run() throws {
    let file = try MappedFile(path: image)
    let (image, report) = try MemoryImages.open(file, as: nil)
    for sentence in report.damage { Terminal.tell(sentence) }
    guard let view = MemoryAnalysis.viewName(of: plugin) else {
      let names = MemoryAnalysis.viewNames.joined(separator: ", ")
      throw ExitStatus.Failure(.usage, "there is no view \(plugin); there are \(names)")
    }
    let sink = ViewSink()
    let summary = MemoryAnalysis.run(image, options: .init(artifact: Digest(of: []), views: [view]), into: sink)
    for sentence in summary.failures { Terminal.tell(sentence) }
    try (summary.failures.isEmpty ? ExitStatus.finished : .notCovered).end()
  }
}

/// Prints rows as they come.
private final class ViewSink: ResultSink {
  func event(_ event: Event) {}
  func finding(_ finding: Finding) {}
  func coverage(_ coverage: Coverage) {}
  func row(view: String, json: [UInt8]) { Terminal.print(bytes: json + [0x0A]) }
}
