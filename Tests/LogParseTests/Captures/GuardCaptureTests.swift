import Bytes
import Evidence
import Testing

@testable import LogParse

/// Captures of what guards a host, what it is called and what starts on it: SELinux, audit rules, services, containers.
@Suite struct GuardCaptureTests {
  private func name(_ text: String, _ path: String = "x.txt") -> String? {
    EventDump.recognize(Array(text.utf8), path: path)?.name
  }

  @Test func whetherSELinuxWasOn() throws {
    let dump = try EventDump(
      "SELinux status:                 enabled\nCurrent mode:                   permissive\n", path: "sestatus.txt")
    #expect(dump.format == "capture.security_settings")
    #expect(dump.events.map { $0.text("value") } == ["enabled", "permissive"])
    let mode = try EventDump("Permissive\n", path: "live_response/system/getenforce.txt")
    #expect(mode.events.map { $0.text("value") } == ["Permissive"])
    // A word says nothing where the file's name does not.
    #expect(name("Disabled\n", "notes.txt") == nil)
    #expect(name("Enforcing\n", "[root]/etc/selinux/x") == nil)
  }

  @Test func whatTheAuditSystemWatched() throws {
    let rules = try EventDump(
      "-w /etc/passwd -p wa -k identity\n-a always,exit -F arch=b64 -S execve -F exe=/tmp/x -F key=exec\n",
      path: "auditctl_-l.txt")
    #expect(rules.format == "capture.audit_rules")
    #expect(rules.events.map { $0.text("path") } == ["/etc/passwd", "/tmp/x"])
    #expect(rules.events.map { $0.text("key") } == ["identity", "exec"])
    let none = try EventDump("No rules\n", path: "auditctl_-l.txt")
    #expect(none.events.map(\.message) == ["The audit system watched nothing."])
    let file = try EventDump("## rules\n-D\n-b 8192\n-w /etc/shadow -p wa\n", path: "[root]/etc/audit/audit.rules")
    #expect(file.events.count == 1 && file.coverages.allSatisfy { $0.state == .parsed })
    let status = try EventDump("enabled 0\nfailure 1\npid 0\nrate_limit 0\n", path: "auditctl_-s.txt")
    #expect(status.format == "capture.security_settings" && status.events.first?.text("value") == "0")
    #expect(name("-w is an option\n-a too\n") == nil)
    #expect(name("enabled and more\nthat follows\n") == nil)
  }

  @Test func whatTheHostIsCalled() throws {
    let named = try EventDump("web-1\n", path: "live_response/system/hostname.txt")
    #expect(named.format == "capture.host_identity")
    #expect(named.events.first?.entities.map(\.text) == ["host:web-1"])
    #expect(name("web-1\n", "words.txt") == nil)
    #expect(name("web-1\nand more\n", "hostname.txt") == nil)
    let release = try EventDump(
      "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nID=debian\n",
      path: "[root]/etc/os-release")
    #expect(release.events.map { $0.text("operating_system") } == ["Debian GNU/Linux 12 (bookworm)"])
    let control = try EventDump(
      " Static hostname: web-1\n      Machine ID: ab\nOperating System: Debian\n          Kernel: Linux 6.1.0\n",
      path: "hostnamectl.txt")
    #expect(control.events.first?.text("kernel_release") == "Linux 6.1.0")
    #expect(control.events.first?.entities.map(\.text) == ["host:web-1"])
  }

