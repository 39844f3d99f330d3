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
    let text = body.string
    var attributes: [Attribute] = []
    attributes.reserveCapacity(12)
    // Written out, for `add` asks of each what is known here.
    if !program.text.isEmpty { attributes.append(Attribute("program", program.text)) }
    if let pid { attributes.append(Attribute("pid", pid)) }
    if !host.isEmpty { attributes.append(Attribute("host", host)) }
    if !body.isEmpty { attributes.append(Attribute("text", text)) }
    if let priority {
      attributes.add("facility", Int64(priority >> 3))
      attributes.add("severity", Int64(priority & 7))
    }
    if isYearInferred { attributes.append(Attribute("year", "inferred")) }
    if !extra.isEmpty { attributes += extra }
    var entities: [Entity] = []
    entities.reserveCapacity(4)
    if !host.isEmpty { entities.append(Entity(.host, host)) }
    var type = "linux:syslog:entry"
    switch program.source {
    case .ssh, .sudo, .su, .login, .logind, .accounts:
      type = "linux:auth:entry"
      AuthMessage.read(body, of: program.source, into: &attributes, &entities)
    case .cron:
      type = "linux:cron:entry"
      CronMessage.read(body, into: &attributes, &entities)
    case .kernel: type = "linux:kernel:entry"
    case .other:
      // PAM speaks in the name of whatever program uses it.
      if body.hasPrefix("pam_") {
        type = "linux:auth:entry"
        AuthMessage.readPAM(body, into: &attributes, &entities)
      }
    }
    return Event(
      time: time, .recorded, dataType: type, message: String(program: program.text, pid: pid, saying: body),
      entities: entities, attributes: attributes, locator: locator)
  }

  /// Who speaks, as far as it settles how the text is read.
  enum Source { case ssh, sudo, su, login, logind, accounts, cron, kernel, other }

  static func source(of program: String) -> Source { sources[program] ?? .other }

  private static let sources: [String: Source] = {
    var sources: [String: Source] = [
      "kernel": .kernel, "sshd": .ssh, "sshd-session": .ssh, "sshd-auth": .ssh, "sudo": .sudo, "su": .su,
      "login": .login, "systemd-logind": .logind,
    ]
    for name in [
      "useradd", "userdel", "usermod", "groupadd", "groupdel", "groupmod", "gpasswd", "passwd", "chpasswd", "chage",
      "chfn", "chsh", "newusers", "adduser", "(systemd)", "polkitd", "pkexec", "unix_chkpwd", "vsftpd", "doas",
    ] { sources[name] = .accounts }
    for name in ["CRON", "cron", "crond", "crontab", "anacron", "/usr/sbin/cron", "/usr/sbin/CRON", "atd"] {
      sources[name] = .cron
    }
    return sources
  }()
}
