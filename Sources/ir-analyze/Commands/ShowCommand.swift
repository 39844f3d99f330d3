import ArgumentParser
import ArtifactStore
import Bytes
import Engine
import Evidence
import Foundation

struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows the bytes that a statement of the report rests on.",
    discussion: """
      PLACE is DIGEST:OFFSET, or DIGEST and a locator as the report prints it \
      (`DIGEST gzip!line=12;bytes=3400+700`). A digest may be shortened to its first digits.
      """)

  @Argument(help: "DIGEST:OFFSET, or DIGEST.")
  var place: String

  @Argument(help: "A locator.")
  var locator: String?

  @Option(help: ArgumentHelp("Bytes shown; otherwise the locator's own length, or 256.", valueName: "N"))
  var length: UInt64?

  @OptionGroup var storeOptions: StoreOptions
  @Flag(help: "The bytes as they are, to standard output.")
  var raw = false

  @Flag(help: "What is known of the whole artifact instead: SHA-256, SHA-1, MD5, length, where it came from. JSON.")
  var facts = false

  func run() throws {
    let store = try storeOptions.openExisting()
    let parts = place.split(separator: ":", maxSplits: 1).map(String.init)
    let digest = try find(parts.first ?? "", in: store)
    if facts { return Terminal.print(bytes: try ShowFacts.json(digest, in: store)) }
    var locator = Locator()
    if parts.count == 2 {
      guard let offset = parts[1].hasPrefix("0x") ? parts[1].withView({ $0.hexadecimal }) : UInt64(parts[1]) else {
        throw ExitStatus.Failure(.usage, "\(parts[1]) is not an offset")
      }
      locator.offset = offset
    } else if let text = self.locator {
      guard let read = Locator(text: text) else { throw ExitStatus.Failure(.usage, "\(text) is not a locator") }
      locator = read
    }
    let found = try EvidenceBytes.read(digest, locator, length: length ?? locator.length ?? 256, in: store)
    if raw { return Terminal.print(bytes: found.bytes) }
    for line in HexDump.lines(found.bytes, from: found.offset) { Terminal.print(line) }
  }

  private func find(_ prefix: String, in store: ArtifactStore) throws -> Digest {
    if let digest = Digest(hex: prefix) { return digest }
    let matches = prefix.count < 4 ? [] : store.objects.list().filter { $0.hex.hasPrefix(prefix.lowercased()) }
    guard matches.count == 1 else {
      let said = matches.isEmpty ? "no object" : "\(matches.count) objects"
      throw ExitStatus.Failure(.usage, "\(said) of the store begin with \(prefix)")
    }
    return matches[0]
  }
}
