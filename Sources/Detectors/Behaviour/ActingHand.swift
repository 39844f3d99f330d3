import Bytes
import Evidence

/// Whose hand a command is: who runs the machine types at his own terminal what an intruder runs without one.
///
/// Of some commands that decides how grave they are. A typed one alone is medium and says what it would be beside other signs
/// of an intrusion; the case raises it there. Under a service's account nobody types.
enum ActingHand {
  /// What administrators and developers do as well, to try it or because they must.
  private static let typed: Set<String> = [
    "behaviour.pty-upgrade", "behaviour.metadata-credentials", "behaviour.container-escape", "behaviour.shell-copied",
    "behaviour.download-execute",
  ]

  /// Accounts that services run under. Jenkins and its like are left out: they build whatever they are told.
  private static let services = NameTable([
    "www-data", "apache", "apache2", "httpd", "http", "nginx", "tomcat", "tomcat7", "tomcat8", "tomcat9", "tomcat10",
    "jetty", "jboss", "wildfly", "weblogic", "solr", "nobody", "daemon", "bin", "mail", "postfix", "exim", "postgres",
    "mysql", "mariadb", "redis", "mongodb", "mongod", "rabbitmq", "elasticsearch", "kibana", "logstash", "kafka",
    "zookeeper", "activemq", "confluence", "jira", "git", "squid", "proxy", "ftp", "memcache", "memcached", "couchdb",
    "grafana", "zabbix", "nagios", "haproxy", "php-fpm", "hadoop", "hdfs", "spark", "nexus", "sonarqube", "named",
    "bind", "www", "web", "games", "news", "uucp", "lp", "man", "sync", "irc", "backup",
  ])

  /// The severity of what a rule says of an event's command, by who ran it.
  static func weigh(_ severity: Severity, _ rule: String, _ event: Event) -> Severity {
    guard rule.hasPrefix("behaviour."), typed.contains(rule) else { return severity }
    // A service has no installers to keep up to date.
    if event.dataType == "linux:persistence:entry" {
      return rule == "behaviour.download-execute" && event.text("mechanism") == "cron" && isService(event)
        ? max(severity, .high) : severity
    }
    guard severity >= .high, !isService(event) else { return severity }
    let isOwn = isTyped(event) || rule == "behaviour.metadata-credentials" && isRootsProcess(event)
    return isOwn ? .medium : severity
  }

  private static func isService(_ event: Event) -> Bool {
    if let user = event.text("user") { return user.withView { services.contains($0) } }
    return (event.integer("uid") ?? event.integer("euid")).map { $0 > 0 && $0 < 1000 } ?? false
  }

  /// Whether somebody sat at a terminal: a shell's history that has an owner, or a process with one.
  private static func isTyped(_ event: Event) -> Bool {
    switch event.dataType {
    case "linux:shell:command": event.text("user") != nil
    case "linux:capture:process": hasTerminal(event)
    // Who logged in is known by a number that is kept through sudo.
    case "linux:audit:syscall": event.integer("auid") != nil && hasTerminal(event)
    default: false
    }
  }

  /// `pts/0`, `tty1`; the kernel's audit writes `pts0`.
  private static func hasTerminal(_ event: Event) -> Bool {
    event.text("tty").map { $0.hasPrefix("pts") || $0.hasPrefix("tty") } ?? false
  }

  /// Scripts of root sign their uploads with the role's keys; where a server runs as root, the shell that it started is told.
  private static func isRootsProcess(_ event: Event) -> Bool {
    guard event.dataType == "linux:audit:syscall" || event.dataType == "linux:capture:process" else { return false }
    return event.text("user").map { $0 == "root" } ?? (event.integer("uid") == 0)
  }
}
