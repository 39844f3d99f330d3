import Evidence
import Testing

@testable import LogParse

@Suite struct AuditTests {
  @Test func recordsOfMixedEventsAreJoinedBySerial() throws {
    let text = """
      type=SYSCALL msg=audit(1795584173.089:1): syscall=59 pid=10 comm="a" exe="/bin/a"
      type=SYSCALL msg=audit(1795584173.089:2): syscall=59 pid=11 comm="b" exe="/bin/b"
      type=EXECVE msg=audit(1795584173.089:2): argc=2 a0="b" a1="two"
      type=EXECVE msg=audit(1795584173.089:1): argc=2 a0="a" a1="one"
      type=EOE msg=audit(1795584173.089:2):
      type=EOE msg=audit(1795584173.089:1):
      """
    let dump = try EventDump(text, path: "audit.log")
    #expect(dump.events.map { $0.text("command_line") } == ["b two", "a one"])
    #expect(dump.events.map { $0.integer("pid") } == [11, 10])
  }

  @Test func theSameSerialAtAnotherTimeIsAnotherEvent() throws {
    let text = """
      type=SYSCALL msg=audit(1795584173.089:1): syscall=59 pid=10
      type=SYSCALL msg=audit(1795584999.089:1): syscall=59 pid=11
      """
    #expect(try EventDump(text, path: "audit.log").events.count == 2)
  }

  @Test func openEventsAreFewAndNoneIsLost() throws {
    let text = (0..<1000).map { "type=SYSCALL msg=audit(1795584173.089:\($0)): syscall=59 pid=\($0)\n" }.joined()
    let dump = try EventDump(text, path: "audit.log")
    #expect(dump.events.compactMap { $0.integer("serial") } == (0..<1000).map { Int64($0) })
  }

  @Test func longArgumentsComeInPieces() throws {
    let text = """
      type=EXECVE msg=audit(1795584173.089:1): argc=2 a0="sh" a1_len=6 a1[0]=2D63 a1[1]="id -a"
      type=EOE msg=audit(1795584173.089:1):
      """
    #expect(try EventDump(text, path: "audit.log").events.first?.text("command_line") == "sh -cid -a")
  }

  @Test func theFarEndOfAConnection() throws {
    let text = """
      type=SYSCALL msg=audit(1795584173.090:5): syscall=42 exe="/usr/bin/nc" pid=9
      type=SOCKADDR msg=audit(1795584173.090:5): saddr=0A0011500000000020010DB80000000000000000000000070000000
      type=EOE msg=audit(1795584173.090:5):
      type=SYSCALL msg=audit(1795584173.091:6): syscall=42 exe="/usr/bin/nc" pid=9
      type=SOCKADDR msg=audit(1795584173.091:6): saddr=01002F72756E
      """
    let events = try EventDump(text, path: "audit.log").events
    #expect(events.first?.text("remote_address") == "2001:db8::7")
    #expect(events.first?.integer("remote_port") == 4432)
    #expect(events.last?.text("remote_address") == nil)
  }

