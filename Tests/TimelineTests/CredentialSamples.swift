import Evidence

@testable import Timeline

/// Calls and alarms of an account, as the parsers give them.
enum CredentialSamples {
  typealias Samples = CaseSamples

  static let key = "ASIA3XFRBF53EXAMPLE7"
  static let principal = "AROA3XFRBF53EXAMPLE1:\(CaseSamples.instance)"

  static func call(
    _ second: Int64, _ name: String, from address: String, key: String = key, error: String? = nil,
    parameters: String? = nil, id: String? = nil, session: Bool = true, user: String? = nil
  ) -> Event {
    var attributes: [Attribute] = [
      Attribute("event_source", "s3.amazonaws.com"), Attribute("event_name", name), Attribute("source_ip", address),
    ]
    attributes.add("error_code", error)
    attributes.add("identity_type", session ? "AssumedRole" : "IAMUser")
    attributes.add("user", user)
    attributes.add("role", session ? "web-role" : nil)
    attributes.add("instance", session ? CaseSamples.instance : nil)
    attributes.add("access_key", key)
    attributes.add("principal_id", session ? principal : "AIDAEXAMPLE")
    attributes.add("request_parameters", parameters)
    attributes.add("event_id", id ?? "call-\(second)-\(name)-\(address)-\(key)")
    var entities = [Entity(.accessKey, key), Entity(.address, address)]
    if session { entities += [Entity(.role, "web-role"), Entity(.instance, CaseSamples.instance)] }
    return Event(
      time: Samples.time(second), dataType: "aws:cloudtrail:entry", message: "\(name) from \(address)",
      entities: entities, attributes: attributes, locator: Samples.line(Int(second)))
  }

  static func human(_ second: Int64, _ name: String, _ parameters: String) -> Event {
    call(second, name, from: "192.0.2.200", key: "AKIAOPS", parameters: parameters, session: false, user: "ops.lee")
  }

  /// `UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS`, as event and as finding.
  static func alarm(_ second: Int64, from address: String = CaseSamples.attacker, key: String = key) -> (Event, Finding)
  {
    let type = "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS"
    let entities = [
      Entity(.address, address), Entity(.accessKey, key), Entity(.role, "web-role"),
      Entity(.instance, CaseSamples.instance), Entity(.account, "111122223333"),
    ]
    var brief: [Attribute] = []
    brief.add("finding_id", "8d1fe1da")
    brief.add("finding_type", type)
    brief.add("severity", "high")
    brief.add("remote_host", address)
    var all = brief
    all.add("access_key", key)
    all.add("updated", "2026-11-25T05:26:17Z")
    all.add("region", "ap-northeast-2")
    let locator = Samples.line(7000)
    let event = Event(
      time: Samples.time(second), .creation, dataType: "aws:guardduty:finding", message: "GuardDuty finding \(type)",
      entities: entities, attributes: all, locator: locator)
    let finding = Finding(
      rule: "guardduty.\(type)", title: "GuardDuty: \(type)", severity: .high, attack: ["T1552.005"],
      firstSeen: Samples.time(second - 100), entities: entities,
      evidence: [EvidenceReference(artifact: Samples.artifact("alarm"), locator: locator)],
      message: "Credentials used outside.", attributes: brief)
    return (event, finding)
  }

  /// The agent at home, the thief away from it: what answered, what was refused.
  static let theft: [(String, Event)] = [
    ("trail", call(-3000, "UpdateInstanceInformation", from: "192.0.2.10")),
    ("trail", call(60, "GetCallerIdentity", from: CaseSamples.attacker)),
    ("trail", call(70, "ListBuckets", from: CaseSamples.attacker)),
    ("trail", call(80, "CreateUser", from: CaseSamples.attacker, error: "AccessDenied")),
    ("trail", call(90, "UpdateInstanceInformation", from: "192.0.2.10")),
  ]

  static func story(_ more: [(String, Event)] = []) -> Incident {
    let (event, finding) = alarm(300)
    return Samples.story([finding], [("alarm", event)] + theft + more)
  }
}
