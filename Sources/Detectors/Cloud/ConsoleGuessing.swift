import Bytes
import Evidence

/// Finds passwords guessed at the console: many refused sign-ins from one address, and gravest when one is let in after them.
///
/// A company signs in from few addresses, and its people mistype; so only an address from which more is refused than let in
/// tells anything.
public final class ConsoleGuessing: CloudCallDetector {
  public static let version = 1

  public static let rule = "cloud.console-guessing"

  /// What the events that follow were read from.
  public var artifact: Digest

  private struct SignIn {
    var isFailed: Bool
    var hasSecondFactor: Bool
    var who: String
    var time: Timestamp
    var entities: [Entity]
    var place: EvidenceReference
  }

  private var signIns: [String: [SignIn]] = [:]
  private var count = 0
  public private(set) var isFull = false
  private static let maximum = 50_000
  private static let window: Int64 = 3600 * 1_000_000_000
  private static let enough = 10
  private static let enoughAlone = 20

  public init(artifact: Digest) { self.artifact = artifact }

  public func inspect(_ call: CloudCall, _ report: (Finding) -> Void) {
    guard call.name == "ConsoleLogin", !call.isService, let time = call.event.time else { return }
    guard count < Self.maximum else {
      isFull = true
      return
    }
    count += 1
    let factor = call.event.text("additional_event_data")?.withView {
      CloudParameters($0).has(["MFAUsed"], of: ["Yes"])
    }
    signIns[call.address, default: []].append(
      SignIn(
        isFailed: call.isFailedSignIn, hasSecondFactor: factor == true, who: call.who, time: time,
        entities: call.event.entities, place: call.event.reference(artifact)))
  }

  public func finish(_ report: (Finding) -> Void) {
    for (address, all) in signIns.sorted(by: { $0.key < $1.key }) {
      let ordered = all.sorted { $0.time.nanoseconds < $1.time.nanoseconds }
      if let found = judge(ordered, address) { report(found) }
    }
    signIns = [:]
    count = 0
  }

  private func judge(_ all: [SignIn], _ address: String) -> Finding? {
    let failed = all.filter(\.isFailed)
    let letIn = all.filter { !$0.isFailed }
    guard failed.count >= Self.enough, failed.count >= 5 * letIn.count else { return nil }
    // Somebody let in within the hour of the last of many tries.
    let success = letIn.first { one in
      failed.count { other in
        let (gap, overflow) = one.time.nanoseconds.subtractingReportingOverflow(other.time.nanoseconds)
        return !overflow && gap >= 0 && gap <= Self.window
      } >= Self.enough
    }
    guard success != nil || failed.count >= Self.enoughAlone else { return nil }
    let severity: Severity = success.map { $0.hasSecondFactor ? .medium : .high } ?? .low
    var entities = (success ?? failed.first)?.entities ?? []
    entities.addNew(AddressText.entity(address))
    let end =
      success.map { "; then \($0.who) was let in\($0.hasSecondFactor ? " with a second factor" : "") at \($0.time)" }
      ?? ""
    return Finding(
      rule: Self.rule, title: "Passwords guessed at the console", severity: severity,
      confidence: severity >= .high ? .high : .medium, attack: ["T1110", "T1078.004"], firstSeen: failed.first?.time,
      lastSeen: success?.time ?? failed.last?.time, entities: entities,
      evidence: (success.map { [$0.place] } ?? []) + failed.prefix(15).map(\.place),
      message: "\(failed.count) sign-ins to the console from \(address) were refused\(end).",
      attributes: [Attribute("remote_host", address), Attribute("event_name", "ConsoleLogin")])
  }
}
