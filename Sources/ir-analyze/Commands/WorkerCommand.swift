import ArgumentParser
import ArtifactStore
import Bytes
import CPlatform
import Engine

/// The one way in which results are computed; started by drivers, not by people.
struct WorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker", abstract: "Reads units of work on standard input, answers on standard output.",
    shouldDisplay: false)

  @OptionGroup var storeOptions: StoreOptions
  @OptionGroup var ruleOptions: RuleOptions

  func run() throws {
    platform_end_with_parent()
    let store = try storeOptions.openExisting()
    let worker = Worker(Surroundings(store: store, rules: try ruleOptions.library()))
    try worker.run(input: FileStream(descriptor: 0, name: "standard input"), output: 1)
  }
}
