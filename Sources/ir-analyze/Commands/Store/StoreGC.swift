import ArgumentParser
import ArtifactStore
import Bytes
import CPlatform
import Evidence

struct StoreGC: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gc", abstract: "Removes objects that nothing refers to.",
    discussion: """
      Never removed is what a case names, a result over it, what a result names, and what a packed image shares pages with. Left over are, \
      for example, objects of a run that was killed before it recorded them. Refused while another command works in the store. Each removal is \
      a line of custody. For example: `ir-analyze store gc --dry-run`.
      """)

  @OptionGroup var storeOptions: StoreOptions
  @Flag(name: .shortAndLong, help: "Only say what would be removed.")
  var dryRun = false
  @Flag(help: "Wait until other commands are done.")
  var wait = false
  @Flag(help: "JSON.")
  var json = false

  func run() throws {
    let store = try storeOptions.openExisting(for: dryRun ? nil : "store gc")
    let found = try dryRun ? store.collectable() : store.collect(tool: IRAnalyze.tool, wait: wait)
    if json {
      var out = JSONWriter()
      out.object { out in
        out.field("dry_run", dryRun)
        out.field("removed", found.objects.map(\.digest.hex))
        out.field("bytes", found.byteCount)
        out.field("ledger_entries", found.ledgerEntries)
        out.field("kept", found.kept)
      }
      return Terminal.print(String(decoding: out.bytes, as: UTF8.self))
    }
    for object in found.objects { Terminal.print("\(object.digest.hex)  \(object.byteCount)") }
    let said = dryRun ? "would be removed" : "removed"
    Terminal.tell(
      "\(found.objects.count) objects (\(Terminal.size(found.byteCount))) and \(found.ledgerEntries) idle entries \(said), \(found.kept) objects kept"
    )
  }
}
