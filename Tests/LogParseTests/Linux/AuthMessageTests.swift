import Evidence
import Testing

@testable import LogParse

@Suite struct AuthMessageTests {
  private func event(_ program: String, _ text: String) throws -> Event {
    try #require(try EventDump("Nov 25 05:20:12 web-1 \(program)[7]: \(text)\n", path: "auth.log").events.first)
  }

  @Test(
    arguments: [
      ("User root from 203.0.113.9 not allowed because not listed in AllowUsers", "login_refused", "root"),
      (
        "PAM 2 more authentication failures; logname= uid=0 tty=ssh ruser= rhost=203.0.113.9  user=root",
        "login_failed", "root"
      ),
      ("error: PAM: Authentication failure for illegal user admin from 203.0.113.9", "login_failed", "admin"),
      ("error: PAM: Authentication failure for a from b from 203.0.113.9", "login_failed", "a from b"),
      ("Bad protocol version identification 'x from 10.0.0.1 port 1' from 203.0.113.9 port 50000", "scanned", nil),
      ("Timeout before authentication for connection from 203.0.113.9 to 10.0.0.5, pid = 77", "login_timed_out", nil),
      ("fatal: Timeout before authentication for 203.0.113.9 port 33", "login_timed_out", nil),
      ("Starting session: shell on pts/0 for ops from 203.0.113.9 port 50000 id 0", "session_started", "ops"),
      (
        "drop connection #0 from [203.0.113.9]:50022 on [10.0.0.5]:22 penalty: failed authentication",
        "connection_dropped", nil
      ),
      ("message repeated 2 times: [ Failed password for root from 203.0.113.9 port 4711 ssh2]", "login_failed", "root"),
    ] as [(String, String, String?)])
  func linesOfSSH(_ text: String, _ action: String, _ user: String?) throws {
    let event = try event("sshd", text)
    #expect(event.text("action") == action)
    #expect(event.text("user") == user)
    #expect(event.text("remote_address") == "203.0.113.9")
    #expect(event.text("text") == text)
  }

  /// As OpenSSH wrote them before it told ports, and what is rarer.
  @Test(
    arguments: [
      ("Invalid user admin from 203.0.113.9", "login_failed", "admin"),
      ("Invalid user a from b from 203.0.113.9", "login_failed", "a from b"),
      ("Connection closed by 203.0.113.9 [preauth]", "disconnected", nil),
      ("Connection reset by 203.0.113.9", "disconnected", nil),
      ("Received disconnect from 203.0.113.9: 11: Bye Bye [preauth]", "disconnected", nil),
      ("error: Received disconnect from 203.0.113.9 port 5:3: x", "disconnected", nil),
      ("fatal: Unable to negotiate with 203.0.113.9: no matching cipher", "scanned", nil),
      ("ssh_dispatch_run_fatal: Connection from 203.0.113.9 port 81: incorrect", "disconnected", nil),
      ("Timeout, client not responding from user root 203.0.113.9 port 83", "disconnected", "root"),
      ("reverse mapping checking getaddrinfo for evil.example [203.0.113.9] failed", "name_mismatch", nil),
      ("pam_sss(sshd:auth): authentication success; rhost=203.0.113.9 user=dom\\ops", "authenticated", "dom\\ops"),
    ] as [(String, String, String?)])
  func linesWithoutPorts(_ text: String, _ action: String, _ user: String?) throws {
    let event = try event("sshd", text)
    #expect(event.text("action") == action && event.text("user") == user)
    #expect(event.text("remote_address") == "203.0.113.9")
  }

  /// What a caller chose may hold the words that follow it.
  @Test func whatACallerForgesIsMarked() throws {
    let folder = try event("sudo", "bob : TTY=pts/0 ; PWD=/tmp/a ; b ; USER=root ; COMMAND=/bin/sh")
    #expect(folder.text("action") == "sudo" && folder.text("working_directory") == "/tmp/a ; b")
    #expect(folder.text("target_user") == "root" && folder["is_ambiguous"] == nil)
    let twice = try event("sudo", "bob : TTY=pts/0 ; PWD=/tmp/a ; USER=nobody ; USER=root ; COMMAND=/bin/sh")
    #expect(twice.text("target_user") == "root" && twice["is_ambiguous"] == .flag(true))
    #expect(twice.text("working_directory") == "/tmp/a ; USER=nobody")
    let command = try event("sudo", "bob : PWD=/tmp/a ; USER=nobody ; COMMAND=/bin/true ; USER=root ; COMMAND=/bin/sh")
    #expect(command["is_ambiguous"] == .flag(true))
    let refused = try event("sudo", "bob : command not allowed ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh")
    #expect(refused.text("action") == "sudo_refused" && refused.text("detail") == "command not allowed")
    #expect(Set(refused.attributes.map(\.name)).count == refused.attributes.count)
    let host = try event(
      "vsftpd", "pam_unix(vsftpd:auth): authentication failure; tty=ftp ruser=x rhost=10.9.9.9 rhost=203.0.113.9")
    #expect(host.text("remote_address") == "203.0.113.9" && host["is_ambiguous"] == .flag(true))
    #expect(host.attributes.count { $0.name == "remote_address" } == 1)
  }

