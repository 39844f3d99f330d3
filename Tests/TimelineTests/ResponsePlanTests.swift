import Evidence
import Testing

@testable import Timeline

@Suite("Response commands")
struct ResponsePlanTests {
  typealias Samples = CaseSamples

  private func actions(role: String, instance: String) -> [ResponseAction] {
    var shell = Samples.shell(31)
    shell.entities.append(Entity(.instance, instance))
    let cloud = Finding(
      rule: "cloud.credentials-outside", title: "Outside", severity: .high, firstSeen: Samples.time(60),
      entities: [Entity(.address, Samples.attacker), Entity(.role, role)],
      evidence: [EvidenceReference(artifact: Samples.artifact("trail"), locator: Samples.line(1))], message: "used")
    return Samples.story([shell, cloud], []).response
  }

  @Test("Every group is there, in order, filled with the incident's names")
  func filled() {
    let actions = actions(role: "web-role", instance: Samples.instance)
    let text = actions.flatMap(\.commands).map(\.text).joined(separator: "\n")
    #expect(actions.map(\.group).first == .preserve)
    #expect(text.contains("--instance-ids i-0b7c4e19d2f35a86e"))
    #expect(text.contains("--role-name web-role"))
    #expect(text.contains("203.0.113.66/32"))
    let order = actions.map { ResponseAction.Group.allCases.firstIndex(of: $0.group) ?? 0 }
    #expect(order == order.sorted())
  }

  @Test(
    "A name that is not exactly of AWS's form never reaches a command",
    arguments: [
      "web-role; rm -rf /", "$(id)", "a b", "--debug", "`id`", "x'y", "role\n", "",
    ])
  func hostileRole(name: String) {
    let text = actions(role: name, instance: Samples.instance).flatMap(\.commands).map(\.text).joined(separator: "\n")
    #expect(!text.contains("put-role-policy"))
  }

  @Test(
    "Nor does an instance", arguments: ["i-0b7c4e19d2f35a86e;id", "i-$(id)aaaaaaaaaaaa", "i-", "I-0b7c4e19d2f35a86e"])
  func hostileInstance(name: String) {
    let text = actions(role: "web-role", instance: name).flatMap(\.commands).map(\.text).joined(separator: "\n")
    #expect(!text.contains(name + " ") && !text.contains("create-snapshots"))
  }
}
