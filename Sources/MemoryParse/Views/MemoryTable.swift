import Bytes
import Evidence

/// One view of a memory image: a table with Volatility 3's name and columns, so that scripts carry over. Columns of our own
/// stand behind theirs.
protocol MemoryTable {
  /// Volatility 3's plug-in name, and the name of the file that the rows go to.
  static var name: String { get }
  static func write(_ snapshot: Snapshot, to table: inout TableWriter)
}

/// Writes the rows of one view.
struct TableWriter: ~Copyable {
  let view: String
  let sink: any ResultSink
  private(set) var count = 0
  private var writer = JSONWriter()

  init(view: String, sink: any ResultSink) {
    self.view = view
    self.sink = sink
  }

  mutating func row(_ columns: (inout JSONWriter) -> Void) {
    writer.removeAll()
    writer.object(columns)
    sink.row(view: view, json: writer.bytes)
    count += 1
  }
}

extension JSONWriter {
  /// A column that is there in every row: null where it has no value.
  mutating func column(_ name: String, _ text: String?) {
    key(name)
    if let text { value(text) } else { null() }
  }

  mutating func column<Number: BinaryInteger>(_ name: String, _ number: Number?) {
    key(name)
    if let number { value(UInt64(exactly: number) ?? 0, orNegative: Int64(truncatingIfNeeded: number)) } else { null() }
  }

  private mutating func value(_ number: UInt64, orNegative negative: Int64) {
    if negative < 0, number == 0 { value(negative) } else { value(number) }
  }

  mutating func column(_ name: String, _ time: Timestamp?) { column(name, time?.timesketch) }
}

/// The views there are.
enum MemoryTables {
  static var all: [any MemoryTable.Type] {
    [
      PsList.self, PsTree.self, PsAux.self, PsScan.self, EnVars.self, LsOf.self, SockStat.self, LsMod.self, Elfs.self,
      Maps.self, MountInfo.self, Bash.self, KMsg.self, BootTime.self, Capabilities.self, LibraryList.self,
      PageCacheFiles.self,
    ]
  }

  /// By our name or Volatility's (`maps`, `proc.Maps`, `linux.pslist`, `linux.pslist.PsList`).
  static func named(_ text: String) -> (any MemoryTable.Type)? {
    var name = Substring(text.lowercased())
    if name.hasPrefix("linux.") { name = name.dropFirst(6) }
    if name == "proc.maps" || name == "proc" { name = "maps" }
    if name.hasPrefix("pagecache") { name = "pagecache.files" }
    if let exact = all.first(where: { $0.name.lowercased() == name }) { return exact }
    let first = name.split(separator: ".").first ?? ""
    return all.first { $0.name.lowercased() == first }
  }
}
