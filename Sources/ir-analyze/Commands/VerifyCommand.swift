import ArgumentParser
import ArtifactStore
import Evidence

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Re-hashes every object of the store and checks the custody chain.",
    discussion: "Prints one `sha256sum -c` line for each object; names what is damaged and ends with code 3.")

  @OptionGroup var storeOptions: StoreOptions
  @Flag(name: .shortAndLong, help: "Print only what is wrong.")
  var quiet = false

  func run() throws {
    let store = try storeOptions.openExisting()
    var problems: [String] = []
    var stored: Set<Digest> = []
    for digest in store.objects.list() {
      stored.insert(digest)
      do throws(StoreError) {
        try store.objects.verify(digest)
        if !quiet { Terminal.print("\(digest.hex)  \(store.objects.path(of: digest))") }
      } catch {
        problems.append(error.reason)
      }
    }
    for name in try store.cases.cases() {
      for sighting in try store.cases.sightings(of: name) where !stored.contains(sighting.digest) {
        problems.append("object \(sighting.digest.hex) (case \(name), \(sighting.path)) is gone from the store")
      }
    }
    do throws(StoreError) { _ = try store.custody.verify() } catch { problems.append(error.reason) }
    for problem in problems { Terminal.tell(problem) }
    try (problems.isEmpty ? ExitStatus.finished : .integrity).end()
  }
}
