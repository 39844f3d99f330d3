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
    var event = Event(time: nil, .recorded, dataType: "", message: "", locator: locator)
    var words = WordCache(isUsed: false)
    write(body, to: &event, &words)
    return event
  }

  /// Makes an event this entry's, all but its place. What it was before is gone, but its lists keep their room: a sink that
  /// keeps no events then costs no lists.
  func write(_ body: ByteView, to event: inout Event, _ words: inout WordCache) {
    event.time = time
    event.timeMeaning = .recorded
    event.message = String(program: program.text, pid: pid, saying: body)
    event.attributes.removeAll(keepingCapacity: true)
    event.attributes.reserveCapacity(12)
    // Written out, for `add` asks of each what is known here.
    if !program.text.isEmpty { event.attributes.append(Attribute("program", program.text)) }
    if let pid { event.attributes.append(Attribute("pid", pid)) }
    if !host.isEmpty { event.attributes.append(Attribute("host", host)) }
    if !body.isEmpty { event.attributes.append(Attribute("text", body.string)) }
    if let priority {
      event.attributes.append(Attribute("facility", Int64(priority >> 3)))
      event.attributes.append(Attribute("severity", Int64(priority & 7)))
    }
    if isYearInferred { event.attributes.append(Attribute("year", "inferred")) }
    if !extra.isEmpty { event.attributes += extra }
    event.entities.removeAll(keepingCapacity: true)
    event.entities.reserveCapacity(4)
    if !host.isEmpty { event.entities.append(Entity(.host, host)) }
    switch program.source {
    case .ssh, .sudo, .su, .login, .logind, .accounts:
      event.dataType = "linux:auth:entry"
      AuthMessage.read(body, of: program.source, into: &event, &words)
    case .cron:
      event.dataType = "linux:cron:entry"
      CronMessage.read(body, into: &event, &words)
    case .kernel: event.dataType = "linux:kernel:entry"
    case .other:
      event.dataType = "linux:syslog:entry"
      // PAM speaks in the name of whatever program uses it.
      if body.hasPrefix("pam_") {
        event.dataType = "linux:auth:entry"
        AuthMessage.readPAM(body, into: &event, &words)
      } else if program.isUnit, body.contains(" ; COMMAND=") {
        // A session's scope holds whatever was run in it; sudo's words are like no other's.
        event.dataType = "linux:auth:entry"
        AuthMessage.read(body, of: .sudo, into: &event, &words)
      }
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
