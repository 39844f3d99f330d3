import ArgumentParser
import ArtifactStore
import Engine
import Evidence
import Foundation

/// Where the store is.
struct StoreOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The store; made when it is not there.", valueName: "DIR"), completion: .directory)
  var store: String = ProcessInfo.processInfo.environment["IR_ANALYZE_STORE"] ?? "ir-analyze-store"

  @Option(
    help: ArgumentHelp(
      "Ed25519 key (PEM) that signs each entry of custody; otherwise $IR_ANALYZE_SIGN_KEY, or none.", valueName: "FILE"),
    completion: .file())
  var signKey: String?

  /// - Parameter command: that is going to write into it.
  func open(for command: String) throws -> ArtifactStore {
    let store = try ArtifactStore(directory: store, signer: try signer())
    try store.requireWritable(for: command)
    return store
  }

  func signer() throws -> SigningKey? {
    let named = ProcessInfo.processInfo.environment["IR_ANALYZE_SIGN_KEY"].flatMap { $0.isEmpty ? nil : $0 }
    return try (signKey ?? named).map { (path) throws(StoreError) in try SigningKey(path: path) }
  }

  /// - Parameters:
  ///   - command: that is going to write into it; nil for one that only reads, which a read-only store does for.
  ///   - isChecked: whether it is opened to be checked, whatever state it is in.
  /// - Throws: usage, where there is no store: a query must not make one.
  func openExisting(for command: String? = nil, isChecked: Bool = false) throws -> ArtifactStore {
    guard FileManager.default.fileExists(atPath: store + "/format") else {
      throw ExitStatus.Failure(
        .usage, "there is no store at \(store): name it with --store, or `ir-analyze run` makes one")
    }
    if let command { return try open(for: command) }
    return try ArtifactStore(directory: store, signer: try signer(), isChecked: isChecked)
  }
}

/// Which rules are in force.
struct RuleOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Folder of rules (yara/, sigma/); otherwise the rules that come with the program.", valueName: "DIR"),
    completion: .directory)
  var rules: String?

  func library() throws -> RuleLibrary {
    guard let directory = rules ?? RuleLibrary.standard(program: Program.path) else {
      throw ExitStatus.Failure(.usage, "the rules that come with the program are not found: name a folder with --rules")
    }
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: directory, isDirectory: &isFolder) else {
      throw ExitStatus.Failure(.usage, "there is no folder of rules at \(directory)")
    }
    guard isFolder.boolValue else {
      throw ExitStatus.Failure(
        .usage, "\(directory) is a file: name the folder that it is in, which is read whole, with --rules")
    }
    return RuleLibrary(directory: URL(fileURLWithPath: directory).path)
  }
}

extension RuleLibrary {
  /// A folder without a rule is a slip (a mount that is not there, another folder): without a word it would look like a clean case.
  func tellWhereEmpty() {
    let loaded = load()
    guard loaded.set.rules.isEmpty, loaded.diagnostics.isEmpty else { return }
    Terminal.tell("there is no rule (.yar, .yara, .yml, .yaml) in \(directory): only what is built in is looked for")
  }
}

/// How much is said, and how many processes work.
struct WorkOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Worker processes at once; otherwise one for each processor.", valueName: "N"))
  var workers: Int?

  @Flag(name: .shortAndLong, help: "Say nothing but errors.")
  var quiet = false

  @Option(
    name: .customLong("cloudtrail-keys"),
    help: ArgumentHelp(
      "Public keys that CloudTrail's digests are checked with: `aws cloudtrail list-public-keys`, PEM or DER.",
      valueName: "PATH"), completion: .file())
  var cloudtrailKeys: String?

  func validate() throws { try WorkerCount.check(workers) }

  var count: Int { WorkerCount.of(workers) }
}

struct ThreadOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Threads; otherwise one for each processor.", valueName: "N"))
  var workers: Int?

  func validate() throws { try WorkerCount.check(workers) }

  var count: Int { WorkerCount.of(workers) }
}

private enum WorkerCount {
  static func check(_ number: Int?) throws {
    if let number, !(1...1024).contains(number) { throw ValidationError("--workers takes a number from 1 to 1024") }
  }

  static func of(_ number: Int?) -> Int { number ?? ProcessInfo.processInfo.activeProcessorCount }
}

enum Program {
  /// Of this very program, to start workers from.
  static let path: String =
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
}

/// Case names become parts of paths and of file names: one to 120 bytes, no slash and no control character.
struct CaseName: ExpressibleByArgument {
  var text: String

  init?(argument: String) {
    guard !argument.isEmpty, argument.utf8.count <= 120, argument != ".", argument != "..",
      argument.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F && $0 != "/" })
    else { return nil }
    text = argument
  }
}
