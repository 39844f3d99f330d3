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

  @Test func namesThatStatQuoted() throws {
    #expect(try event("'/tmp/a b'", mode: "-rw-r--r--")?.text("path") == "/tmp/a b")
    #expect(try event(#"'/tmp/new'$'\n''line'"#, mode: "-rw-r--r--")?.text("path") == "/tmp/new\nline")
    #expect(try event(#"''$'\303\251''x'"#, mode: "-rw-r--r--")?.text("path") == "éx")
    #expect(try event(#"'/tmp/it'\''s'"#, mode: "-rw-r--r--")?.text("path") == "/tmp/it's")
    let link = try event("'/a' -> '/b'", mode: "lrwxrwxrwx")
    #expect(link?.text("path") == "/a" && link?.text("link_target") == "/b")
    // Quotes that do not pair are the name's own.
    #expect(try event("/tmp/'x'", mode: "-rw-r--r--")?.text("path") == "/tmp/'x'")
    #expect(try event("'/tmp/x'y'", mode: "-rw-r--r--")?.text("path") == "'/tmp/x'y'")
  }

  @Test func timesThatOthersWrite() throws {
    func times(_ fields: String) throws -> [String?] {
      let dump = try EventDump("0|/a|1|-rw-r--r--|root|adm|30|\(fields)\n", path: "x.txt")
      #expect(dump.format == "linux.bodyfile", "\(fields)")
      #expect(dump.events.first?.text("user") == "root" && dump.events.first?.text("group") == "adm")
      return dump.events.map { $0.time?.description }
    }
    for created in ["", "-", "?", "0", "-1"] {
      #expect(try times("1795584060|1795584060|1795584060|\(created)") == ["2026-11-25T05:21:00Z"])
    }
    #expect(
      try times("1795584060.5|-3600.2500000000|-7200|0") == [
        "1969-12-31T22:59:59.750000000Z", "2026-11-25T05:21:00.500Z", "1969-12-31T22:00:00Z",
      ])
    #expect(EventDump.recognize(Array("0|/a|1|-rw|0|0|3|x|1|1|1\n".utf8), path: "x.txt") == nil)
  }

  @Test func namesOfTheFieldsInFront() throws {
    let text = """
      MD5|name|inode|mode_as_string|UID|GID|size|atime|mtime|ctime|crtime
      0|/a|1|-rw-r--r--|0|0|30|1795584060|1795584060|1795584060|0

      """
    let dump = try EventDump(text, path: "x.txt")
    #expect(dump.events.map { $0.text("path") } == ["/a"] && dump.coverages.map(\.state) == [.parsed])
  }
}
