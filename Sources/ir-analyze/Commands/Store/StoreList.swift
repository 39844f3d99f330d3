import ArgumentParser
import ArtifactStore
import Bytes

struct StoreList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "Lists cases, or the artifacts of one case.")

  @Argument(help: "Name of a case.")
  var caseName: CaseName?

  @OptionGroup var storeOptions: StoreOptions
  @Flag(help: "JSON Lines.")
  var jsonl = false

  func run() throws {
    let store = try storeOptions.openExisting()
    guard let name = caseName?.text else {
      let taken = try store.cases.lastTaken()
      for name in try store.cases.cases() { line(name, ["case": name, "taken": taken[name] ?? ""]) }
      return
    }
    try requireCase(name, in: store)
    for one in try store.cases.sightings(of: name) {
      var out = JSONWriter()
      out.object { out in
        out.field("digest", one.digest.hex)
        out.field("bytes", one.byteCount)
        out.field("type", one.type)
        out.field("path", one.path)
        out.field("source", one.source)
      }
      Terminal.print(
        jsonl ? String(decoding: out.bytes, as: UTF8.self) : "\(one.digest.hex)  \(Terminal.printable(one.path))")
    }
  }

  private func line(_ text: String, _ fields: [String: String]) {
    guard jsonl else { return Terminal.print(Terminal.printable(text)) }
    var out = JSONWriter()
    out.object { out in for (name, value) in fields.sorted(by: { $0.key < $1.key }) { out.field(name, value) } }
    Terminal.print(String(decoding: out.bytes, as: UTF8.self))
  }
}
