import ArgumentParser
import MemoryParse

struct MemoryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "memory", abstract: "Shows what a Linux memory image holds, without symbol files.",
    discussion: """
      PLUGIN is one of \(MemoryAnalysis.viewNames.joined(separator: ", ")); Volatility 3's spellings (linux.pslist.PsList) \
      are understood. Rows are JSON Lines in Volatility 3's columns, ours behind them.

        ir-analyze memory pslist host.lime
        ir-analyze memory linux.sockstat.Sockstat host.avml.zst | jq .State
        ir-analyze memory isf host.lime -o linux.json.xz
        ir-analyze memory recover host.lime --find /etc/passwd -o passwd

      A memory image is LiME, AVML, an ELF core, kdump or raw; also inside gzip, zstd or xz, which is unpacked into a \
      temporary file first.
      """,
    subcommands: [MemoryView.self, MemoryISF.self, MemoryRecover.self], defaultSubcommand: MemoryView.self)
}
