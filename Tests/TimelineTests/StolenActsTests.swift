import Evidence
import Testing

@testable import Timeline

@Suite("What was done with stolen credentials, and with those made of them")
struct StolenActsTests {
  typealias Samples = CredentialSamples

  private static let maker = "AKIAMADEBYTHIEF12345"
  private static let second = "198.51.100.77"

  private func finding(_ rule: String, _ severity: Severity, _ call: Event, error: String? = nil) -> Finding {
    var finding = Finding(
      rule: rule, title: "", severity: severity, attack: ["T1562.008"], firstSeen: call.time, entities: call.entities,
      evidence: [EvidenceReference(artifact: CaseSamples.artifact("trail"), locator: call.locator)], message: "x.")
    finding.attributes.add("event_name", call.text("event_name"))
    finding.attributes.add("remote_host", call.text("source_ip"))
    finding.attributes.add("error_code", error)
    return finding
  }

  private func passedOn(_ calls: [Event]) -> Finding {
    var finding = Finding(
      rule: CredentialStory.passedOn, title: "", severity: .high, confidence: .high, attack: ["T1098.001"],
      firstSeen: calls.first?.time, entities: [Entity(.accessKey, Self.maker), Entity(.address, Self.second)],
      evidence: [EvidenceReference(artifact: CaseSamples.artifact("trail"), locator: CaseSamples.line(1))], message: "x"
    )
    finding.attributes.add("access_key", Self.maker)
    finding.attributes.add("source_ips", [Self.second])
    return finding
  }

  private func call(_ second: Int64, _ name: String, account: String? = nil) -> Event {
    var call = Samples.call(second, name, from: Self.second, key: Self.maker, session: false, user: "aws-support")
    call.attributes.add("identity_account", account)
    return call
  }

  private func story(_ findings: [Finding], _ calls: [Event]) -> Incident {
    let (event, alarm) = Samples.alarm(300)
    return CaseSamples.story([alarm] + findings, [("alarm", event)] + (Samples.theft + calls.map { ("trail", $0) }))
  }

  @Test("A key that the thief made is stolen too, wherever it is used, and is to be disabled")
  func passedOn() throws {
    let calls = [call(500, "StopLogging", account: "999988887777")]
    let incident = story([passedOn(calls)], calls)
    let facts = try #require(incident.credentials.first { $0.key == Self.maker })
    #expect(facts.elsewhere.map(\.address) == [Self.second] && facts.calls.map(\.name) == ["StopLogging"])
    #expect(incident.findings.contains { $0.title == "Credentials that the intruder made were used" })
    let action = try #require(incident.response.first { $0.title.key == .disableKey })
    #expect(action.title.arguments == ["\(Self.maker) (account 999988887777)"])
    #expect(action.commands.first?.text.hasSuffix("--status Inactive --user-name aws-support") == true)
    // Nobody says that it was made with the stolen key: it is somebody's own.
    #expect(story([], calls).credentials.map(\.key) == [Samples.key])
  }

  @Test("The role of an instance on which the intruder sat is revoked beside the key that he made there")
  func onTheHost() {
    let made = Samples.call(60, "CreateAccessKey", from: "192.0.2.10")
    let used = call(500, "ListUsers")
    let incident = CaseSamples.story(
      [finding("cloud.identity-change", .high, made), passedOn([used])], [("trail", made), ("trail", used)])
    #expect(incident.credentials.map(\.key) == [Self.maker])
    #expect(incident.response.contains { $0.title == Phrase(.revokeRoleSessions, ["web-role"]) })
    #expect(incident.response.contains { $0.title.key == .disableKey })
  }

  @Test("Sessions of a user have no key to disable: his older sessions lose their rights")
  func federated() throws {
    let key = "ASIAFEDERATED1234567"
    var finding = passedOn([])
    finding.attributes = [Attribute("access_key", key), Attribute("source_ips", .texts([Self.second]))]
    finding.entities = [Entity(.accessKey, key), Entity(.address, Self.second)]
    let call = Samples.call(500, "ListUsers", from: Self.second, key: key, session: false, user: "aws-support")
    let incident = story([finding], [call])
    #expect(!incident.response.contains { $0.title.key == .disableKey })
    let action = try #require(incident.response.first { $0.title.key == .revokeUserSessions })
    #expect(action.commands.first?.text.hasPrefix("aws iam put-user-policy --user-name aws-support ") == true)
  }

