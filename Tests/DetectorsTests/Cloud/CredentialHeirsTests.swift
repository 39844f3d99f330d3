import Evidence
import Testing

@testable import Detectors

@Suite struct CredentialHeirsTests {
  private typealias Samples = CloudSamples

  private static let thief = "203.0.113.66"

  private func answer(_ text: String) -> [Attribute] { [Attribute("response_elements", text)] }

  private func passed(_ calls: [Event], _ findings: [Finding] = []) -> [Finding] {
    let whole = WholeCaseDetectors()
    for call in Samples.agent() + calls { whole.inspect(call, of: artifact) }
    return whole.finish(replacing: findings).filter { $0.rule == CredentialHeirs.rule }
  }

  private func theft(from address: String = thief) -> [Event] {
    [
      Samples.call("ListBuckets", from: address, second: 60),
      Samples.call(
        "CreateAccessKey", "iam", from: address, second: 70,
        more: answer(#"{"accessKey":{"userName":"ops2","accessKeyId":"AKIANEW"}}"#)),
    ]
  }

  private func user(_ name: String, key: String, from address: String, second: Int64, more: [Attribute] = []) -> Event {
    Samples.call(name, "iam", from: address, instance: nil, key: key, second: second, more: more)
  }

  @Test func aKeyThatTheThiefMadeIsFollowedWhereverItIsUsed() throws {
    let found = passed(theft() + [user("StopLogging", key: "AKIANEW", from: "198.51.100.77", second: 200)])
    let one = try #require(found.first)
    #expect(found.count == 1 && one.severity == .high)
    #expect(one.entities.contains(Entity(.accessKey, "AKIANEW")))
    #expect(one.entities.contains(Entity(.address, "198.51.100.77")))
    #expect(one.message.contains("StopLogging") && one.message.contains("CreateAccessKey"))
    // What was made and never used is told too: it must be taken away.
    #expect(passed(theft()).map { $0.message.contains("was not used") } == [true])
  }

  @Test func sessionsInOtherAccountsAreFollowedInTurn() {
    let first = answer(#"{"credentials":{"accessKeyId":"ASIAONE","sessionToken":"x"}}"#)
    let second = answer(#"{"credentials":{"accessKeyId":"ASIATWO","sessionToken":"x"}}"#)
    let chain = [
      Samples.call("ListBuckets", from: Self.thief, second: 60),
      user("DescribeRegions", key: "ASIATWO", from: "198.51.100.78", second: 300),
      user("AssumeRole", key: "ASIAONE", from: "198.51.100.77", second: 200, more: second),
      Samples.call("AssumeRole", "sts", from: Self.thief, second: 90, more: first),
    ]
    #expect(
      passed(chain).map { $0.attributes.first { $0.name == "access_key" }?.value.text } == ["ASIAONE", "ASIATWO"])
  }

  @Test func aUserThatTheThiefMadeIsHisWhateverItsKey() {
    let made = Samples.call(
      "CreateUser", "iam", from: Self.thief, parameters: #"{"userName":"ops"}"#, second: 80)
    let calls = [Samples.call("ListBuckets", from: Self.thief, second: 60), made]
    #expect(passed(calls + [user("GetObject", key: "ASIACONSOLE", from: "198.51.100.9", second: 500)]).count == 1)
    // His keys are told with the calls that made them.
    let key = Samples.call(
      "CreateAccessKey", "iam", from: Self.thief, second: 85, more: answer(#"{"accessKey":{"accessKeyId":"AKIANEW"}}"#))
    let found = passed(calls + [key, user("GetObject", key: "AKIANEW", from: "198.51.100.9", second: 500)])
    #expect(found.map { $0.message.contains("CreateAccessKey") } == [true])
    // One of that name before was another.
    #expect(passed(calls + [user("GetObject", key: "ASIACONSOLE", from: "198.51.100.9", second: 10)]).isEmpty)
  }

  @Test func whatTheInstanceItselfMakesIsItsOwn() {
    let own = theft().map { _ in
      Samples.call(
        "AssumeRole", "sts", from: "192.0.2.10", second: 90,
        more: answer(#"{"credentials":{"accessKeyId":"ASIADEPLOY"}}"#))
    }
    let use = user("UpdateService", key: "ASIADEPLOY", from: "192.0.2.10", second: 100)
    #expect(passed(own + [use]).isEmpty)
    // Nor anybody else's, though a thief is at work beside them.
    let person = [
      user(
        "AssumeRole", key: "AKIAPERSON", from: "198.51.100.1", second: 90,
        more: answer(#"{"credentials":{"accessKeyId":"ASIAPERSON"}}"#)),
      user("ListUsers", key: "ASIAPERSON", from: "198.51.100.1", second: 95),
    ]
    #expect(passed(theft() + person).count == 1)
    // Denied, it handed out nothing.
    let denied = Samples.call("CreateAccessKey", "iam", from: Self.thief, error: "AccessDenied", second: 70)
    #expect(passed([Samples.call("ListBuckets", from: Self.thief, second: 60), denied]).isEmpty)
  }

  @Test func whatTheInstanceMadeAndTheAttackerUsesIsHis() {
    let far = "198.51.100.200"
    let payload = Finding(
      rule: "log4shell.jndi-lookup", title: "", severity: .medium, entities: [Entity(.address, far)], evidence: [],
      message: "")
    let made = Samples.call(
      "CreateAccessKey", "iam", from: "192.0.2.10", second: 90,
      more: answer(#"{"accessKey":{"accessKeyId":"AKIANEW"}}"#))
    #expect(passed([made, user("ListUsers", key: "AKIANEW", from: far, second: 99)], [payload]).count == 1)
    #expect(passed([made, user("ListUsers", key: "AKIANEW", from: "198.51.100.1", second: 99)], [payload]).isEmpty)
  }

  @Test func anAlarmOrAPayloadSaysWhoseAddressItIs() {
    let far = "198.51.100.200"
    let calls = [
      Samples.call(
        "AssumeRole", "sts", from: far, key: "ASIAOTHER", second: 70,
        more: answer(#"{"credentials":{"accessKeyId":"ASIACHILD"}}"#))
    ]
    #expect(passed(calls).isEmpty)
    var alarm = Finding(
      rule: "guardduty.UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS", title: "",
      severity: .high,
      entities: [Entity(.accessKey, "ASIAOTHER"), Entity(.address, far)], evidence: [], message: "")
    alarm.attributes = [
      Attribute("finding_type", "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS"),
      Attribute("remote_host", far),
    ]
    #expect(passed(calls, [alarm]).count == 1)
    let payload = Finding(
      rule: "log4shell.jndi-lookup", title: "", severity: .medium, entities: [Entity(.address, far)], evidence: [],
      message: "")
    #expect(passed(calls, [payload]).count == 1)
  }
}
