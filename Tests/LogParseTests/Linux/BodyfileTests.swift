import Bytes
import Evidence
import Testing

@testable import LogParse

/// fls's marks on the names of a bodyfile.
@Suite struct BodyfileTests {
  private func event(_ name: String, mode: String = "r/rrw-r--r--") throws -> Event? {
    let row = "0|\(name)|1|\(mode)|33|33|30|1795584060|1795584060|1795584060|1795584060\n"
    let dump = try EventDump(row, path: "bodyfile.txt")
    #expect(dump.format == "linux.bodyfile")
    return dump.events.first
  }

  @Test func deletedNames() throws {
    let deleted = try event("/var/www/html/sh.php (deleted)")
    #expect(deleted?.text("path") == "/var/www/html/sh.php" && deleted?["is_deleted"] == .flag(true))
    #expect(deleted?.entities == [Entity(.file, "/var/www/html/sh.php")] && deleted?["is_reallocated"] == nil)
    let again = try event("/tmp/x (deleted-realloc)")
    #expect(again?.text("path") == "/tmp/x" && again?["is_reallocated"] == .flag(true))
    #expect(try event("/tmp/x")?["is_deleted"] == nil)
  }

  @Test func aFileMayBeCalledSo() throws {
    let named = try event("/tmp/x (deleted)", mode: "-rw-r--r--")
    #expect(named?.text("path") == "/tmp/x (deleted)" && named?["is_deleted"] == nil)
    #expect(try event(" (deleted)")?.text("path") == " (deleted)")
  }
}
