import Evidence
import Testing

@testable import Timeline

@Suite("Stolen credentials, with nothing but GuardDuty and CloudTrail")
struct CredentialStoryTests {
  typealias Samples = CredentialSamples

  private func facts(_ incident: Incident) throws -> CredentialFacts { try #require(incident.credentials.first) }

  private func step(_ stage: Stage, _ incident: Incident) -> Step? { incident.steps.first { $0.stage == stage } }

  @Test("Whose the key is, from where it was used, what was answered and refused")
  func use() throws {
    let incident = Samples.story()
    let facts = try facts(incident)
    #expect(facts.key == Samples.key && facts.role == "web-role" && facts.instance == CaseSamples.instance)
    #expect(facts.type == "AssumedRole" && facts.principal == Samples.principal)
    #expect(facts.elsewhere.map(\.address) == [CaseSamples.attacker])
    #expect(facts.elsewhere.first?.calls == 3 && facts.elsewhere.first?.denied == 1)
    #expect(facts.places.first { !$0.isElsewhere }?.address == "192.0.2.10")
    #expect(facts.calls.map(\.name) == ["GetCallerIdentity", "ListBuckets", "CreateUser"])
    #expect(facts.calls.map(\.error) == [nil, nil, "AccessDenied"])
    #expect(facts.revoked == nil && !facts.isRestarted && !facts.isRebooted)
    let finding = try #require(incident.findings.first { $0.rule == JoinedFinding.stolenCredentials })
    #expect(finding.severity == .critical && finding.message.contains("Nothing in this evidence revokes the key."))
    #expect(incident.verdict.first?.key == .credentialsStolen)
    #expect(incident.verdict.last?.key == .actNow)
    #expect(incident.attackers == [CaseSamples.attacker])
    #expect(incident.host.role == "web-role" && incident.host.instance == CaseSamples.instance)
  }

  @Test("The calls are told one by one; how the key was read is inferred, and said to be")
  func steps() throws {
    let incident = Samples.story()
    let cloud = try #require(step(.cloudAccess, incident))
    #expect(cloud.status == .observed)
    let calls = cloud.facts.map(\.text).filter { !$0.hasPrefix("Key ") }
    #expect(calls == ["GetCallerIdentity", "ListBuckets", "CreateUser"].map { "\($0) from \(CaseSamples.attacker)" })
    #expect(!cloud.facts.contains { $0.text.contains("UpdateInstanceInformation") })
    let read = try #require(step(.credentialAccess, incident))
    #expect(read.status == .inferred && read.basis?.key == .becauseKeyUsedElsewhere)
    #expect(step(.containment, incident) == nil)
    let edges = incident.edges
    #expect(
      edges.contains { $0.relation == .usedFrom && $0.from.value == Samples.key && $0.to.value == CaseSamples.attacker }
    )
    #expect(edges.contains { $0.relation == .belongsTo && $0.from == Entity(.role, "web-role") })
    #expect(edges.contains { $0.relation == .hasCredentials && $0.from == Entity(.instance, CaseSamples.instance) })
    // An alarm stands where it was raised, after the calls that it is about.
    #expect(step(.alert, incident)?.first == CaseSamples.time(300))
  }

  @Test("Sessions that were revoked: the first call refused after the policy, and none answered")
  func revoked() throws {
    let policy = #"{"roleName":"web-role","policyName":"AWSRevokeOlderSessions","policyDocument":"aws:TokenIssueTime"}"#
    let incident = Samples.story([
      ("trail", Samples.human(400, "PutRolePolicy", policy)),
      ("trail", Samples.call(420, "ListBuckets", from: CaseSamples.attacker, error: "AccessDenied")),
    ])
    let facts = try facts(incident)
    #expect(facts.revoked?.time == CaseSamples.time(400) && facts.revoked?.subject == "user ops.lee")
    #expect(facts.firstRefused == CaseSamples.time(420) && facts.answeredAfter == 0)
    #expect(incident.verdict.last?.key == .actNowAfterRevoking || incident.verdict.last?.key == .actNow)
    #expect(step(.containment, incident)?.status == .observed)
    #expect(!incident.response.contains { $0.title.key == .revokeRoleSessions })
  }

