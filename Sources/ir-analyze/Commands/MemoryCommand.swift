import ArgumentParser
import Bytes
import Evidence
import MemoryParse

struct MemoryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "memory", abstract: "Prints one view of a memory image, as JSON Lines in Volatility 3's columns.",
    discussion: "PLUGIN is a name such as pslist, psaux, sockstat, lsof, lsmod, bash, kmsg.")

  @Argument(help: "Which view.")
  var plugin: String

  @Argument(help: "A memory image: LiME, AVML, ELF core, kdump or raw.", completion: .file())
  var image: String

  func run() throws {
    let file = try MappedFile(path: image)
    let (image, report) = try MemoryImages.open(file, as: nil)
    for sentence in report.damage { Terminal.tell(sentence) }
    let sink = ViewSink(plugin)
    _ = MemoryAnalysis.run(image, artifact: Digest(of: []), into: sink)
    guard sink.isSeen else { throw ExitStatus.Failure(.notCovered, "the image has no view \(plugin)") }
  }
}

/// Prints the rows of one view as they come.
private final class ViewSink: ResultSink {
  private let view: String
  private(set) var isSeen = false

  /// Plug-in names are Volatility's; a few differ from the view's file.
  init(_ name: String) { view = ["proc.Maps": "maps", "pagecache.Files": "pagecache_files"][name] ?? name }

  func event(_ event: Event) {}
  func finding(_ finding: Finding) {}
  func coverage(_ coverage: Coverage) {}

  func row(view name: String, json: [UInt8]) {
    guard name == view else { return }
    isSeen = true
    Terminal.print(bytes: json + [0x0A])
  }
}
