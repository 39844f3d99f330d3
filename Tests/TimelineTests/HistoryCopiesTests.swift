import Evidence
import Testing

@testable import Timeline

struct HistoryCopiesTests {
  private func finding(
    _ path: String, _ command: String, line: Int, rule: String = "behaviour.download", at seconds: Int64? = nil
  )
    -> Finding
  {
    var place = EvidenceReference(artifact: CaseSamples.artifact(path), locator: CaseSamples.line(line))
    place.path = path
    var finding = Finding(
      rule: rule, title: "", severity: .medium, attack: ["T1105"], firstSeen: seconds.map { CaseSamples.time($0) },
      entities: path.hasSuffix("bash_history") ? [Entity(.user, "ops")] : [], evidence: [place], message: command)
    finding.attributes.add("payload", command)
    return finding
  }

  private let file = "i-0b7c4e19d2f35a86e/home/ops/.bash_history"
  private let capture = "i-0b7c4e19d2f35a86e/command/history_output.txt"

  @Test func oneCommandInBothIsOneFindingWithTwoPlaces() {
    let found = HistoryCopies.join([
      finding(capture, "wget x", line: 3), finding(capture, "curl y", line: 4), finding(file, "wget x", line: 1),
    ])
    #expect(found.map(\.message) == ["curl y", "wget x"])
    #expect(found[1].evidence.map(\.path) == [file, capture] && found[1].entities == [Entity(.user, "ops")])
  }

  @Test func twiceTypedIsTwice() {
    let found = HistoryCopies.join([
      finding(file, "wget x", line: 1), finding(file, "wget x", line: 5), finding(capture, "wget x", line: 1),
      finding(capture, "wget x", line: 5),
    ])
    #expect(found.map(\.evidence.count) == [2, 2])
  }

  @Test(arguments: 0..<4)
  func otherCommandsStayApart(_ way: Int) {
    let other =
      switch way {
      // Another host, another rule, another time, another file than a history.
      case 0: finding("i-0c7c4e19d2f35a86e/command/history_output.txt", "wget x", line: 1)
      case 1: finding(capture, "wget x", line: 1, rule: "behaviour.miner")
      case 2: finding(capture, "wget x", line: 1, at: 9)
      default: finding("i-0b7c4e19d2f35a86e/command/ps_output.txt", "wget x", line: 1)
      }
    #expect(HistoryCopies.join([finding(file, "wget x", line: 1, at: 5), other]).count == 2)
  }

  @Test func aCommandOfTwoUsersIsNobodysInParticular() {
    let root = "i-0b7c4e19d2f35a86e/root/.bash_history"
    let all = [finding(file, "wget x", line: 1), finding(root, "wget x", line: 1), finding(capture, "wget x", line: 1)]
    #expect(HistoryCopies.join(all).count == 3)
  }
}
