import Bytes

/// A table whose cells begin below the names of its columns, which may hold blanks, as may the cells. Columns are counted in
/// characters: what a command shortens it ends with one of three bytes.
struct AlignedTable {
  private let columns: [(name: String, start: Int)]

  /// - Parameter names: of the columns that there may be, in the order in which they come.
  /// - Returns: nil where the line does not begin with the first of them.
  init?(_ line: ByteView, names: [StaticString]) {
    var columns: [(name: String, start: Int)] = []
    var place = 0
    for name in names {
      guard let found = line.firstIndex(of: ByteView(name), from: place) else { continue }
      let end = found + name.utf8CodeUnitCount
      guard found == 0 || line[found - 1] == 0x20, end == line.count || line[end] == 0x20 else { continue }
      columns.append((String(decoding: ByteView(name).unsafeBytes, as: UTF8.self), found))
      place = end
    }
    guard let first = columns.first, let name = names.first, first.start == 0, line.hasPrefix(ByteView(name)),
      columns.count >= 2
    else { return nil }
    self.columns = columns
  }

  func contains(_ name: String) -> Bool { columns.contains { $0.name == name } }

  /// The cells of a row by the names of their columns; those that hold nothing are left out.
  func cells(_ line: ByteView) -> [String: String] {
    let characters = Array(line.slice(0, 1 << 14).string.unicodeScalars)
    var cells: [String: String] = [:]
    for (index, column) in columns.enumerated() where column.start < characters.count {
      let end = index + 1 < columns.count ? min(columns[index + 1].start, characters.count) : characters.count
      var text = String.UnicodeScalarView()
      text.append(contentsOf: characters[column.start..<end])
      let trimmed = String(text).withView { $0.trimmed.string }
      if !trimmed.isEmpty { cells[column.name] = trimmed }
    }
    return cells
  }
}
