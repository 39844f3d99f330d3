import Bytes
import Evidence

@testable import Timeline

/// A machine as a memory image and as its own commands show it. Seconds count from the samples' time.
struct CheckSamples {
  var events: [(String, Event)] = []
  var rows: [String] = []
  var acquired: Int64 = 1000
  var captured: Int64 = 1060
  var findings: [Finding] = []
  var damaged: Set<Digest> = []

  static let processes: [(Int64, Int64, String, String)] = [
    (1, 0, "systemd", "/sbin/init"), (200, 1, "cron", "/usr/sbin/cron -f"), (300, 1, "sshd", "sshd: /usr/sbin/sshd -D"),
    (351, 1, "java", "/usr/bin/java -jar app.jar"),
  ]

  init() {
    for (pid, parent, name, line) in Self.processes {
      memory(pid, parent, name, line, start: 10)
      ps(pid, parent, name, line, start: 10)
    }
    for port in [22, 80, 443] as [Int64] {
      listener(port, pid: 300, memory: true)
      listener(port, pid: 300, memory: false)
    }
    for name in ["ext4", "veth", "nf-nat"] {
      module(name, memory: true)
      module(name, memory: false)
    }
  }

  mutating func memory(_ pid: Int64, _ parent: Int64, _ name: String, _ line: String, start: Int64) {
    events.append(("memory", CaseSamples.process(pid, parent: parent, name, line, start: start)))
  }

  mutating func ps(_ pid: Int64, _ parent: Int64, _ name: String, _ line: String, start: Int64, _ file: String = "ps") {
    events.append(
      (
        file,
        Event(
          time: CaseSamples.time(start), .start, dataType: "linux:capture:process", message: "",
          entities: [Entity(.process, String(pid))],
          attributes: [
            Attribute("pid", pid), Attribute("ppid", parent), Attribute("command", name),
            Attribute("command_line", line), Attribute("user", pid == 351 ? "tomcat" : "root"),
          ], locator: CaseSamples.line(Int(pid)))
      ))
  }

  mutating func listener(
    _ port: Int64, pid: Int64, memory isMemory: Bool, state: String = "LISTEN", remote: (String, Int64)? = nil,
    namespace: Int64 = 1, _ file: String = "netstat"
  ) {
    var attributes = [
      Attribute("protocol", "tcp"), Attribute("local_address", "0.0.0.0"), Attribute("local_port", port),
      Attribute("state", state), Attribute("pid", pid), Attribute(isMemory ? "comm" : "program", "sshd"),
    ]
    if let remote {
      attributes += [Attribute("remote_address", remote.0), Attribute("remote_port", remote.1)]
    }
    if isMemory { attributes.append(Attribute("network_namespace", namespace)) }
    let number = events.count
    events.append(
      (
        isMemory ? "memory" : file,
        Event(
          time: nil, dataType: isMemory ? "linux:memory:socket" : "linux:capture:socket", message: "",
          attributes: attributes,
          locator: isMemory ? CaseSamples.physical(UInt64(number) << 20) : CaseSamples.line(number + 1))
      ))
  }

  mutating func module(_ name: String, memory isMemory: Bool) {
    let number = events.count
    events.append(
      (
        isMemory ? "memory" : "lsmod",
        Event(
          time: nil, dataType: isMemory ? "linux:memory:module" : "linux:module", message: "",
          attributes: [Attribute(isMemory ? "name" : "module", name)],
          locator: isMemory ? CaseSamples.physical(UInt64(number) << 24) : CaseSamples.line(number + 1))
      ))
  }

  mutating func holds(_ pid: Int64, _ program: String, _ path: String) {
    rows.append("{\"PID\":\(pid),\"Process\":\"\(program)\",\"FD\":9,\"Path\":\"\(path)\",\"Type\":\"REG\",\"Size\":0}")
  }

  /// `ps` lists itself.
  func found(listsItself: Bool = true) -> [Finding] {
    var whole = self
    if listsItself { whole.ps(9000, 300, "ps", "ps -ef", start: captured) }
    whole.events.append(("memory", Self.clock("linux:memory:acquisition", acquired)))
    whole.events.append(("date", Self.clock("linux:host:clock", captured)))
    var checks = CaseChecks()
    for (name, event) in whole.events { checks.take(event, CaseSamples.artifact(name)) }
    for row in rows { Array(row.utf8).withView { checks.take(row: $0, view: "lsof", CaseSamples.artifact("memory")) } }
    let paths = [
      "memory": "i-1/t/memory/a.lime", "ps": "i-1/t/command/ps.txt", "ps2": "i-1/t/command/ps_aux.txt",
      "netstat": "i-1/t/command/netstat.txt", "lsof": "i-1/t/command/lsof.txt", "lsmod": "i-1/t/command/lsmod.txt",
      "date": "i-1/t/command/date.txt",
    ]
    let artifacts = paths.map { name, path in
      ArtifactRecord(digest: CaseSamples.artifact(name), paths: [path], size: 1)
    }
    return checks.findings(artifacts: artifacts, given: findings, damaged: damaged)
  }

  static func clock(_ type: String, _ second: Int64) -> Event {
    Event(time: CaseSamples.time(second), .recorded, dataType: type, message: "", locator: .whole)
  }
}
