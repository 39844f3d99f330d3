import Bytes
import Evidence
import Testing

@testable import LogParse

/// What lies in /etc and in homes and lets somebody in, or brings something back.
@Suite struct AccountFileTests {
  private func rules(_ text: String) throws -> [Event] { try EventDump(text, path: "etc/sudoers.d/x").events }

  @Test func aBrokenLineHidesNoAccount() throws {
    let root = "root:x:0:0:root:/root:/bin/bash\n"
    for (more, users) in [
      ("+::::::\n", ["root"]), ("broken:x:a:b\n", ["root"]), ("eve two:x:0:0::/:/bin/sh\n", ["root", "eve two"]),
      ("ops::1000:1000::/home/ops:/bin/sh\nbroken\n", ["root", "ops"]),
    ] {
      let dump = try EventDump(root + more, path: "etc/passwd")
      #expect(dump.format == "linux.passwd" && dump.events.compactMap { $0.text("user") } == users, "\(more)")
    }
    #expect(EventDump.recognize(Array((root + "a\nb\n").utf8), path: "etc/passwd") == nil)
    #expect(EventDump.recognize(Array((root + "a\n").utf8), path: "x.txt")?.name != "linux.passwd")
    #expect(try EventDump("root:*:19700:0:99999:7:::\nbroken\n", path: "etc/shadow").format == "linux.shadow")
    #expect(try EventDump("root:x:0:\nbroken\n", path: "etc/group").format == "linux.group")
  }

  @Test func whoIsNoSingleUser() throws {
    let events = try rules(
      "User_Alias ADM = ops, eve\nADM ALL=(ALL) NOPASSWD: ALL\nALL ALL=(ALL) ALL\n+netg ALL=(ALL) ALL\nADMx ALL=(ALL) ALL\n"
    )
    .filter { $0.dataType == "linux:sudo:rule" }
    #expect(events.map(\.entities) == [[], [], [], [Entity(.user, "ADMx")]])
    #expect(events.first?.text("user_alias") == "ADM" && events.first?["user"] == nil)
    #expect(events[1].message.hasPrefix("sudo lets everybody") && events[2].text("netgroup") == "netg")
  }

  @Test func aNumberBehindAHashIsNoComment() throws {
    let events = try rules(
      "#1001 ALL=(ALL) NOPASSWD: ALL\n# 1002 ALL=(ALL) ALL\n#ops ALL=(ALL) ALL\n%#1003 ALL=(ALL) ALL\n")
    #expect(events.map { $0.integer("uid") } == [1001, nil])
    #expect(events.map { $0.integer("gid") } == [nil, 1003])
    #expect(events.first?.attributes.contains(Attribute("is_passwordless", .flag(true))) == true)
    let includes = try rules("#includedir /etc/sudoers.d\n#include /etc/x\n#included long ago\n")
    #expect(includes.map { $0.text("text") } == ["#includedir /etc/sudoers.d", "#include /etc/x"])
  }

