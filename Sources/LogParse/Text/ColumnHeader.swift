import Bytes

/// The header line of a table that a command prints: names and where they stand.
struct ColumnHeader {
  struct Column {
    var name: String
    /// Place of the first byte, and one past the last, in the header line.
    var start: Int
    var end: Int
  }

  let columns: [Column]

  init(_ line: ByteView) {
    columns = line.words(limit: 64).map {
      let start = line.offset(of: $0)
      return Column(name: $0.string, start: start, end: start + $0.count)
    }
  }

  func index(of name: String) -> Int? { columns.firstIndex { $0.name == name } }

  func contains(_ name: String) -> Bool { index(of: name) != nil }
}