  @Test("What many do every day is grave when it is done with stolen credentials; what was refused is less so")
  func severities() {
    let opened = Samples.call(90, "AuthorizeSecurityGroupIngress", from: CaseSamples.attacker)
    let refused = Samples.call(91, "GetSecretValue", from: CaseSamples.attacker, error: "AccessDenied")
    let home = Samples.call(92, "AuthorizeSecurityGroupIngress", from: "192.0.2.10")
    let human = Samples.human(93, "AuthorizeSecurityGroupIngress", "{}")
    let findings = [
      finding("cloud.exposure", .low, opened), finding("cloud.secret-denied", .low, refused, error: "AccessDenied"),
      finding("cloud.exposure", .low, home), finding("cloud.exposure", .low, human),
    ]
    let incident = story(findings, [opened, refused, home, human])
    func severity(of call: Event) -> Severity? {
      incident.findings.first { $0.rule.hasPrefix("cloud.") && $0.firstSeen == call.time }?.severity
    }
    #expect(severity(of: opened) == .high && severity(of: refused) == .medium)
    #expect(severity(of: home) == .low && severity(of: human) == .low)
  }

  @Test("Of a thousand objects read the first few are told, and what was done after them")
  func folded() throws {
    let reads = (0..<300).map { Samples.call(100 + Int64($0), "GetObject", from: CaseSamples.attacker) }
    let made = Samples.call(900, "CreateUser", from: CaseSamples.attacker)
    let incident = story([], reads + [made])
    let step = try #require(incident.steps.first { $0.stage == .cloudAccess })
    #expect(step.facts.filter { $0.text.hasPrefix("GetObject") }.count == 6)
    #expect(step.facts.contains { $0.text.contains("(295 calls until ") })
    #expect(step.facts.contains { $0.text.hasPrefix("CreateUser") })
    #expect(incident.credentials.first?.elsewhere.first?.calls == 304)
  }

  @Test("The instance's own public address is not the attack's, though the alarm and a finding name it")
  func ownAddress() throws {
    var (event, alarm) = Samples.alarm(300)
    event.attributes.add("public_addresses", ["192.0.2.44"])
    event.entities.append(Entity(.address, "192.0.2.44"))
    alarm.entities.append(Entity(.address, "192.0.2.44"))
    let change = Samples.call(60, "CreateUser", from: "192.0.2.10")
    let incident = CaseSamples.story(
      [alarm, finding("cloud.identity-change", .high, change)],
      [("alarm", event)] + Samples.theft + [("trail", change)])
    #expect(incident.attackers == [CaseSamples.attacker])
    // An agent may run on the attacker's own machine; what sent the payload stays his.
    let agent = Samples.call(70, "UpdateInstanceInformation", from: CaseSamples.attacker, key: "ASIAHIJACKED")
    #expect(CaseSamples.story([CaseSamples.payload(0)], [("trail", agent)]).attackers == [CaseSamples.attacker])
  }

  @Test("Sequences of GuardDuty name the keys and the ends among their entities")
  func sequence() {
    let type = "AttackSequence:IAM/CompromisedCredentials"
    var (event, alarm) = Samples.alarm(300)
    for name in ["finding_type"] {
      event.attributes = event.attributes.filter {
        $0.name != name && $0.name != "remote_host" && $0.name != "access_key"
      }
      alarm.attributes = alarm.attributes.filter { $0.name != name && $0.name != "remote_host" }
      event.attributes.add(name, type)
      alarm.attributes.add(name, type)
    }
    alarm.rule = "guardduty.\(type)"
    let incident = CaseSamples.story([alarm], [("alarm", event)] + Samples.theft)
    #expect(incident.credentials.map(\.key) == [Samples.key] && incident.attackers == [CaseSamples.attacker])
  }

  @Test("Where not all calls can be named, those that changed something are")
  func words() {
    let asked = (0..<20).map { "List\($0)" }
    #expect(CredentialWords.list(asked + ["CreateUser"]).hasPrefix("CreateUser, List0"))
    #expect(CredentialWords.list(["ListUsers", "CreateUser"]) == "ListUsers, CreateUser")
  }

  @Test("A build server that changes roles all day is not the host that was taken")
  func host() {
    let busy = "i-0aaaa0000000beef2"
    let changes = (0..<9).map { number in
      var change = Samples.call(Int64(number), "AttachRolePolicy", from: "192.0.2.30", key: "ASIABUILD")
      change.entities = [Entity(.instance, busy), Entity(.role, "build-role"), Entity(.account, "222233334444")]
      return finding("cloud.permission-change", .medium, change)
    }
    let incident = story(changes, [])
    #expect(incident.host.instance == CaseSamples.instance && incident.host.role == "web-role")
    #expect(incident.host.account == "111122223333")
    // With nothing but a flow that began on its side it is the one that reached out; who answers a scanner is not.
    func flow(_ second: Int64, _ instance: String, _ local: String, _ remote: String) -> (String, Event) {
      var flow = CaseSamples.flow(second, local, remote)
      flow.attributes.add("instance", instance)
      return ("flow", flow)
    }
    let answers = (10..<20).map { flow($0, busy, "10.0.9.9:443", "\(CaseSamples.attacker):4\($0)00") }
    let out = flow(1, CaseSamples.instance, "\(CaseSamples.host):43418", "\(CaseSamples.attacker):1389")
    let lookup = CaseSamples.story([CaseSamples.payload(0)] + changes, answers + [out])
    #expect(lookup.host.instance == CaseSamples.instance)
  }
}