  @Test func aListOfUsersIsARuleForEach() throws {
    #expect(try rules("ops, svc ALL=(ALL) ALL\n").map { $0.text("user") } == ["ops", "svc"])
    #expect(
      try rules("ops , svc,%adm ALL=(ALL) ALL\n").map { $0.text("user") ?? $0.text("group") } == ["ops", "svc", "adm"])
    #expect(try rules("ALL, !ops ALL=(ALL) ALL\n").map { $0.text("user") } == ["ALL"])
    #expect(try rules("\"john doe\" ALL=(ALL) ALL\n").map { $0.text("user") } == ["john doe"])
    // A list of hosts follows the one user.
    #expect(try rules("ops web, db = /bin/ls\n").map { $0.text("user") } == ["ops"])
  }

  @Test func aRemarkBehindARuleSaysNothing() throws {
    let events = try rules("ops ALL=(root) /bin/ls # was NOPASSWD\nsvc ALL=(root) NOPASSWD: /bin/ls # see x\n")
    #expect(
      events.map { $0.attributes.contains(Attribute("is_passwordless", .flag(true))) } == [false, true])
    #expect(try rules("Defaults passprompt=\"a # b\"\n").first?.text("text") == "Defaults passprompt=\"a # b\"")
  }

  private static let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"

  @Test func optionsOfKeysAreInAnyCase() throws {
    func command(_ options: String) throws -> String? {
      try EventDump("\(options) \(Self.key) k\n", path: "home/ops/.ssh/authorized_keys").events.first?.text("command")
    }
    #expect(try command("Command=\"/tmp/.x\"") == "/tmp/.x")
    #expect(try command("from=\"0.0.0.0/0\",No-pty,COMMAND=\"/x -a\"") == "/x -a")
    // In another option's value it is none.
    #expect(try command("environment=\"A=,command=\",command=\"/y\"") == "/y")
    #expect(try EventDump("Restrict \(Self.key) k\n", path: "authorized_keys").events.count == 1)
    #expect(try EventDump("Restful \(Self.key) k\n", path: "authorized_keys").events.isEmpty)
  }

  @Test func aHostWithAPortIsAnAddress() throws {
    let dump = try EventDump(
      "[203.0.113.9]:2222 \(Self.key)\n[web.example]:22,[2001:db8::9]:2222 \(Self.key)\n", path: ".ssh/known_hosts")
    #expect(
      dump.events.map(\.entities) == [[Entity(.address, "203.0.113.9")], [Entity(.address, "2001:db8::9")]])
  }

  @Test func aUnitsCommandStandsWithoutItsSigns() throws {
    func event(_ text: String, _ path: String = "etc/systemd/system/a.service") throws -> Event? {
      try EventDump("[Service]\nExecStart=\(text)\n", path: path).events.first
    }
    #expect(try event("-/tmp/evil")?.text("command") == "/tmp/evil")
    #expect(try event("@-/tmp/evil kworker")?.text("command") == "/tmp/evil kworker")
    #expect(
      try event("+!!/tmp/evil")?.attributes.contains(Attribute("commands_as_written", .texts(["+!!/tmp/evil"]))) == true
    )
    let plain = try event("/tmp/evil -a")
    #expect(plain?.text("command") == "/tmp/evil -a" && plain?["commands_as_written"] == nil)
  }

  @Test func aDropInBelongsToItsUnit() throws {
    func unit(_ path: String) throws -> [String?] {
      let event = try EventDump("[Service]\nExecStart=/x\n", path: path).events.first
      return [event?.text("unit"), event?.text("drop_in")]
    }
    #expect(try unit("etc/systemd/system/foo.service.d/override.conf") == ["foo.service", "override.conf"])
    #expect(try unit("etc/foo.d/bar.service") == ["bar.service", nil])
  }

  @Test func aJobBehindADashIsUnlogged() throws {
    let dump = try EventDump("-*/15 * * * * /tmp/x\n*/5 * * * * /bin/y\n", path: "var/spool/cron/tabs/root")
    #expect(dump.events.map { $0.text("command") } == ["/tmp/x", "/bin/y"])
    #expect(dump.events.map { $0.attributes.contains(Attribute("is_unlogged", .flag(true))) } == [true, false])
    #expect(dump.events.first?.text("schedule") == "*/15 * * * *")
    #expect(try EventDump("- */15 * * * /tmp/x\n*/5 * * * * y\n", path: "var/spool/cron/root").events.count == 1)
  }

  @Test func psqlBreaksItsLinesWithAByte() throws {
    let dump = try EventDump("select 1;\nselect\u{1} *\u{1}from users;\n", path: "home/ops/.psql_history")
    #expect(dump.events.map { $0.text("command") } == ["select 1;", "select\n *\nfrom users;"])
    // Of another program it is no text.
    #expect(EventDump.recognize(Array("a\u{1}b\u{1}c\n".utf8), path: "home/ops/.mysql_history") == nil)
  }

  @Test func hashesOfOldPasswordsAreNoMembers() throws {
    let text = "ops:1000:2:$6$salt$hash,$6$salt$other\n"
    #expect(EventDump.recognize(Array(text.utf8), path: "etc/security/opasswd")?.name != "linux.group")
    #expect(EventDump.recognize(Array("web:x:33:ops,host$\n".utf8), path: "etc/group")?.name == "linux.group")
  }
}
