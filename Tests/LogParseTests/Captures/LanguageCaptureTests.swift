import Bytes
import Evidence
import Testing

@testable import LogParse

/// Captures of hosts that speak another language than English.
@Suite struct LanguageCaptureTests {
  @Test(arguments: [
    ("Dateisystem             Größe Benutzt Verf. Verw% Eingehängt auf", "de"),
    ("Sys. de fichiers        Taille Utilisé Dispo Uti% Monté sur", "fr"),
    ("ファイルシス            サイズ  使用  残り 使用% マウント位置", "ja"),
    ("System plików           rozm. użyte dost. %uż. zamont. na", "pl"),
  ])
  func spaceOfFileSystems(_ header: String, _ language: String) throws {
    let dump = try EventDump(header + "\n/dev/vda                 252G     72G   23G   77% /\n", path: "df_-h.txt")
    #expect(dump.format == "capture.filesystem", "\(language)")
    #expect(dump.events.first?.text("used_percent") == "77%" && dump.events.first?.text("available") == "23G")
    #expect(dump.events.first?.text("mount_point") == "/")
  }

  @Test func aPercentSignIsNoTable() {
    let text = "50 percent, or 50% of it\n/dev/vda 1 2 3 4 /\n"
    #expect(EventDump.recognize(Array(text.utf8), path: "x.txt")?.name != "capture.filesystem")
  }

  @Test(arguments: [
    "              gesamt       benutzt     frei      gemns.  Puffer/Cache verfügbar\nSpeicher:   24684092      817992     2831968        8856    21444420    23866100\nSwap:              0           0           0\n",
    "               total        used        free      shared  buff/cache   available\n内存：      24684092      817992     2831968        8856    21327212    23886668\n交换：             0           0           0\n",
  ])
  func memory(_ text: String) throws {
    let dump = try EventDump(text, path: "free.txt")
    #expect(dump.format == "capture.free" && dump.events.count == 2)
    #expect(dump.events.first?.text("total") == "24684092" && dump.events.first?.text("used") == "817992")
  }

