import ArgumentParser
import Bytes
import Detectors
import Foundation

struct YaraCommandLine: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "yara", abstract: "Scans files with YARA rules and prints what the `yara` command prints.",
    discussion: """
      For comparing the two, and for a look at single files. RULES is a rule file, with what it includes beside or below \
      it, or a folder of rule files, each a namespace of its own.

      Example: ir-analyze yara -s linux.yar memory.lime
      """)

  @Argument(help: "A file or folder of rules.", completion: .file())
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

  @Flag(name: .customShort("w"), help: "Leave out warnings.")
  var quiet = false

  @Flag(
    name: .customShort("C"),
    help: "RULES was compiled by yarac. What is in it is run unchecked: only for files you trust.")
  var compiled = false

  @Option(name: .customShort("d"), help: ArgumentHelp("Define an external variable.", valueName: "name=value"))
  var definitions: [String] = []

  func run() throws {
    guard let engine = try makeEngine() else { throw ExitStatus.Failure(.usage, "\(rules): no rules to scan with") }
    var command = YaraCommand()
    command.showsStrings = strings
    command.showsLengths = lengths
    command.showsNamespaces = namespaces
    command.showsTags = tags
    command.showsMetas = metas
    var failed = false
    for path in files {
      do {
        let file = try MappedFile(path: path)
        let found = try file.withView { try engine.scan($0, YaraScanner.Externals(defined)) }
        for line in command.lines(found, path: path) { Terminal.print(line) }
      } catch {
        Terminal.tell("\(path): \(error)")
        failed = true
      }
    }
    engine.rules.settle()
    try (failed ? ExitStatus.notCovered : .finished).end()
  }

  private var defined: [(name: String, value: String)] {
    definitions.map { definition in
      let parts = definition.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      return (name: parts[0], value: parts.count > 1 ? parts[1] : "")
    }
  }

  /// Whether there is a file, or something that cannot be measured, on which the engine runs all rules together.
  private var runsAll: Bool {
    files.contains { path in
      var status = stat()
      return stat(path, &status) != 0 || status.st_size < YaraEngine.largeObject
    }
  }

  private func makeEngine() throws -> YaraEngine? {
    if compiled {
      do throws(YaraError) {
        return try YaraCommand.engine(compiled: rules, definitions: defined)
      } catch {
        throw ExitStatus.Failure(.usage, error.reason)
      }
    }
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: rules, isDirectory: &isFolder), isFolder.boolValue {
      let (set, diagnostics) = RuleSet.load(
        directory: rules, cache: RuleCache.standard(), waits: false, runsAll: runsAll)
      tell(diagnostics)
      return try YaraEngine(set)
    }
    let (engine, diagnostics) = try YaraCommand.engine(
      rules, definitions: defined, cache: RuleCache.standard(), runsAll: runsAll
    ) { path in
      FileManager.default.contents(atPath: path).map { [UInt8]($0) }
    }
    tell(diagnostics)
    return engine
  }

  private func tell(_ diagnostics: [RuleDiagnostic]) {
    for diagnostic in diagnostics where !quiet || diagnostic.level == .error { Terminal.tell("\(diagnostic)") }
  }
}
