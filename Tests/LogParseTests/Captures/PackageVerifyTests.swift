import Evidence
import Testing

@testable import LogParse

@Suite struct PackageVerifyTests {
  @Test func rpm() throws {
    let text = """
      S.5....T.  c /etc/ssh/sshd_config
      S.5....T.    /usr/sbin/sshd
      SM5....T     /bin/ls
      ..?......    /usr/bin/x
      missing      /bin/netstat
      missing   c /etc/x (Permission denied)
      Unsatisfied dependencies for a-1.0-1.x86_64:
      \tb is needed by (installed) a-1.0-1.x86_64
      junk ${jndi:x}

      """
    let dump = try EventDump(text, path: "rpm_-Va.txt", format: PackageVerifyFormat())
    #expect(HostileInputTests.isWhole(dump, text.utf8.count))
    let files = dump.events.filter { $0.dataType == "linux:package:file" }
    #expect(
      files.map { $0.text("path") } == [
        "/etc/ssh/sshd_config", "/usr/sbin/sshd", "/bin/ls", "/usr/bin/x", "/bin/netstat", "/etc/x",
      ])
    #expect(
      files.map { $0.text("file_state") } == ["changed", "changed", "changed", "changed", "missing", "unreadable"])
    #expect(files[1]["differences"] == .texts(["size", "digest", "time"]) && files[1]["file_kind"] == nil)
    #expect(files[0].text("file_kind") == "configuration" && files[3]["not_compared"] == .texts(["digest"]))
    #expect(dump.events.count == 7 && dump.coverages.contains { $0.state == .skipped })
  }

  @Test func debian() throws {
    let dpkg = try EventDump("??5?????? c /etc/ssh/sshd_config\n??5??????   /usr/sbin/sshd\n", path: "dpkg_-V.txt")
    #expect(dpkg.format == "capture.package_verify" && dpkg.events.count == 2)
    #expect(dpkg.events.allSatisfy { $0["differences"] == .texts(["digest"]) && $0["not_compared"] == nil })
    let text = """
      /usr/bin/ls                                 OK
      /usr/sbin/a b                               FAILED
      debsums: changed file /usr/bin/ss (from iproute2 package)
      debsums: no md5sums for x

      """
    let debsums = try EventDump(text, path: "debsums.txt")
    #expect(debsums.format == "capture.package_verify")
    #expect(debsums.events.map { $0.text("file_state") } == ["unchanged", "changed", "changed"])
    #expect(debsums.events.map { $0.text("path") } == ["/usr/bin/ls", "/usr/sbin/a b", "/usr/bin/ss"])
    #expect(debsums.events.last?.text("package") == "iproute2")
  }

  @Test func lookalikes() {
    for text in [
      "/usr/sbin/sshd\n/bin/ls\n", "missing the point\n", "S.5 /etc/x\n", ".........    /etc/x\n", "/a  b\n",
      "error: x\n", "S.5....T.    etc/x\n", "drwxr-xr-x 2 root root 4096 Nov 25 04:10 /etc\n",
    ] {
      #expect(EventDump.recognize(Array(text.utf8), path: "x.txt")?.name != "capture.package_verify", "\(text)")
    }
  }
}
