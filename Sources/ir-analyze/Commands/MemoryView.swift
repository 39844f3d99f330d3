import ArgumentParser
import Bytes
import Evidence
import Foundation
import MemoryParse

struct MemoryView: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "view", abstract: "Prints one view of a memory image (the word `view` may be left out).",
    discussion: """
      PLUGIN is one of \(MemoryAnalysis.viewNames.joined(separator: ", ")), or all with -o.

        ir-analyze memory psscan host.lime
        ir-analyze memory all host.lime -o views
      """)

  @Argument(help: "Which view.")
  var plugin: String

  @Argument(help: "A memory image.", completion: .file())
  var image: String

  @OptionGroup var types: MemoryTypes

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Folder for one file a view; otherwise rows go to standard output.", valueName: "DIR"),
    completion: .directory)
  var output: String?

  func run() throws {
    let isAll = plugin == "all"
    let view = MemoryAnalysis.viewName(of: plugin)
    guard isAll || view != nil else {
      let names = MemoryAnalysis.viewNames.joined(separator: ", ")
      throw ExitStatus.Failure(.usage, "there is no view \(plugin); there are \(names)")
    }
    if isAll, output == nil { throw ExitStatus.Failure(.usage, "all views need a folder: name it with -o") }
    let typeFile = try types.bytes()
    let image = try MemoryDump.open(image)
    let sink = try ViewSink(folder: output)
    var options = MemoryAnalysis.Options(
      artifact: Digest(of: []), views: view.map { [$0] } ?? MemoryAnalysis.viewNames)
    options.typeFile = typeFile
    let summary = MemoryAnalysis.run(image, options: options, into: sink)
    try sink.finish()
    if let reason = summary.refusal { throw ExitStatus.Failure(.usage, reason) }
    for sentence in summary.failures { Terminal.tell(sentence) }
    try (summary.failures.isEmpty ? ExitStatus.finished : .notCovered).end()
  }
}

/// Types from the user, for kernels whose dump has none.
struct MemoryTypes: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Volatility 3 symbol file of the very kernel, also .xz, .gz or .zst: for dumps without BTF.", valueName: "FILE"),
    completion: .file())
  var isf: String?

  @Option(
    help: ArgumentHelp(
      "BTF of the very kernel, bare or in an ELF file such as vmlinux, also packed: for dumps without BTF.",
      valueName: "FILE"), completion: .file())
  var btf: String?

  func validate() throws {
    if isf != nil, btf != nil { throw ValidationError("--isf and --btf exclude each other") }
  }

  /// The unpacked file. A symbol file is some tens of MiB; a vmlinux with debug data below a GiB.
  func bytes() throws -> [UInt8]? {
    guard let path = isf ?? btf else { return nil }
    let stream = try DecodedStream(FileStream(path: path))
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = try buffer.withUnsafeMutableBytes { try stream.read(into: $0) }
      if count == 0 { break }
      bytes += buffer[0..<count]
      guard bytes.count <= 1 << 30 else { throw ExitStatus.Failure(.usage, "\(path) is too long for a file of types") }
    }
    if let damage = stream.damage { throw ExitStatus.Failure(.usage, "\(path) is damaged: \(damage)") }
    return bytes
  }
}

/// Prints rows as they come, or writes a file for each view.
private final class ViewSink: ResultSink {
  private let folder: String?
  private var view = ""
  private var pending: [UInt8] = []
  private var file: FileHandle?
  private var failure: (any Error)?
  private static let pieceSize = 1 << 16

  init(folder: String?) throws {
    self.folder = folder
    if let folder { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }
  }

  func event(_ event: Event) {}
  func finding(_ finding: Finding) {}
  func coverage(_ coverage: Coverage) {}

  func row(view: String, json: [UInt8]) {
    if view != self.view, folder != nil { change(to: view) }
    pending += json
    pending.append(0x0A)
    if pending.count >= Self.pieceSize { flush() }
  }

  private func change(to view: String) {
    flush()
    self.view = view
    guard let folder, failure == nil else { return }
    let path = "\(folder)/\(view).jsonl"
    do {
      try Data().write(to: URL(fileURLWithPath: path))
      file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    } catch {
      failure = error
    }
  }

  private func flush() {
    defer { pending.removeAll(keepingCapacity: true) }
    guard !pending.isEmpty, failure == nil else { return }
    guard folder != nil else { return Terminal.print(bytes: pending) }
    do {
      try file?.write(contentsOf: Data(pending))
    } catch {
      failure = error
    }
  }

  /// - Throws: what kept a row from being written.
  func finish() throws {
    flush()
    try file?.close()
    if let failure {
      throw ExitStatus.Failure(.internalError, "cannot write the views: \(failure.localizedDescription)")
    }
  }
}