  @Test func ausearchHasLinesBetweenTheRecords() throws {
    let text = """
      ----
      time->Wed Nov 25 05:22:53 2026
      type=PROCTITLE msg=audit(1795584173.089:5): proctitle="x"
      type=SYSCALL msg=audit(1795584173.089:5): syscall=59 pid=10 exe="/bin/x"
      ----
      time->Wed Nov 25 05:22:54 2026
      type=USER_LOGIN msg=audit(1795584174.089:6): pid=99 uid=0
      """
    let dump = try EventDump(text, path: "x.txt")
    #expect(dump.format == "linux.audit")
    #expect(dump.events.map { $0.integer("serial") }.contains(5) && dump.events.count == 2)
    #expect(dump.events.map(\.message).contains("audit SYSCALL: /bin/x (pid 10) ran x."))
    #expect(
      EventDump.recognize(Array("----\ntime->Wed Nov 25 05:22:53 2026\n".utf8), path: "x.txt")?.name != "linux.audit")
  }

  @Test func whatWasDeniedAndGranted() throws {
    let text = """
      type=AVC msg=audit(1795584173.089:1): avc:  denied  { read write } for  pid=77 comm="httpd" name="shadow" tclass=file
      type=AVC msg=audit(1795584173.090:2): avc:  granted  { setenforce } for  pid=78 comm="a"
      type=USER_AVC msg=audit(1795584173.091:3): pid=1 uid=0 msg='avc:  denied  { start } for auid=1000 path="/x" exe="/b"'
      type=SYSCALL msg=audit(1795584173.092:4): syscall=59 pid=10 comm="avc:  denied  { x }"
      """
    let events = try EventDump(text, path: "audit.log").events.sorted {
      ($0.integer("serial") ?? 0) < ($1.integer("serial") ?? 0)
    }
    #expect(events.map { $0.text("decision") } == ["denied", "granted", "denied", nil])
    #expect(
      events.map { $0["permissions"] } == [.texts(["read", "write"]), .texts(["setenforce"]), .texts(["start"]), nil])
    #expect(events.first?.message == "audit AVC: httpd (pid 77) was denied read write of shadow.")
    #expect(events.map { $0.integer("pid") } == [77, 78, 1, 10])
  }

  @Test func whatAppArmorDenied() throws {
    func event(_ fields: String) throws -> Event? {
      try EventDump("type=AVC msg=audit(1795584173.089:1): \(fields)\n", path: "audit.log").events.first
    }
    let denied = try event(
      #"apparmor="DENIED" operation="exec" profile="mysqld" name="/bin/dash" pid=44 comm="mysqld""#)
    #expect(denied?.text("decision") == "denied" && denied?["permissions"] == .texts(["exec"]))
    #expect(denied?.message == "audit AVC: mysqld (pid 44) was denied exec of /bin/dash.")
    #expect(try event(#"apparmor="ALLOWED" operation="open" name="/a" comm="b""#)?.text("decision") == "granted")
    #expect(try event(#"apparmor="STATUS" operation="profile_load" name="x" comm="b""#)?["decision"] == nil)
    #expect(try event(#"apparmor="DENIED" comm="b""#)?["decision"] == nil)
  }

  @Test func whatWasDoneInSeveralWords() throws {
    func op(_ fields: String) throws -> String? {
      try EventDump("type=USER_MGMT msg=audit(1795584173.089:1): pid=1 msg='\(fields)'\n", path: "audit.log").events
        .first?
        .text("op")
    }
    #expect(try op(#"op=adding user to group acct="ops" res=success"#) == "adding user to group")
    #expect(try op("op=change password id=0 res=success") == "change password")
    #expect(try op("op=login id=0 res=success") == "login" && op("op=change password") == "change password")
    #expect(try op(#"op=a "b" c=d"#) == "a" && op("op=PAM:setcred grantors=pam_unix") == "PAM:setcred")
  }

  @Test func namesThatTheHostHasForNumbers() throws {
    let text =
      "type=SYSCALL msg=audit(1795584173.089:1): syscall=59 auid=1000 uid=33 euid=0 pid=1\u{1D}SYSCALL=execve AUID=\"ops\" UID=\"www-data\" EUID=\"unset\"\n"
    let event = try #require(try EventDump(text, path: "audit.log").events.first)
    #expect(event.integer("uid") == 33 && event.text("uid_name") == "www-data")
    #expect(event.integer("auid") == 1000 && event.text("auid_name") == "ops")
    #expect(event.text("syscall") == "59" && event.text("syscall_name") == "execve")
    #expect(event.text("euid_name") == nil)
    let plain = try EventDump(text.replacing("\u{1D}", with: " "), path: "audit.log").events.first
    #expect(plain?.text("uid_name") == nil)
  }

  /// Each file with the part that it had, from the root where the folder is known.
  @Test func filesAndTheirParts() throws {
    func event(_ records: [String]) throws -> Event {
      let text = records.map { "type=\($0.replacing(":", with: " msg=audit(1795584173.089:1): "))\n" }.joined()
      return try #require(try EventDump(text, path: "audit.log").events.first)
    }
    let call = "SYSCALL:arch=c000003e syscall=257 a0=ffffff9c pid=10"
    let folder = "CWD:cwd=\"/etc/cron.d\""
    let names = [
      #"PATH:item=0 name="." nametype=PARENT"#, #"PATH:item=1 name="evil" nametype=CREATE"#,
      #"PATH:item=2 name="/etc/passwd" objtype=NORMAL"#, #"PATH:item=3 name="../../tmp/x""#, "PATH:item=4 name=(null)",
    ]
    let known = try event([call, folder] + names)
    #expect(known["paths"] == .texts(["/etc/cron.d", "/etc/cron.d/evil", "/etc/passwd", "/tmp/x"]))
    #expect(known["audit_nametypes"] == .texts(["PARENT", "CREATE", "NORMAL", ""]))
    // A folder that was open already, and none at all.
    let open = ["SYSCALL:arch=c000003e syscall=257 a0=3 pid=10", folder, names[1]]
    #expect(try event(open)["paths"] == .texts(["evil"]))
    #expect(try event([call, names[1]])["paths"] == .texts(["evil"]))
    #expect(try event([call, folder, #"PATH:name="/a""#])["audit_nametypes"] == nil)
    // open(2), whose first argument is a pointer.
    #expect(
      try event(["SYSCALL:arch=c000003e syscall=2 a0=7ffe pid=1", folder, names[1]])["paths"]
        == .texts(["/etc/cron.d/evil"]))
  }
}
