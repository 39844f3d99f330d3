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
    attributes.add("program", program.text)
    attributes.add("pid", pid)
    attributes.add("host", host)
    attributes.add("text", text)
    if let priority {
      attributes.add("facility", Int64(priority >> 3))
      attributes.add("severity", Int64(priority & 7))
    }
    if isYearInferred { attributes.add("year", "inferred") }
    attributes += extra
    var entities: [Entity] = []
    entities.reserveCapacity(4)
    if !host.isEmpty { entities.append(Entity(.host, host)) }
    var type = "linux:syslog:entry"
    switch program.source {
    case .authentication:
      type = "linux:auth:entry"
      AuthMessage.read(body, program: program.text, into: &attributes, &entities)
    case .cron:
      type = "linux:cron:entry"
      CronMessage.read(body, into: &attributes, &entities)
    case .kernel: type = "linux:kernel:entry"
    case .other:
      // PAM speaks in the name of whatever program uses it.
      if body.hasPrefix("pam_") {
        type = "linux:auth:entry"
        AuthMessage.read(body, program: program.text, into: &attributes, &entities)
      }
    }
    return Event(
      time: time, .recorded, dataType: type, message: String(program: program.text, pid: pid, saying: body),
      entities: entities, attributes: attributes,
      locator: locator)
  }

  enum Source { case authentication, cron, kernel, other }

  static func source(of program: String) -> Source { sources[program] ?? .other }

  private static let sources: [String: Source] = {
    var sources: [String: Source] = ["kernel": .kernel]
    for name in [
      "sshd", "sshd-session", "sshd-auth", "sudo", "su", "login", "useradd", "userdel", "usermod", "groupadd",
      "groupdel", "groupmod", "gpasswd", "passwd", "chpasswd", "chage", "chfn", "chsh", "newusers", "adduser",
      "systemd-logind", "(systemd)", "polkitd", "pkexec", "unix_chkpwd", "vsftpd", "doas",
    ] { sources[name] = .authentication }
    for name in ["CRON", "cron", "crond", "crontab", "anacron", "/usr/sbin/cron", "/usr/sbin/CRON", "atd"] {
      sources[name] = .cron
    }
    return sources
  }()
}