  @Test("A policy that came too late or did not reach the key is told as such")
  func stillOpen() throws {
    let policy = #"{"roleName":"web-role","policyName":"AWSRevokeOlderSessions"}"#
    let incident = Samples.story([
      ("trail", Samples.human(400, "PutRolePolicy", policy)),
      ("trail", Samples.call(500, "ListBuckets", from: CaseSamples.attacker)),
    ])
    #expect(try facts(incident).answeredAfter == 1)
    #expect(incident.verdict.last?.key == .actNowStillOpen)
    #expect(incident.response.contains { $0.title.key == .revokeRoleSessions })
    // A policy of another role, and one that only grants, revoke nothing.
    let other = Samples.story([
      (
        "trail",
        Samples.human(400, "PutRolePolicy", #"{"roleName":"other-role","policyName":"AWSRevokeOlderSessions"}"#)
      ),
      ("trail", Samples.human(401, "PutRolePolicy", #"{"roleName":"web-role","policyName":"grant"}"#)),
    ])
    #expect(try self.facts(other).revoked == nil)
  }

  @Test("Stopped and started is told apart from rebooted, which leaves the credentials as they are")
  func restarts() throws {
    let instance = #"{"instancesSet":{"items":[{"instanceId":"\#(CaseSamples.instance)"}]}}"#
    let restarted = try facts(
      Samples.story([
        ("trail", Samples.human(500, "StopInstances", instance)),
        ("trail", Samples.human(560, "StartInstances", instance)),
        ("trail", Samples.call(600, "UpdateInstanceInformation", from: "192.0.2.10", key: "ASIANEWKEY")),
      ]))
    #expect(restarted.isRestarted && !restarted.isRebooted)
    #expect(restarted.measures.map(\.kind) == [.stopped, .started, .newKey])
    #expect(restarted.measures.last?.subject == "ASIANEWKEY")
    let rebooted = try facts(Samples.story([("trail", Samples.human(500, "RebootInstances", instance))]))
    #expect(rebooted.isRebooted && !rebooted.isRestarted)
    let elsewhere = #"{"instancesSet":{"items":[{"instanceId":"i-0ffffffffffffffff"}]}}"#
    let other = try facts(
      Samples.story([
        ("trail", Samples.human(500, "StopInstances", elsewhere)),
        ("trail", Samples.human(-9, "RebootInstances", instance)),
        (
          "trail",
          Samples.call(
            510, "StartInstances", from: "192.0.2.200", key: "AKIAOPS", error: "AccessDenied", parameters: instance)
        ),
      ]))
    #expect(other.measures.isEmpty)
  }

  @Test("A user's key is followed too; the answer is to disable it")
  func userKey() throws {
    let (event, finding) = Samples.alarm(300, key: "AKIAUSERKEY123456")
    var moved = finding
    moved.entities = [
      Entity(.address, CaseSamples.attacker), Entity(.accessKey, "AKIAUSERKEY123456"), Entity(.user, "kim"),
    ]
    func call(_ second: Int64, _ address: String) -> Event {
      Samples.call(second, "ListBuckets", from: address, key: "AKIAUSERKEY123456", session: false, user: "kim")
    }
    let incident = CaseSamples.story(
      [moved], [("alarm", event), ("trail", call(-400, "192.0.2.200")), ("trail", call(60, CaseSamples.attacker))])
    let facts = try facts(incident)
    #expect(facts.user == "kim" && facts.role == nil)
    let action = try #require(incident.response.first { $0.title.key == .disableKey })
    #expect(
      action.commands.first?.text
        == "aws iam update-access-key --access-key-id AKIAUSERKEY123456 --status Inactive --user-name kim")
    #expect(!incident.response.contains { $0.title.key == .revokeRoleSessions })
  }

  @Test("A key that only its owner used, an alarm of low weight, and the agent's own address are no theft")
  func nearMisses() {
    let home = CaseSamples.story([], Samples.theft.filter { $0.1.text("source_ip") == "192.0.2.10" })
    #expect(home.credentials.isEmpty)
    let (event, finding) = Samples.alarm(300, from: "192.0.2.10")
    let agent = CaseSamples.story([finding], [("alarm", event)] + Samples.theft)
    #expect(agent.credentials.isEmpty)
    var weak = finding
    weak.severity = .low
    #expect(CaseSamples.story([weak], Samples.theft).credentials.isEmpty)
  }

  @Test("An administrator's changes are not the attack's, nor is the office that they come from")
  func office() {
    let call = Samples.human(50, "AttachUserPolicy", "AdministratorAccess")
    var change = Finding(
      rule: "cloud.permission-change", title: "Permissions changed", severity: .medium, attack: ["T1098.003"],
      firstSeen: CaseSamples.time(50), entities: call.entities,
      evidence: [EvidenceReference(artifact: CaseSamples.artifact("trail"), locator: call.locator)], message: "x")
    change.attributes.add("remote_host", "192.0.2.200")
    let incident = CaseSamples.story([change], [("trail", call), ("trail", Samples.human(60, "ListUsers", "{}"))])
    #expect(incident.attackers.isEmpty && incident.credentials.isEmpty)
  }

  @Test("The same call in two files is one call")
  func copies() throws {
    let twice = Samples.theft.map { ("copy", $0.1) }
    #expect(try facts(Samples.story(twice)).elsewhere.first?.calls == 3)
  }

  private func finding(_ rule: String, _ severity: Severity, _ call: Event, from address: String) -> Finding {
    var finding = Finding(
      rule: rule, title: "", severity: severity, attack: ["T1562.008"], firstSeen: call.time, entities: call.entities,
      evidence: [EvidenceReference(artifact: CaseSamples.artifact("trail"), locator: call.locator)], message: "x")
    finding.attributes.add("remote_host", address)
    return finding
  }

  /// A sign-in at the console has none, or an empty one.
  @Test("Without a key there is none that was stolen")
  func noKey() {
    let calls = ["203.0.113.66", "192.0.2.9"].enumerated().map { number, address in
      Samples.call(
        Int64(number * 10), "ConsoleLogin", from: address, key: "", error: "Failed authentication", session: false,
        user: "lee")
    }
    let incident = CaseSamples.story([CaseSamples.shell(5)], calls.map { ("trail", $0) })
    #expect(incident.credentials.isEmpty)
  }

  @Test("Whoever changes settings, however grave, has not stolen the key that he does it with")
  func pipeline() {
    let call = Samples.human(50, "StopLogging", "{}")
    for rule in ["cloud.logging-off", "30408edf-9b77-46e6-98cc-f9d6223f0c00"] {
      var change = finding(rule, .high, call, from: "192.0.2.200")
      change.attributes.add("data_type", "aws:cloudtrail:entry")
      let incident = CaseSamples.story(
        [change],
        [
          ("trail", call),
          ("trail", Samples.call(60, "ListUsers", from: "192.0.2.77", key: "AKIAOPS", session: false, user: "ops.lee")),
        ])
      #expect(incident.credentials.isEmpty && !incident.findings.contains { $0.severity == .critical })
    }
  }

  @Test("A thief with a network of his own in AWS calls from a private address")
  func foreignNetwork() {
    func story(_ severity: Severity) -> Incident {
      let far = Samples.call(60, "ListBuckets", from: "172.31.9.9")
      return CaseSamples.story(
        [finding("cloud.instance-credentials-elsewhere", severity, far, from: "172.31.9.9")],
        Samples.theft.filter { $0.1.text("source_ip") == "192.0.2.10" } + [("trail", far)])
    }
    #expect(story(.high).credentials.first?.elsewhere.map(\.address) == ["172.31.9.9"])
    #expect(story(.medium).credentials.isEmpty)
  }

  @Test("A second way out of the network is no theft; use from elsewhere that is grave is")
  func secondPlace() {
    func story(_ severity: Severity) -> Incident {
      let far = Samples.call(60, "ListBuckets", from: CaseSamples.attacker)
      return CaseSamples.story(
        [finding("cloud.instance-credentials-elsewhere", severity, far, from: CaseSamples.attacker)], Samples.theft)
    }
    #expect(story(.medium).credentials.isEmpty)
    #expect(story(.high).credentials.count == 1)
  }
}