  @Test(
    arguments: [
      (
        "pkexec", "bob: Executing command [USER=root] [TTY=unknown] [CWD=/] [COMMAND=/bin/cat /etc/shadow]", "pkexec",
        "bob", "command", "/bin/cat /etc/shadow"
      ),
      ("doas", "bob ran command /bin/sh as root from /tmp", "doas", "bob", "target_user", "root"),
      ("gpasswd", "user eve added by root to group docker", "group_member_added", "eve", "by_user", "root"),
      ("gpasswd", "user eve removed by root from group docker", "group_member_removed", "eve", "group", "docker"),
      ("gpasswd", "members of group sudo set by root to a,b", "group_members_set", nil, "group", "sudo"),
      ("usermod", "change user 'x' UID from '1001' to '0'", "user_changed", "x", "detail", "UID from '1001' to '0'"),
      ("usermod", "change user name 'x' to 'root2'", "user_renamed", "x", "detail", "to 'root2'"),
      (
        "su", "pam_unix(su:session): session opened for user root(uid=0) by bob(uid=1000)", "session_opened", "root",
        "by_user", "bob"
      ),
      (
        "sshd", "pam_faillock(sshd:auth): Consecutive login failures for user eve account temporarily locked",
        "account_locked", "eve", "pam_service", "sshd:auth"
      ),
    ] as [(String, String, String, String?, String, String)])
  func linesOfAccounts(
    _ program: String, _ text: String, _ action: String, _ user: String?, _ name: String, _ value: String
  ) throws {
    let event = try event(program, text)
    #expect(event.text("action") == action && event.text("user") == user && event.text(name) == value)
  }

  /// As busybox, OpenDoas, polkit, dcron and atd write.
  @Test(
    arguments: [
      ("login", "root login on 'tty1'", "login_accepted", "root", nil),
      ("login", "invalid password for 'ops' on 'pts/0'", "login_failed", "ops", nil),
      ("login", "invalid password for 'UNKNOWN' on 'pts/0'", "login_failed", nil, nil),
      ("crond", "USER root pid  99 cmd run-parts /etc/x | sh", "cron_job_started", "root", "run-parts /etc/x | sh"),
      (
        "crond", "FILE /var/spool/cron/crontabs/ops USER ops PID 99 /opt/a b", "cron_job_started", "ops", "/opt/a b"
      ),
      ("CRON", "(ops) CMD ([4711] /opt/a b)", "cron_job_started", "ops", "/opt/a b"),
      ("CRON", "(ops) END ([4711] /opt/a b)", "cron_job_ended", "ops", "/opt/a b"),
      ("CRON", "(ops) CMD ([ -x /opt/a ] && /opt/a)", "cron_job_started", "ops", "[ -x /opt/a ] && /opt/a"),
      ("atd", "Starting job 5 (a00005018b0d6c) for user 'ops' (1000)", "at_job_started", "ops", nil),
      ("doas", "command not permitted for ops: cat /etc/shadow", "doas_refused", nil, "cat /etc/shadow"),
      (
        "pkexec",
        "ops: The value for the SHELL variable was not found the /etc/shells file [USER=root] [TTY=/dev/pts/0] "
          + "[CWD=/tmp] [COMMAND=GCONV_PATH=./x PATH=GCONV_PATH=.]",
        "pkexec_refused", "ops", "GCONV_PATH=./x PATH=GCONV_PATH=."
      ),
    ] as [(String, String, String, String?, String?)])
  func linesOfSmallSystems(
    _ program: String, _ text: String, _ action: String, _ user: String?, _ command: String?
  ) throws {
    let event = try event(program, text)
    #expect(event.text("action") == action && event.text("user") == user && event.text("command") == command, "\(text)")
  }

