import ArgumentParser
import Bytes
import Detectors
import Foundation

struct YaraCommandLine: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "yara", abstract: "Scans files with YARA rules and prints what the `yara` command prints.",
    discussion: "For comparing the two. RULES is a rule file.")

  @Argument(help: "A file of rules.", completion: .file())
  var rules: String

  @Argument(help: "Files to scan.", completion: .file())
  var files: [String]

  @Flag(name: .customShort("s"), help: "Print matching strings.")
  var strings = false

  @Flag(name: .customShort("L"), help: "Print lengths of matching strings.")
  var lengths = false

  @Flag(name: .customShort("e"), help: "Print namespaces.")
  var namespaces = false

  @Flag(name: .customShort("g"), help: "Print tags.")
  var tags = false

  @Flag(name: .customShort("m"), help: "Print metadata.")
  var metas = false

  func run() throws {
    let (compiled, diagnostics) = YaraCommand.compile([rules]) { path in
      FileManager.default.contents(atPath: path).map { [UInt8]($0) }
    }
    for diagnostic in diagnostics { Terminal.tell("\(diagnostic)") }
    guard let compiled else { throw ExitStatus.Failure(.usage, "\(rules): no rules to scan with") }
    var command = YaraCommand()
    command.showsStrings = strings
    command.showsLengths = lengths
    command.showsNamespaces = namespaces
    command.showsTags = tags
    command.showsMetas = metas
    let scanner = try YaraScanner(compiled, YaraScanner.Options())
    var failed = false
    for path in files {
      do {
        let file = try MappedFile(path: path)
        let found = try file.withView { try scanner.scan($0, YaraScanner.Externals()) }
        for line in command.lines(found, path: path) { Terminal.print(line) }
      } catch {
        Terminal.tell("\(path): \(error)")
        failed = true
      }
    }
    try (failed ? ExitStatus.notCovered : .finished).end()
  }
}