  @Test(arguments: [
    " Datei: /etc/passwd\n Größe: 1347      \tBlöcke: 8          EA Block: 4096   reguläre Datei\nGerät: 254/0\tInode: 1198528     Verknüpfungen: 1\nZugriff: (0644/-rw-r--r--)  Uid: (    0/    root)   Gid: (    0/    root)\nZugriff: 2026-11-25 05:20:11.489215499 +0000\nModifiziert: 2026-11-25 05:20:12.464882912 +0000\nGeändert: 2026-11-25 05:20:13.469090120 +0000\nGeburt: 2026-11-25 05:20:10.464287114 +0000\n",
    "  文件：/etc/passwd\n  大小：1347      \t块：8          IO 块大小：4096   普通文件\n设备：254,0\tInode: 1198528     硬链接：1\n权限：(0644/-rw-r--r--)  Uid: (    0/    root)   Gid: (    0/    root)\n访问：2026-11-25 05:20:11.489215499 +0000\n修改：2026-11-25 05:20:12.464882912 +0000\n变更：2026-11-25 05:20:13.469090120 +0000\n创建：2026-11-25 05:20:10.464287114 +0000\n",
  ])
  func whatStatSays(_ text: String) throws {
    let dump = try EventDump(text + text.replacing("passwd", with: "group"), path: "stat.txt")
    #expect(dump.format == "capture.stat" && dump.events.count == 8)
    #expect(dump.coverages.allSatisfy { $0.state == .parsed })
    let first = try #require(dump.events.first)
    #expect(first.text("path") == "/etc/passwd" && first.integer("inode") == 1_198_528)
    #expect(first.text("user") == "root" && first.text("mode") == "-rw-r--r--")
    #expect(
      Set(dump.events.prefix(4).compactMap { $0.time?.description.prefix(19) })
        == ["2026-11-25T05:20:10", "2026-11-25T05:20:11", "2026-11-25T05:20:12", "2026-11-25T05:20:13"])
    #expect(dump.events.last?.text("path") == "/etc/group")
  }

  @Test(arguments: [
    "mer 25 nov 2026, 05:27:49, UTC\n", "śro, 25 lis 2026, 05:27:49 UTC\n", "Ср 25 ноя 2026 05:27:49 UTC\n",
    "Çrş 25 Kas 2026 05:27:49 UTC\n", "ons 25 nov 2026 05:27:49 UTC\n", "середа, 25 листопада 2026 05:27:49 +0000\n",
  ])
  func clocks(_ text: String) throws {
    let dump = try EventDump(text, path: "date.txt")
    #expect(dump.format == "capture.date", "\(text)")
    #expect(dump.events.first?.time?.nanoseconds == Timestamp(iso8601: "2026-11-25T05:27:49Z")?.nanoseconds)
  }

  @Test(arguments: [
    "drwxr-xr-x 8 root root  4096 12월 25일  01:40 .x\n", "drwxr-xr-x 8 root root  4096 25 дек  01:40 .x\n",
    "drwxr-xr-x 8 root root  4096 25. pro 01.40 .x\n", "drwxr-xr-x 8 root root  4096 12-25 01:40 .x\n",
    "drwxr-xr-x 8 root root  4096 12月 25日 01:40 .x\n", "drwxr-xr-x 8 root root  4096 25 dic 01.40 .x\n",
  ])
  func listings(_ row: String) throws {
    let dump = try EventDump(
      row, path: "ls_-la.txt", collected: Timestamp(iso8601: "2026-12-26T00:00:00Z"))
    #expect(dump.format == "capture.paths", "\(row)")
    #expect(dump.events.first?.time?.description == "2026-12-25T01:40:00Z", "\(row)")
    #expect(dump.events.first?.text("path")?.hasSuffix(".x") ?? false)
  }

  @Test func otherStylesOfTime() throws {
    let dump = try EventDump(
      "-rw-r--r-- 1 root root 12 1795584012 a\n-rw-r--r-- 1 root root 12 2025-06-24  b\n", path: "ls_-la.txt")
    #expect(dump.events.map { $0.time?.description } == ["2026-11-25T05:20:12Z", "2025-06-24T00:00:00Z"])
    #expect(dump.events.first?.time?.precision == .second && dump.events.last?.time?.precision == .day)
  }

  @Test func logins() throws {
    let dump = try EventDump(
      "Gebruikersnaam   Poort    Van                                       Laatste\n"
        + "root             pts/0    10.0.1.50                                 wo nov 25 05:20:24 +0000 2026\n"
        + "bin                                                                 **Nooit ingelogd**\n",
      path: "lastlog.txt")
    #expect(dump.format == "capture.lastlog" && dump.events.first?.text("remote_address") == "10.0.1.50")
    #expect(dump.events.first?.time?.description == "2026-11-25T05:20:24Z")
    for row in ["水 11月 25", "śro lis 25", "Ср ноя 25", "수 11월 25", "三 11月 25"] {
      let dump = try EventDump(
        "Username         Port     From                                       Latest\n"
          + "root             pts/0    10.0.1.50                                 \(row) 05:20:24 +0000 2026\n",
        path: "lastlog.txt")
      #expect(dump.events.first?.time?.description == "2026-11-25T05:20:24Z", "\(row)")
    }
  }

  @Test(arguments: [
    "  PID UTIL.     PR  NI    VIRT    RES    SHR S  %CPU  %MEM    TEMPS+ COM.",
    " 进程 USER      PR  NI    VIRT    RES    SHR    %CPU  %MEM     TIME+ COMMAND",
    "  PID UŻYTK.    PR  NI    WIRT    REZ    WSP S  %CPU  %PAM     CZAS+ KOMENDA",
  ])
  func whatTopShows(_ header: String) throws {
    let dump = try EventDump(
      "top - 01:40:58 up 18:33,  0 user,  load average: 1,89, 2,37, 2,11\nTâches:  88 total,   1 en cours\n\n\(header)\n"
        + "26650 root      20   0    2920   1824   1716 S   0,0   0,0   0:00.00 /tmp/gone 7200\n", path: "top.txt")
    #expect(dump.format == "capture.ps" && dump.coverages.allSatisfy { $0.state == .parsed })
    #expect(dump.events.map { $0.integer("pid") } == [26650])
    #expect(dump.events.first?.text("user") == "root" && dump.events.first?.text("command_line") == "/tmp/gone 7200")
  }

  @Test(arguments: [
    ("Systemstart ", "Runlevel 5  ", "alt"), ("démarrage système", "niveau d'exécution 5", "ancie"),
    ("システム起動", "run-level 5", "昔"), ("загрузка системы", "уровень выполнения 5", "дав"),
  ])
  func whoIsThere(_ boot: String, _ level: String, _ old: String) throws {
    let dump = try EventDump(
      """
                 \(boot) 2026-11-25 05:10
                 \(level)  2026-11-25 05:10
      ops      + pts/2        2026-11-25 05:21  \(old)        435 (10.1.0.9)

      """, path: "who_-a.txt")
    #expect(dump.format == "capture.who")
    #expect(dump.events.map { $0.text("record") } == ["boot", "runlevel", nil])
  }

  @Test func addressesWithoutBrackets() throws {
    let dump = try EventDump(
      "root     ? pts/0        2026-11-25 00:40   ?         26634 10.0.1.50\n"
        + "ops      pts/1        2026-11-25 00:41 203.0.113.9\n", path: "who_--ips.txt")
    #expect(dump.events.map { $0.text("remote_address") } == ["10.0.1.50", "203.0.113.9"])
    let text = "ops      pts/1        2026-11-25 00:41 notes\n"
    #expect(EventDump.recognize(Array(text.utf8), path: "x.txt")?.name != "capture.who")
  }
}
