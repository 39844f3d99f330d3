import ArgumentParser

struct StoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "store", abstract: "Looks into the store, and keeps it small.",
    discussion: "For example: `ir-analyze store info`, `ir-analyze store export --case NAME -o NAME.tar.zst`.",
    subcommands: [StoreList.self, StoreInfo.self, StorePack.self, StoreGC.self, StoreExport.self])
}
