import ArgumentParser
import Bytes
import Foundation
import MemoryParse

struct MemoryISF: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "isf", abstract: "Writes a Volatility 3 symbol file (ISF) out of a memory image.",
    discussion: """
      Put it into a folder below Volatility's symbols, and Volatility finds it by the kernel's banner:

        ir-analyze memory isf host.lime -o symbols/linux/host.json.xz
        vol -s symbols -f host.lime linux.pslist
      """)

  @Argument(help: "A memory image.", completion: .file())
  var image: String

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "File to write; packed where it ends in .xz or .gz. Otherwise standard output.", valueName: "FILE"),
    completion: .file())
  var output: String?

  func run() throws {
    let (json, failure) = MemoryAnalysis.symbolFile(of: try MemoryDump.open(image))
    guard let json else {
      throw ExitStatus.Failure(.notCovered, failure ?? "the image holds nothing that a symbol file could be made of")
    }
    guard let output else { return Terminal.print(bytes: json) }
    let bytes = try PackedBytes.packed(json, forFileNamed: output)
    do {
      try Data(bytes).write(to: URL(fileURLWithPath: output), options: .atomic)
    } catch {
      throw ExitStatus.Failure(.usage, "cannot write \(output): \(error.localizedDescription)")
    }
  }
}