  @Test func servicesWithoutSystemd() throws {
    let levels = try EventDump(
      "\nNote: This output shows SysV services only and does not include native\n"
        + "auditd         \t0:off\t1:off\t2:on\t3:on\t4:on\t5:on\t6:off\nxinetd based services:\n\trsync:         \ton\n",
      path: "chkconfig_--list.txt")
    #expect(levels.format == "capture.services")
    #expect(levels.events.map { $0.text("unit") } == ["auditd", "rsync"])
    #expect(levels.events.map { $0.text("file_state") } == ["enabled", "enabled"])
    #expect(levels.events.first?.text("run_levels") == "2345")
    let running = try EventDump(
      "Runlevel: default\n sshd                      [  started 18:33:10 (0) ]\n evil              [  crashed  ]\n",
      path: "rc-status.txt")
    #expect(running.events.map { $0.text("active_state") } == ["started", "crashed"])
    let signs = try EventDump(" [ + ]  ssh\n [ - ]  rsync\n [ ? ]  kmod\n", path: "service.txt")
    #expect(signs.events.map { $0.text("active_state") } == ["started", "stopped", nil])
    let members = try EventDump("    crond | default nonetwork\n", path: "rc-update_show.txt")
    #expect(members.events.first?.text("run_levels") == "default nonetwork")
    #expect(name("    crond | default\n") == nil)
    #expect(name(" some text [ here ]\n") == nil)
  }

  @Test func imagesPodsAndContainersOfACluster() throws {
    let pods = try EventDump(
      "NAMESPACE     NAME          READY   STATUS             RESTARTS        AGE     IP             NODE\n"
        + "default       web-7d4b      0/1     CrashLoopBackOff   12 (3m2s ago)   2d3h    10.244.1.17    node-2\n"
        + "default       web-8d4b      1/1     Running            0               5m10s   <none>         node-2\n",
      path: "kubectl_get_pods.txt")
    #expect(pods.format == "capture.container_table")
    #expect(pods.events.map { $0.text("status") } == ["CrashLoopBackOff", "Running"])
    #expect(pods.events.first?.entities.map(\.text) == ["address:10.244.1.17"])
    #expect(pods.events.last?.time?.description == "2026-11-25T05:20:19Z")
    let containers = try EventDump(
      "CONTAINER           IMAGE               CREATED             STATE               NAME                ATTEMPT             POD ID              POD\n"
        + "9c5951df22c78       605c77e624ddb       8 hours ago         Exited              evil                3                   8ae97b3d9e3d2       web-0\n",
      path: "crictl_ps.txt")
    #expect(containers.events.first?.text("pod") == "web-0" && containers.events.first?.text("names") == "evil")
    let images = try EventDump(
      "REPOSITORY          TAG       IMAGE ID       CREATED        SIZE\n<none>              <none>    c059bfaa849c   3 days ago     5.59MB\n",
      path: "docker_images.txt")
    #expect(images.events.first?.text("image_id") == "c059bfaa849c")
    #expect(name("NAME      READY STEADY GO\nx  y z\n") == nil)
  }

  @Test func sessionsOfSystemd() throws {
    let dump = try EventDump(
      "SESSION  UID USER  SEAT  TTY\n      3 1000 admin       pts/0\n     c1    0 root  seat0 tty1\n\n2 sessions listed.\n",
      path: "loginctl.txt")
    #expect(dump.format == "capture.loginctl")
    #expect(dump.events.map { $0.text("tty") } == ["pts/0", "tty1"])
    #expect(dump.events.map { $0.text("user") } == ["admin", "root"])
  }

  @Test func zonesOfTimedatectl() throws {
    let dump = try EventDump(
      "Timezone=Asia/Seoul\nLocalRTC=no\nNTPSynchronized=yes\nTimeUSec=Wed 2026-11-25 14:27:49 KST\n",
      path: "timedatectl_show.txt")
    #expect(dump.format == "capture.timedatectl")
    let zone = dump.events.first { $0.dataType == "linux:host:zone" }
    #expect(zone?.integer("zone_minutes") == 540)
    let clock = dump.events.first { $0.dataType == "linux:host:clock" }
    #expect(clock?.time?.nanoseconds == Timestamp(iso8601: "2026-11-25T05:27:49Z")?.nanoseconds)
  }

