import Bytes
import Evidence

/// An entry of a log, whether from syslog's text or from the journal, on its way to an event.
struct SyslogRecord {
  var time: Timestamp?
  var host: String
  /// With what kind of speaker it is.
  var program: NameCache.Name
  var pid: Int64?
  /// Facility times eight plus severity (RFC 5424).
  var priority: Int?
  /// The line had no year.
  var isYearInferred = false
  /// Further attributes of the source (the journal's).
  var extra: [Attribute] = []

  func event(_ body: ByteView, _ locator: Locator) -> Event {
    var draft = EventDraft()
    var words = WordCache(isUsed: false)
    draft.begin(at: time)
    write(body, to: &draft, &words)
    var event = draft.event
    event.locator = locator
    return event
  }

  /// Makes a draft this entry's, all but its time and place.
  func write(_ body: ByteView, to draft: inout EventDraft, _ words: inout WordCache) {
    writeFront(body, to: &draft)
    draft.finish(dataType: read(body, into: &draft, &words))
  }

  /// What the log itself says, without what the words mean.
  func writeFront(_ body: ByteView, to draft: inout EventDraft) {
    if let pid, priority == nil, extra.isEmpty, !host.isEmpty, !body.isEmpty,
      draft.putFront(program: program.text, pid: pid, host: host, text: body, isYearInferred: isYearInferred)
    {
      return
    }
    // Written out, for `add` asks of each what is known here.
    if !program.text.isEmpty { draft.put("program", program.text) }
    if let pid { draft.put("pid", pid) }
    if !host.isEmpty { draft.put("host", host) }
    draft.add("text", new: body)
    if let priority {
      draft.put("facility", Int64(priority >> 3))
      draft.put("severity", Int64(priority & 7))
    }
    if isYearInferred { draft.put("year", "inferred") }
    if !extra.isEmpty { draft.put(extra) }
    if !host.isEmpty { draft.put(.host, host) }
  }

  /// What the words say, as attributes, and the data type that is theirs.
  private func read(_ body: ByteView, into draft: inout EventDraft, _ words: inout WordCache) -> String {
    switch program.source {
    case .ssh, .sudo, .su, .login, .logind, .accounts, .dropbear, .sftp:
      AuthMessage.read(body, of: program.source, into: &draft, &words)
      return "linux:auth:entry"
    case .cron:
      CronMessage.read(body, into: &draft, &words)
      return "linux:cron:entry"
    case .kernel: return readKernel(body, into: &draft)
    case .audit: return readAudit(body, into: &draft) ?? "linux:syslog:entry"
    case .web: return readRequest(body, into: &draft) ?? "linux:syslog:entry"
    case .network:
      NetworkMessage.read(body, of: program.text, into: &draft, &words)
      return "linux:syslog:entry"
    case .other:
      // PAM speaks in the name of whatever program uses it.
      if body.hasPrefix("pam_") {
        AuthMessage.readPAM(body, into: &draft, &words)
        return "linux:auth:entry"
      }
      // A session's scope holds whatever was run in it; sudo's words are like no other's.
      if program.isUnit, body.contains(" ; COMMAND=") {
        AuthMessage.read(body, of: .sudo, into: &draft, &words)
        return "linux:auth:entry"
      }
      return "linux:syslog:entry"
    }
  }

  // [12345.678901] [UFW BLOCK] IN=eth0 …        audit: type=1400 audit(1795584012.123:12): …
  private func readKernel(_ body: ByteView, into draft: inout EventDraft) -> String {
    var text = body
    if text[0] == 0x5B, let close = text.slice(0, 32).firstIndex(of: 0x5D), text.slice(1, close).trimmed.isSeconds {
      text = text.slice(close + 1).trimmed
    }
    if text[0] == 0x61, let kind = readAudit(text, into: &draft) { return kind }
    if let packet = FirewallMessage(text) { draft.putNew(packet.attributes, packet.entities) }
    return "linux:kernel:entry"
  }

  private func readAudit(_ body: ByteView, into draft: inout EventDraft) -> String? {
    guard let event = AuditMessage.event(body, time: time) else { return nil }
    draft.put(event)
    return event.dataType
  }

  /// A web server's log that is sent by way of syslog: its lines are those of the file.
  private func readRequest(_ body: ByteView, into draft: inout EventDraft) -> String? {
    guard let event = AccessLine(body)?.event(.whole) ?? HAProxyLine(body)?.event else {
      // An error log's line says who asked.
      if let client = ApplicationEntry.client(body, hasPort: false) {
        draft.putNew([], client.isSpecific ? [Entity(.address, client.address ?? "")] : [])
        draft.add("remote_address", client.address)
        draft.add("remote_port", client.port)
      }
      return nil
    }
    draft.put(event)
    return event.dataType
  }

  /// Who speaks, as far as it settles how the text is read.
  enum Source {
    case ssh, sudo, su, login, logind, accounts, cron, kernel, audit, web, network, dropbear, sftp, other
  }

  static func source(of program: String) -> Source {
    // One instance for each connection, where sshd is started by its socket.
    sources[program]
      ?? (program.hasPrefix("sshd@") || program.hasPrefix("ssh@")
        ? .ssh : program.hasPrefix("postfix/") ? .network : .other)
  }

  private static let sources: [String: Source] = {
    var sources: [String: Source] = [
      "kernel": .kernel, "sshd": .ssh, "sshd-session": .ssh, "sshd-auth": .ssh, "sudo": .sudo, "su": .su,
      "login": .login, "systemd-logind": .logind, "ssh.service": .ssh, "sshd.service": .ssh, "cron.service": .cron,
      "crond.service": .cron, "systemd-logind.service": .logind, "audit": .audit, "audispd": .audit,
      "audisp-syslog": .audit, "auditd": .audit, "tag_audit_log": .audit, "audit_log": .audit, "dropbear": .dropbear,
      "sftp-server": .sftp, "internal-sftp": .sftp,
      "named": .network, "dovecot": .network, "sm-mta": .network, "sendmail": .network,
    ]
    for name in [
      "nginx", "httpd", "apache", "apache2", "haproxy", "lighttpd", "tomcat", "nginx.service", "haproxy.service",
    ] {
      sources[name] = .web
    }
    for name in [
      "useradd", "userdel", "usermod", "groupadd", "groupdel", "groupmod", "gpasswd", "passwd", "chpasswd", "chage",
      "chfn", "chsh", "newusers", "adduser", "(systemd)", "polkitd", "pkexec", "unix_chkpwd", "vsftpd", "doas",
    ] { sources[name] = .accounts }
    for name in ["CRON", "CROND", "cron", "crond", "crontab", "anacron", "/usr/sbin/cron", "/usr/sbin/CRON", "atd"] {
      sources[name] = .cron
    }
    return sources
  }()
}

extension ByteView {
  /// `12345.678901`, as the kernel counts since the boot.
  fileprivate var isSeconds: Bool {
    guard let (whole, part) = cut(0x2E) else { return false }
    return CivilTime.number(whole) != nil && CivilTime.number(part) != nil
  }
}
