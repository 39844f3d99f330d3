import Bytes
import Testing

@testable import Detectors

@Suite struct ToolNamesTests {
  @Test(arguments: [1, 5, 8, 9, 100, 3000])
  func itSaysWhatEachNameSays(count: Int) {
    // Names that share beginnings, ends and lengths, and among them the same over and over.
    let pool = [
      "curl", "CURL", "wget", "cu", "c", "", "nc", "ncat", "netcat", "mysqldump", "mysqlxump", "my", "mydump",
    ]
    let names = (0..<count).map { $0 % 7 == 3 ? "tool\($0 * $0)ending" : pool[$0 * 5 % pool.count] }
    let text = names.joined(separator: " ")
    text.withView { view in
      let tools = ToolNames(view.split(0x20, limit: count + 1))
      for table in [NameTable(["curl"]), NameTable(["nc", "ncat", "mysqldump", "tool9ending"]), NameTable(["none"])] {
        let expected = names.indices.filter { place in names[place].withView { table.contains($0) } }
        let marks = tools.marks(table)
        #expect(marks.places == expected && marks.isEmpty == expected.isEmpty)
        #expect(names.indices.filter { marks[$0] } == expected && !marks[-1] && !marks[count])
        #expect(tools.contains(table) == !expected.isEmpty)
      }
    }
  }
}