  @Test func whatASoleProcessFileSays() throws {
    let digits = String(repeating: "4c01db0b", count: 8)
    let group = try EventDump(
      "0::/system.slice/docker-\(digits).scope\n", path: "live_response/process/proc/465/cgroup.txt")
    #expect(group.events.first?.entities.map(\.text) == ["process:465", "container:\(digits)"])
    let none = try EventDump("0::/init.scope\n", path: "proc/465/cgroup")
    #expect(none.events.first?.text("container_id") == nil && none.events.count == 1)
    let numbers = " 26634 26647 26647 0 -1 4194304 194 0 0 0 0 0 0 0 20 0 1 0 6615815 2990080 203\n"
    let stat = try EventDump("26647 (my prog) S 1) S" + numbers, path: "proc/26647/stat")
    #expect(stat.events.first?.text("command") == "my prog) S 1" && stat.events.first?.integer("ppid") == 26634)
    #expect(name("cpu  1 2 3\n", "proc/1/stat") == nil && name("26647 (x) S" + numbers, "x.txt") == nil)
  }

  @Test func loopsOverProc() throws {
    let dump = try EventDump(
      Array("/proc/465/cmdline:java\0-jar\0x.jar\0\n/proc/503/cmdline:sh\0-c\0id\0\n".utf8), path: "x.txt")
    #expect(dump.format == "capture.proc_loop")
    #expect(dump.events.map { $0.text("command_line") } == ["java -jar x.jar", "sh -c id"])
    let loop = try EventDump(
      "/proc/2: \n/proc/465: java -jar x\n/proc/503/exe -> /tmp/x (deleted)\n", path: "x.txt")
    #expect(loop.events.map { $0.integer("pid") } == [465, 503])
    #expect(loop.events.last?.entities.contains { $0.text == "file:/tmp/x" } ?? false)
    #expect(name("/proc/465/fd/1\n/proc/466/fd/2\n") != "capture.proc_loop")
  }

  @Test func commandsThatEnded() throws {
    let dump = try EventDump(
      "bash              S     root     pts/0      0.02 secs Wed Nov 25 05:20\n"
        + "my prog            F    root     ??         0.00 secs Wed Nov 25 05:19\n"
        + "ls                      ops      pts/1      0.00 secs Wed Nov 25 05:18\n", path: "lastcomm.txt")
    #expect(dump.format == "capture.lastcomm")
    #expect(dump.events.map { $0.text("command") } == ["bash", "my prog", "ls"])
    #expect(dump.events.map { $0.text("user") } == ["root", "root", "ops"])
    #expect(dump.events.map { $0.text("flags") } == ["S", "F", nil])
    #expect(dump.events.first?.time?.description == "2026-11-25T05:20:00Z")
    #expect(name("it took 5.2 secs Wed Nov 25 05:20\n") != "capture.lastcomm")
  }

  @Test func socketsForWholePacketsAndRoutesOfTheKernel() throws {
    let packets = try EventDump(
      "sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n"
        + "000000008d69ca73 3      3    0003   0     1 146436 0      4031141\n", path: "proc/net/packet")
    #expect(packets.format == "capture.proc_net")
    #expect(packets.events.first?.text("family") == "packet" && packets.events.first?.integer("inode") == 4_031_141)
    let routes = try EventDump(
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT   \n"
        + "ens5\t00000000\t0102000A\t0003\t0\t0\t100\t00000000\t0\t0\t0   \n"
        + "*\t007100CB\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n", path: "proc/net/route")
    #expect(routes.events.map { $0.text("gateway") } == ["10.0.2.1", "0.0.0.0"])
    #expect(routes.events.first?.entities.map(\.text) == ["address:10.0.2.1"])
    #expect(routes.events.last?.message == "Packets to 203.0.113.0 go nowhere.")
  }

  @Test func whatSudoSaysFirst() throws {
    let dump = try EventDump(
      "sudo: unable to resolve host web-1: Name or service not known\n/dev/vda on / type ext4 (rw,relatime)\n",
      path: "mount.txt")
    #expect(dump.format == "capture.filesystem" && dump.events.count == 1)
    #expect(dump.coverages.first?.state == .skipped)
    #expect(name("sudo: unable to resolve host web-1\n") == "capture.empty")
  }