  @Test(arguments: [
    ("login", "the password on 'tty1' is old"), ("crond", "USER root has no crontab"), ("atd", "Starting job"),
    ("crond", "crond (busybox 1.36.1) started, log level 8"), ("pkexec", "ops: nothing [USER=root]"),
  ])
  func nearlyLinesOfSmallSystems(_ program: String, _ text: String) throws {
    let event = try event(program, text)
    #expect(event.text("action") == nil && event.text("user") == nil && event.text("command") == nil, "\(text)")
  }

  @Test(arguments: [
    ("gpasswd", "user eve asked by root about group docker"), ("doas", "command not permitted for bob: ls"),
    ("sshd", "Invalid user admin from nowhere"), ("sshd", "Connection closed by remote host"),
  ])
  func nearlyLinesOfAccounts(_ program: String, _ text: String) throws {
    let event = try event(program, text)
    #expect(event.text("remote_address") == nil && event.text("by_user") == nil && event.text("user") == nil)
  }

  @Test(arguments: [
    "User root from 203.0.113.9 is allowed", "PAM 2 more things; rhost=203.0.113.9", "error: PAM: no such thing",
    "message repeated 2 times: [ Failed password for root from 203.0.113.9 port 4711 ssh2",
    "message repeated x times: [ Failed password for root from 203.0.113.9 port 4711 ssh2]",
    "message repeated 2 times: [ message repeated 2 times: [ Failed password for root from 203.0.113.9 port 1 ssh2]]",
  ])
  func nearlyLinesOfSSH(_ text: String) throws {
    let event = try event("sshd", text)
    #expect(event.text("action") == nil && event.text("remote_address") == nil)
  }

  @Test func howOftenARepeatedLineWas() throws {
    let event = try event(
      "sshd", "message repeated 2 times: [ Failed password for root from 203.0.113.9 port 4711 ssh2]")
    #expect(event.integer("count") == 2 && event.integer("remote_port") == 4711)
    #expect(try self.event("sshd", "PAM 3 more authentication failures; user=root").integer("count") == 3)
  }

  @Test func theOtherEnd() throws {
    let drop = try event("sshd", "drop connection #0 from [2001:db8::1]:5 on [10.0.0.5]:22 past MaxStartups")
    #expect(drop.text("remote_address") == "2001:db8::1" && drop.integer("remote_port") == 5)
    #expect(drop.text("local_address") == "10.0.0.5" && drop.integer("local_port") == 22)
    let session = try event("sshd", "Starting session: subsystem 'sftp' for ops from 10.1.0.9 port 5 id 0")
    #expect(session.text("detail") == "subsystem 'sftp'" && session.text("tty") == nil)
  }

  @Test func sessionsOfLogind() throws {
    let quoted = try event("systemd-logind", "New session '5' of user 'ops' with class 'user' and type 'tty'.")
    #expect(quoted.text("session") == "5" && quoted.text("user") == "ops")
    let plain = try event("systemd-logind", "New session 5 of user o's.")
    #expect(plain.text("session") == "5" && plain.text("user") == "o's")
    #expect(try event("systemd-logind", "Removed session c1.").text("session") == "c1")
  }

  @Test(
    arguments: [
      ("LOGIN ON tty1 BY ops", "login_accepted", "ops", "tty1", nil),
      ("LOGIN ON pts/0 BY ops FROM 203.0.113.9", "login_accepted", "ops", "pts/0", "203.0.113.9"),
      ("ROOT LOGIN ON tty1", "login_accepted", "root", "tty1", nil),
      ("FAILED LOGIN 1 FROM tty1 FOR ops, Authentication failure", "login_failed", "ops", "tty1", nil),
      ("FAILED LOGIN 1 FROM 203.0.113.9 FOR ops, Authentication failure", "login_failed", "ops", nil, "203.0.113.9"),
      ("FAILED LOGIN (1) on '/dev/tty1' FOR 'root', Authentication failure", "login_failed", "root", "/dev/tty1", nil),
      ("ROUTE LOGINS", nil, nil, nil, nil),
    ] as [(String, String?, String?, String?, String?)])
  func linesOfLogin(_ text: String, _ action: String?, _ user: String?, _ tty: String?, _ address: String?) throws {
    let event = try event("login", text)
    #expect(event.text("action") == action)
    #expect(event.text("user") == user)
    #expect(event.text("tty") == tty)
    #expect(event.text("remote_address") == address)
  }

