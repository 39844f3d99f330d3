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
    draft.finish(dataType: read(body, into: &draft, &words))
  }

  /// What the words say, as attributes, and the data type that is theirs.
  private func read(_ body: ByteView, into draft: inout EventDraft, _ words: inout WordCache) -> String {
    switch program.source {
    case .ssh, .sudo, .su, .login, .logind, .accounts:
      AuthMessage.read(body, of: program.source, into: &draft, &words)
      return "linux:auth:entry"
    case .cron:
      CronMessage.read(body, into: &draft, &words)
      return "linux:cron:entry"
    case .kernel: return "linux:kernel:entry"
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

  /// Who speaks, as far as it settles how the text is read.
  enum Source { case ssh, sudo, su, login, logind, accounts, cron, kernel, other }

  static func source(of program: String) -> Source {
    // One instance for each connection, where sshd is started by its socket.
    sources[program] ?? (program.hasPrefix("sshd@") || program.hasPrefix("ssh@") ? .ssh : .other)
  }

  private static let sources: [String: Source] = {
    var sources: [String: Source] = [
      "kernel": .kernel, "sshd": .ssh, "sshd-session": .ssh, "sshd-auth": .ssh, "sudo": .sudo, "su": .su,
      "login": .login, "systemd-logind": .logind, "ssh.service": .ssh, "sshd.service": .ssh, "cron.service": .cron,
      "crond.service": .cron, "systemd-logind.service": .logind,
    ]
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
