import Evidence

/// A shell that a web server or Java application started: what code execution in a service looks like.
///
/// Services do run small scripts, so it is high only where the command line shows what no script of a service has, or where
/// a reverse shell came of it.
enum ServiceShellRule: MemoryRule {
  private static let services: Set<String> = [
    "java", "tomcat", "nginx", "apache", "httpd", "php-fpm", "php", "node", "nodejs", "catalina", "jetty", "jboss",
    "lighttpd", "caddy", "gunicorn", "uwsgi", "w3wp", "postgres", "mysqld", "mariadbd", "redis-server",
  ]
  private static let marks = [
    "/dev/tcp/", "/dev/udp/", "base64,-d", "base64 -d", "base64 --decode", "bash -i", "sh -i", " -i >&", "mkfifo",
    "nc -e", "ncat -e", "|bash", "| bash", "|sh", "| sh",
  ]

  static func check(_ scene: Scene) {
    for process in scene.userProcesses where Programs.isShell(process) {
      guard let parent = scene.parent(of: process), !Programs.isShell(parent) else { continue }
      let family = Programs.family(Programs.program(parent))
      guard services.contains(family) || services.contains(Programs.family(parent.task.name)) else { continue }
      let line = process.commandLine
      let hasMarks = marks.contains { line.contains($0) }
      let leadsToShell = descends(process, scene)
      if hasMarks || leadsToShell { scene.suspect(process) }
      scene.report(
        "service-shell", "Shell started by a service", hasMarks || leadsToShell ? .high : .low,
        hasMarks || leadsToShell ? .high : .low, attack: ["T1059.004", "T1190"], process: process,
        message:
          "Shell started by a service: \(Programs.program(parent)) (pid \(parent.pid)) started pid \(process.pid): "
          + line + (leadsToShell ? "; a reverse shell descends from it." : "."),
        attributes: [Attribute("parent_command_line", parent.commandLine)])
    }
  }

  private static func descends(_ process: Process, _ scene: Scene) -> Bool {
    var left = [process.pid]
    var seen: Set<Int32> = []
    while let pid = left.popLast() {
      guard seen.insert(pid).inserted else { continue }
      if scene.suspects.contains(pid) { return true }
      left += (scene.children[pid] ?? []).map { $0.pid }
    }
    return false
  }
}