  @Test(
    arguments: [
      ("ROOT LOGIN REFUSED FROM 203.0.113.9 port 22", "login_refused", "root"),
      ("refused connect from evil.example (203.0.113.9)", "connection_refused", nil),
      ("refused connect from 203.0.113.9 (203.0.113.9)", "connection_refused", nil),
      ("Close session: user a from b from 203.0.113.9 port 22 id 0", "session_closed", "a from b"),
      ("srclimit_penalise: ipv4: new 203.0.113.9/32 deferred penalty of 5 seconds for penalty: x", "penalised", nil),
      ("Address 203.0.113.9 maps to x.example, but this does not map back to the address.", "name_mismatch", nil),
      ("session opened for local user ops from [203.0.113.9]", "session_opened", "ops"),
    ] as [(String, String, String?)])
  func rareLinesOfSSH(_ text: String, _ action: String, _ user: String?) throws {
    let event = try event("sshd", text)
    #expect(event.text("action") == action && event.text("user") == user)
    #expect(event.text("remote_address") == "203.0.113.9" && event.text("text") == text)
  }

  @Test func refusalsAndLocks() throws {
    let denied = try event("sshd", "fatal: Access denied for user ops by PAM account configuration [preauth]")
    #expect(denied.text("action") == "login_refused" && denied.text("user") == "ops")
    let locked = try event("sshd", "pam_tally2(sshd:auth): user root (0) tally 9, deny 5")
    #expect(locked.text("action") == "account_locked" && locked.text("user") == "root")
    #expect(locked.text("detail") == "tally 9, deny 5")
    let group = try event("groupadd", "group added to /etc/group: name=svc, GID=1001")
    #expect(group.text("action") == "group_added" && group.text("group") == "svc" && group.integer("gid") == 1001)
    // Near misses say nothing.
    for text in ["ROOT LOGIN", "Access denied for user", "Address x", "srclimit_penalise: ipv4: old 203.0.113.9/32"] {
      #expect(try event("sshd", text)["action"] == nil, "\(text)")
    }
  }

  @Test func signsOfSu() throws {
    let became = try event("su", "+ /dev/pts/0 ops:root")
    #expect(became.text("action") == "su" && became.text("user") == "ops" && became.text("target_user") == "root")
    #expect(try event("su", "- /dev/pts/0 ops:root").text("action") == "su_refused")
    #expect(try event("su", "- /dev/pts/0 ops")["action"] == nil)
  }

  @Test func filesOverSFTP() throws {
    let open = try event("sftp-server", #"open "/var/www/x" flags READ.php" flags WRITE,CREATE,TRUNCATE mode 0644"#)
    #expect(open.text("action") == "file_opened" && open.dataType == "linux:auth:entry")
    let plain = try event("internal-sftp", #"open "/var/www/x.php" flags WRITE,CREATE mode 0644"#)
    #expect(plain.text("path") == "/var/www/x.php" && plain.text("flags") == "WRITE,CREATE")
    let renamed = try event("sftp-server", #"rename old "/tmp/a" new "/etc/cron.d/a""#)
    #expect(renamed.text("path") == "/tmp/a" && renamed.text("new_path") == "/etc/cron.d/a")
    #expect(try event("sftp-server", #"remove name "/x""#).text("path") == "/x")
    #expect(try event("sftp-server", "sent status No such file")["action"] == nil)
  }

  @Test(
    arguments: [
      ("Password auth succeeded for 'root' from 203.0.113.9:5000", "login_accepted", "root"),
      ("Bad password attempt for 'a' from 1.2.3.4:5' from 203.0.113.9:5000", "login_failed", "a' from 1.2.3.4:5"),
      ("Login attempt for nonexistent user from 203.0.113.9:5000", "login_failed", nil),
      ("Exit (root) from <203.0.113.9:5000>: Disconnect received", "disconnected", "root"),
    ] as [(String, String, String?)])
  func linesOfDropbear(_ text: String, _ action: String, _ user: String?) throws {
    let event = try event("dropbear", text)
    #expect(event.text("action") == action && event.text("user") == user)
    #expect(event.text("remote_address") == "203.0.113.9" && event.integer("remote_port") == 5000)
  }
}