  @Test(arguments: [
    ("2026-11-25_14:25:29_+0900\n", "2026-11-25T05:25:29Z"), ("2026-11-25_05:25:29\n", "2026-11-25T05:25:29Z"),
    ("2026-11-25T14:25+09:00\n", "2026-11-25T05:25:00Z"), ("20261125052529\n", "2026-11-25T05:25:29Z"),
    ("20261125_052529\n", "2026-11-25T05:25:29Z"), ("2026/11/25 05:25:29\n", "2026-11-25T05:25:29Z"),
    ("2026-11-25_14-25-29 KST\n", "2026-11-25T05:25:29Z"),
  ])
  func clocksAsScriptsAskForThem(_ text: String, _ time: String) throws {
    let dump = try EventDump(text, path: "command/date.txt")
    #expect(dump.format == "capture.date", "\(text)")
    #expect(dump.events.first?.time?.nanoseconds == Timestamp(iso8601: time)?.nanoseconds, "\(text)")
  }

  @Test(arguments: ["20261125052529\n", "20261125\n", "2026-11-25_x\n", "99999999999999\n"])
  func numbersThatAreNoClock(_ text: String) { #expect(name(text, "notes.txt") != "capture.date") }

  @Test func sharesOfOtherMachinesAndFoldersWithBrackets() throws {
    let dump = try EventDump(
      "overlay on /merged type overlay (rw,lowerdir=/a(b):/c)\n//203.0.113.9/share on /mnt/my share type cifs (rw)\n"
        + "203.0.113.9:/export on /srv type nfs4 (rw,vers=4.2)\n", path: "mount.txt")
    #expect(dump.events.map { $0.text("filesystem_type") } == ["overlay", "cifs", "nfs4"])
    #expect(dump.events.first?.text("options") == "rw,lowerdir=/a(b):/c")
    #expect(dump.events.dropFirst().allSatisfy { $0.entities.map(\.text) == ["address:203.0.113.9"] })
  }

  @Test func partsOfUname() throws {
    let short = try EventDump("Linux 6.1.0-50-cloud-amd64\n", path: "uname_-sr.txt")
    #expect(short.events.first?.text("kernel_release") == "6.1.0-50-cloud-amd64")
    let named = try EventDump("Linux web-1 6.1.0-50-cloud-amd64 x86_64\n", path: "uname_-snrm.txt")
    #expect(named.events.first?.entities.map(\.text) == ["host:web-1"])
    #expect(name("Linux is fine\n", "uname.txt") == nil)
  }

  @Test func neighboursInBriefAndFarEndsOfTunnels() throws {
    let brief = try EventDump(
      "10.9.0.254                              veth0            02:11:22:33:44:55 \n"
        + "10.9.0.200                              veth0             \n", path: "ip_-br_neigh.txt")
    #expect(brief.format == "capture.neighbour")
    #expect(brief.events.map { $0.text("mac") } == ["02:11:22:33:44:55", nil])
    #expect(brief.events.map { $0.text("interface") } == ["veth0", "veth0"])
    let bridge = try EventDump(
      "33:33:00:00:00:01 dev veth1 self permanent\n00:00:00:00:00:00 dev vx0 dst 203.0.113.77 via veth0 self permanent\n"
        + "02:11:22:33:44:66 dev veth1 master br0\n", path: "bridge_fdb.txt")
    #expect(bridge.format == "capture.neighbour" && bridge.events.count == 3)
    #expect(bridge.events[1].entities.map(\.text) == ["address:203.0.113.77"])
    #expect(name("10.0.0.1                                web-1\n10.0.0.2 web-2\n") != "capture.neighbour")
    #expect(name("10.0.0.1 web-1 02:11:22:33:44:55\n") != "capture.neighbour")
  }
}
