import Evidence
import Testing

@testable import LogParse

@Suite struct GroupShadowTests {
  private func name(_ text: String) -> String? { EventDump.recognize(Array(text.utf8), path: "x.txt")?.name }

  @Test func aGroupsPasswordIsNeverRepeated() throws {
    let dump = try EventDump("build:$6$salt$secretsecret:ops:svc\nold:aaSECRETsecre::\n", path: "x.txt")
    #expect(dump.format == "linux.gshadow")
    #expect(!dump.text.contains("secret") && !dump.text.contains("SECRET"))
    #expect(dump.events.first?["administrators"] == .texts(["ops"]))
    #expect(dump.events.map { $0.text("hash_scheme") } == ["SHA-512", "DES"])
  }

  @Test func tablesThatLookLikeIt() {
    #expect(name("sudo:x:27:ops\nroot:x:0:\n") == "linux.group")
    #expect(name("root:*:20778:0:99999:7:::\n") == "linux.shadow")
    #expect(name("id:3:initdefault:\nsi::sysinit:/etc/rc.d/rc.sysinit\n") == nil)
    #expect(name("a:::\nb:::\n") == nil)
    #expect(name("some: text ! with:colons\n") == nil)
  }

  @Test func linesThatAreCutAreTold() throws {
    let text = "root:*::\nsudo:*::" + String(repeating: "ops,", count: 100_000) + "\nwheel:!"
    let dump = try EventDump(text, path: "etc/gshadow", format: GroupShadowFormat())
    #expect(dump.events.compactMap { $0.text("group") } == ["root", "sudo"])
    #expect(dump.events.last?.entities.count == 1 && dump.coverages.last?.state == .skipped)
    #expect(HostileInputTests.isWhole(dump, text.utf8.count))
  }
}
