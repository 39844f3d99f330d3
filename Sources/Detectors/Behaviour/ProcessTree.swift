import Bytes
import Evidence

/// Finds shells that a web or application server started: what a working exploit leaves in the process table.
///
/// A server's work needs no shell; where a build server or a script host does start one, the finding's chain shows it.
public final class ProcessTree: EventDetector {
  public static let version = 5

  private let artifact: Digest
  private var processes: [Int64: Process] = [:]
  private var order: [Int64] = []
  /// More than any kernel's `pid_max` in use; a made-up listing ends here.
  private static let maximum = 1 << 18
  private static let maximumDepth = 64

  public init(artifact: Digest) { self.artifact = artifact }

  private struct Process {
    var parent: Int64
    var name: String
    var commandLine: String
    var event: Event
  }

  private static let servers: Set<String> = [
    "java", "tomcat", "catalina", "jsvc", "nginx", "httpd", "apache2", "lighttpd", "caddy", "php-fpm", "php-cgi",
    "node", "gunicorn",
    "uwsgi", "puma", "unicorn", "mysqld", "mariadbd", "postgres", "redis-server", "mongod",
  ]
  private static let shells: Set<String> = [
    "sh", "bash", "dash", "zsh", "ksh", "ash", "csh", "tcsh", "busybox", "rbash",
  ]

  public static func concerns(_ dataType: String) -> Bool { dataType.hasSuffix(":process") }

  public func inspect(_ event: Event, _ report: (Finding) -> Void) {
    guard Self.concerns(event.dataType), let pid = event.integer("pid"), let parent = event.integer("ppid")
    else { return }
    let line = event.text("command_line") ?? event.text("args") ?? ""
    let name = event.programName ?? line.split(separator: " ").first.map(String.init) ?? ""
    if processes[pid] == nil {
      guard order.count < Self.maximum else { return }
      order.append(pid)
    }
    processes[pid] = Process(parent: parent, name: Self.plain(name), commandLine: line, event: event)
  }

  /// `-bash` is a login shell, `nginx: worker process` a title, `php-fpm8.2` a version.
  private static func plain(_ name: String) -> String {
    var text = (name.hasPrefix("-") ? name.dropFirst() : name[...]).prefix { $0 != ":" && $0 != " " }
    if let slash = text.lastIndex(of: "/") { text = text[text.index(after: slash)...] }
    return text.hasPrefix("php-fpm") ? "php-fpm" : String(text)
  }

  public func finish(_ report: (Finding) -> Void) {
    for pid in order {
      guard let process = processes[pid], Self.shells.contains(process.name) || Self.isShell(process.commandLine) else {
        continue
      }
      var chain = [pid]
      var place = process.parent
      while chain.count < Self.maximumDepth, let parent = processes[place], !chain.contains(place) {
        chain.append(place)
        // A login between the two makes the shell a person's.
        if parent.name == "sshd" || parent.name == "login" || parent.name == "sudo" || parent.name == "su"
          || parent.name == "cron" || parent.name == "crond"
        {
          break
        }
        if Self.servers.contains(parent.name) {
          report(finding(pid, process, chain))
          break
        }
        place = parent.parent
      }
    }
    processes = [:]
    order = []
  }

  private static func isShell(_ line: String) -> Bool {
    line.withView { view in
      view.words(limit: 2).first.map { shells.contains(ShellWords.baseName($0).slice(0, 16).string) } ?? false
    }
  }

  private func finding(_ pid: Int64, _ process: Process, _ chain: [Int64]) -> Finding {
    let root = chain.last ?? pid
    let server = processes[root]
    var entities = process.event.entities
    for one in chain { entities.addNew(Entity(.process, String(one))) }
    let steps = chain.reversed().compactMap { one in
      processes[one].map { "\(one) \(String(($0.commandLine.isEmpty ? $0.name : $0.commandLine).prefix(120)))" }
    }
    let severity: Severity =
      ServerShell.isOrdinary(process.commandLine, of: server?.commandLine ?? "") ? .medium : .high
    let attributes: [Attribute] = [
      Attribute("pid", pid), Attribute("server_pid", root), Attribute("server", server?.name ?? ""),
      Attribute("command_line", String(process.commandLine.prefix(4096))), Attribute("chain", .texts(steps)),
    ]
    return Finding(
      rule: "behaviour.server-shell", title: "Shell started by a server process", severity: severity,
      confidence: severity == .high ? .high : .low,
      attack: ["T1190", "T1059.004"],
      firstSeen: process.event.time, entities: entities,
      evidence: chain.prefix(8).compactMap { processes[$0]?.event.reference(artifact) },
      message:
        "\(server?.name ?? "A server") (pid \(root)) is the ancestor of the shell \(process.name) (pid \(pid)): \(steps.joined(separator: " → ")).",
      attributes: attributes)
  }
}
