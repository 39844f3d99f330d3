import Evidence
import Testing

@testable import LogParse

@Suite struct PackageListTests {
  private func packages(_ text: String) throws -> [String] {
    let dump = try EventDump(text, path: "packages.txt")
    #expect(dump.format == "capture.packages" && HostileInputTests.isWhole(dump, text.utf8.count), "\(text)")
    return dump.events.map {
      [$0.text("package"), $0.text("package_version"), $0.text("architecture")].map { $0 ?? "-" }.joined(separator: " ")
    }
  }

  @Test func rpm() throws {
    #expect(
      try packages("java-1.8.0-openjdk-1.8.0.312.b07-1.amzn2.x86_64\ngpg-pubkey-c87f5b1a-593863f8\nbash-4.2-3.noarch\n")
        == [
          "java-1.8.0-openjdk 1.8.0.312.b07-1.amzn2 x86_64", "gpg-pubkey c87f5b1a-593863f8 -", "bash 4.2-3 noarch",
        ])
    let last = try EventDump(
      "nmap-6.40-13.amzn2.x86_64      Tue 25 Nov 2025 04:10:01 AM UTC\n"
        + "bash-4.2-3.noarch      Mon Nov 24 04:10:01 2025\n", path: "rpm_-qa_--last.txt")
    #expect(last.format == "capture.packages")
    #expect(last.events.first?.time == Timestamp(iso8601: "2025-11-25T04:10:01Z"))
    #expect(last.events.last?.time?.nanoseconds == 1_763_957_401_000_000_000)
  }

  @Test func debianAndAlpine() throws {
    let dpkg = """
      Desired=Unknown/Install/Remove/Purge/Hold
      | Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend
      |/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)
      ||/ Name           Version          Architecture Description
      +++-==============-================-============-=================================
      ii  libc6:amd64    2.31-0ubuntu9.2  amd64        GNU C Library: Shared libraries
      rc  telnetd        0.17-41.2build1  amd64        basic telnet server

      """
    #expect(try packages(dpkg) == ["libc6:amd64 2.31-0ubuntu9.2 amd64", "telnetd 0.17-41.2build1 amd64"])
    #expect(try EventDump(dpkg, path: "x").events.map { $0.text("package_state") } == [nil, "rc"])
    #expect(
      try packages(
        "Listing...\nlibc6/focal-updates,now 2.31-0 amd64 [installed,automatic]\nnmap/now 7.80 amd64 [installed,local]\n"
      )
        == ["libc6 2.31-0 amd64", "nmap 7.80 amd64"])
    #expect(
      try packages("musl-1.2.3-r4\nca-certificates-bundle-20220614-r2\n") == [
        "musl 1.2.3-r4 -", "ca-certificates-bundle 20220614-r2 -",
      ])
  }

  @Test func lookalikes() {
    for text in [
      "a-b-c\nd-e-f\n", "2025-11-25\n2025-11-26\n", "it is what it is\nhi  there 2.0 x\n", "web-1-a.x86_64\nfoo\n",
      "id\nls -la\n", "gpg-pubkey-a-b\ngpg-pubkey-c-d\n", "bash-4.2-3.noarch\n", "10.0.0.5-1-2\n10.0.0.6-1-2\n",
    ] {
      #expect(EventDump.recognize(Array(text.utf8), path: "x.txt")?.name != "capture.packages", "\(text)")
    }
  }
}
