import Bytes
import Evidence
import Testing

@testable import LogParse

/// Captures of what a host runs, allows and is: what looks like them and is none, and parts of them.
@Suite struct HostStateTests {
  private func name(_ text: String, _ path: String = "x.txt") -> String? {
    EventDump.recognize(Array(text.utf8), path: path)?.name
  }

  @Test(arguments: [
    "3\tWed Nov 25 05:24:00 a root\n", "3\tWed Nov 25 05:24:00 2026 ab root\n", "0\tWed Nov 25 05:24:00 2026 a root\n",
    "#!/bin/sh\n# a script\numask 22\n", "NEXT LEFT LAST\n", "UNIT LOAD\n", "ssh.service loaded\n",
    "● a list\n● of things\n", "● one - thing\nthe rest\n", "-A INPUT\n", "-P INPUT\n", "*bold*\n", "COMMIT\n",
    ":INPUT maybe\n", "Chain letters (policy\n", "Chain INPUT (1 references)\nno header\n", "table inet filter\n",
    "table of contents {\n", "CONTAINER ID\n", "uid=ops gid=ops\n", "uid=1000(ops)\n", "kernel.x: 1\n",
    "kernel of truth = 1\n",
    "NAME SIZE\na 1\n", "Handle with care\n", "open files (-n) many\n", "limits are\n(-n) 1\n", "A=1\nB=2\nC=3\n",
    #"[{"Id":"3f4a","Created":"x","Image":"y","Config":{},"State":{}}]"#,
    "[   12.345678] web-1 starts\n", "[   12.3] web-1 kernel: x\n",
  ])
  func lookalikes(_ text: String) {
    let found = name(text)
    #expect(
      found == nil
        || ["linux.dmesg", "capture.paths", "app.log", "linux.startup_script", "capture.history"].contains(found),
      "\(found ?? "")")
  }

  @Test func theKernelsOwnLinesAreDmesgs() {
    for text in [
      "[    0.000000] Linux version 6.1.0\n[    0.000001] Command line: x\n",
      "[    1.000000] usb 1-1: new high-speed USB device\n[    1.100000] usb 1-1: New USB device found\n",
      "[    1.000000] nvme nvme0: pci function 0000:00:04.0\n",
      "[    2.000000] systemd[1]: Inserted module 'autofs4'\n[    2.100000] audit: type=1400 audit(1.2:3): x\n",
    ] { #expect(name(text) == "linux.dmesg", "\(text)") }
  }

  @Test func partsOfCaptures() {
    #expect(name("kworker-sync.service loaded failed failed Kernel worker sync\n") == "capture.systemd_units")
    #expect(name("cron.service enabled enabled\nauditd.service masked\n") == "capture.systemd_units")
    #expect(
      name("Chain INPUT (policy ACCEPT)\ntarget     prot opt source               destination\n") == "capture.iptables")
    #expect(name("*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n") == "capture.iptables")
    #expect(name("PATH=/bin\nHOME=/root\nSHELL=/bin/sh\n") == "capture.environment")
    #expect(name("PATH=/bin\nHOME=/root\nSHELL=/bin/sh\n", "etc/environment") != "capture.environment")
    #expect(name("kernel.x = 1\n", "sysctl_-a.txt") == "capture.sysctl")
    #expect(name("kernel.x = 1\n", "etc/sysctl.d/99-x.conf") != "capture.sysctl")
    #expect(name("#Version: 1.0\n#Fields: date time c-ip cs(Host) cs-uri-stem\n2026-01-01 x\n") != "aws.cloudfront")
    #expect(name("A=1\nB=2\nC=3\n", "live_response/system/env.txt") == "capture.environment")
    #expect(name("root:x:0:0:root:/root:/bin/bash\n", "getent_passwd.txt") == "linux.passwd")
    #expect(name("*/5 * * * * /tmp/x\n", "crontab_-l.txt") == "linux.crontab")
    #expect(name("2026-11-25T05:20:48.276566+0000 web-1 sshd[392]: x\n") == "linux.syslog")
    #expect(
      name("Netid State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n", "ss_-tulpn.txt") == "capture.ss")
  }

  @Test func whoseCrontabWasAskedFor() throws {
    for (path, user) in [
      ("crontab_-l_-u_ops.txt", "ops"), ("live_response/crontab_-u_ops_-l.txt", "ops"), ("crontab_-l.txt", nil),
      ("crontab_-u_", nil),
    ] {
      let dump = try EventDump("*/5 * * * * /tmp/x\n", path: path)
      #expect(dump.format == "linux.crontab" && dump.events.first?.text("user") == user, "\(path)")
      #expect(dump.events.first?.text("command") == "/tmp/x")
    }
    #expect(name("no crontab for root\n") == "capture.empty")
  }

  @Test func charactersOfSeveralBytesMoveNoColumn() throws {
    let header = Array("NAME  WHAT  NOTE".utf8)
    let table = try #require(header.withView { AlignedTable($0, names: ["NAME", "WHAT", "NOTE"]) })
    #expect("a…é   b     c".withView { table.cells($0) } == ["NAME": "a…é", "WHAT": "b", "NOTE": "c"])
    #expect("a".withView { table.cells($0) } == ["NAME": "a"])
    #expect("      b".withView { table.cells($0) } == ["WHAT": "b"])
    #expect("".withView { table.cells($0) }.isEmpty)
    #expect("NAMES WHAT".withView { AlignedTable($0, names: ["NAME", "WHAT"]) } == nil)
  }

  @Test func olderFreeCountsTheCachesApart() throws {
    let dump = try EventDump(
      "             total       used        free     shared    buffers     cached\n"
        + "Mem:       3900000    1000000     2900000          0     100000     500000\n"
        + "-/+ buffers/cache:     400000     3500000\n", path: "free.txt")
    #expect(dump.events.last?.text("used") == "400000" && dump.events.last?.text("free") == "3500000")
    #expect(dump.coverages.map(\.state) == [.parsed])
  }

  @Test func socketsOfOtherFamilies() throws {
    let dump = try EventDump(
      "Netid State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process\n"
        + "nl    UNCONN 0      0      rtnl:kernel        *\n" + "v_str ESTAB  0      0      2:1024             3:22\n"
        + "p_raw UNCONN 0      0      *:eth0             *\n"
        + "tcp   ESTAB  0      0      [fe80::1]:22       [fe80::2]:5\n",
      path: "ss.txt")
    #expect(dump.events.map { $0.text("family") } == ["netlink", "vsock", "packet", "inet6"])
  }

  @Test func whatLsofWasNotLetSeeIsNoFile() throws {
    let dump = try EventDump(
      "COMMAND     PID   USER   FD      TYPE             DEVICE SIZE/OFF     NODE NAME\n"
        + "systemd       1   root  cwd   unknown                                      /proc/1/cwd (readlink: Permission denied)\n"
        + "sh            9    ops  cwd       DIR              259,1     4096        2 /srv\n", path: "lsof.txt")
    #expect(dump.events.map { $0.entities.contains { $0.kind == .file } } == [false, true])
  }

  @Test func aMonthOfAnotherLanguage() throws {
    let dump = try EventDump(
      "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n"
        + "root           1  0.0  0.1 168140 11356 ?        Ss   11월24   0:10 /sbin/init\n", path: "ps.txt")
    #expect(dump.events.first?.time?.description == "2026-11-24T00:00:00Z")
  }

  @Test func scannerForRootkits() throws {
    let dump = try EventDump(
      "ROOTDIR is `/'\nChecking `amd'...                                             not found\n"
        + "Checking `ls'...                                              INFECTED\n"
        + "Checking `ps'...                                              not infected\n"
        + "Searching for Linux/Ebury - Operation Windigo ssh...          nothing found\n"
        + "Checking `bindshell'...                                       INFECTED PORTS: ( 465)\n"
        + "Checking `lkm'...                                             You have     2 process hidden for readdir command\n"
        + "chkproc: Warning: Possible LKM Trojan installed\n", path: "chkrootkit.txt")
    #expect(dump.format == "capture.rootkit_check" && dump.coverages.map(\.state) == [.parsed])
    #expect(dump.events.map { $0.text("check") } == ["ls", "bindshell", "lkm", "lkm"])
    #expect(dump.events.map { $0.text("verdict") } == ["infected", "suspect", "suspect", "suspect"])
    for text in ["Checking `x'\n", "ROOTDIR\n", "Checking configuration...\nSearching for updates...\nDone\n"] {
      #expect(EventDump.recognize(Array(text.utf8), path: "x.txt")?.name != "capture.rootkit_check", "\(text)")
    }
  }
}
