import Bytes
import Evidence

/// Finds machines started all over the world by one identity within the hour, as miners do with keys that they found: as many
/// as each region's limit allows, and the largest there are.
///
/// Who runs his service in several regions builds them one after the other and meets no limits; so regions alone do not do.
public final class ComputeBurst: CloudCallDetector {
  public static let version = 1

  public static let rule = "cloud.compute-burst"

  /// What the events that follow were read from.
  public var artifact: Digest

  private struct Start {
    var region: String
    var isLimited: Bool
    var isLarge: Bool
    var time: Timestamp
    var place: EvidenceReference
  }

  private struct Starter {
    var who: String
    var address: String
    var entities: [Entity]
    var starts: [Start] = []
  }

  private var starters: [String: Starter] = [:]
  private var count = 0
  public private(set) var isFull = false
  private static let maximum = 50_000
  private static let window: Int64 = 3600 * 1_000_000_000
  private static let regions = 3

  public init(artifact: Digest) { self.artifact = artifact }

  public func inspect(_ call: CloudCall, _ report: (Finding) -> Void) {
    guard call.name == "RunInstances" || call.name == "RequestSpotInstances" || call.name == "CreateFleet",
      !call.isService, let time = call.event.time, let region = call.region
    else { return }
    let isLimited = call.error.map { $0.withView { $0.contains("LimitExceeded") } } ?? false
    // Other errors started nothing, and say nothing of how many were wanted.
    guard call.error == nil || isLimited || call.isDenied else { return }
    guard count < Self.maximum else {
      isFull = true
      return
    }
    count += 1
    starters[
      "\(call.identity)|\(call.address)",
      default: Starter(who: call.who, address: call.address, entities: call.event.entities)
    ].starts.append(
      Start(
        region: region, isLimited: isLimited,
        isLarge: call.parameters { $0.text("instanceType") }.map(Self.isLarge) ?? false,
        time: time, place: call.event.reference(artifact)))
  }

  /// With graphics processors, or a dozen times the usual size.
  private static func isLarge(_ type: String) -> Bool {
    ["p2.", "p3", "p4", "p5", "p6", "g3", "g4", "g5", "g6"].contains { type.hasPrefix($0) } || type.hasSuffix(".metal")
      || ["12xlarge", "16xlarge", "18xlarge", "24xlarge", "32xlarge", "48xlarge"].contains { type.hasSuffix($0) }
  }

  public func finish(_ report: (Finding) -> Void) {
    for (_, starter) in starters.sorted(by: { $0.key < $1.key }) {
      let starts = starter.starts.sorted { $0.time.nanoseconds < $1.time.nanoseconds }
      if let burst = burst(starts) { report(finding(burst, starter)) }
    }
    starters = [:]
    count = 0
  }

  private func burst(_ starts: [Start]) -> [Start]? {
    var first = 0
    var regions: [String: Int] = [:]
    for index in starts.indices {
      regions[starts[index].region, default: 0] += 1
      while first < index, !isNear(starts[first], starts[index]) {
        let left = regions[starts[first].region, default: 0] - 1
        regions[starts[first].region] = left > 0 ? left : nil
        first += 1
      }
      guard regions.count >= Self.regions else { continue }
      // What follows within the hour belongs to it, and shows the limits that were met.
      let all = starts[first...].prefix { isNear(starts[first], $0) }
      if all.contains(where: \.isLimited) || all.allSatisfy(\.isLarge) { return Array(all) }
    }
    return nil
  }

  private func isNear(_ one: Start, _ other: Start) -> Bool {
    let (gap, overflow) = other.time.nanoseconds.subtractingReportingOverflow(one.time.nanoseconds)
    return !overflow && gap <= Self.window
  }

  private func finding(_ starts: [Start], _ starter: Starter) -> Finding {
    let regions = Set(starts.map(\.region)).sorted()
    let limited = starts.count(where: \.isLimited)
    var entities = starter.entities
    entities.addNew(AddressText.entity(starter.address))
    return Finding(
      rule: Self.rule, title: "Machines started in many regions", severity: .high, confidence: .medium,
      attack: ["T1496"], firstSeen: starts.first?.time, lastSeen: starts.last?.time,
      entities: entities, evidence: starts.prefix(16).map(\.place),
      message: "\(starter.who) started machines from \(starter.address) in \(regions.count) regions within the hour: "
        + "\(regions.prefix(12).joined(separator: ", "))\(limited > 0 ? "; \(limited) tries met a limit" : "").",
      attributes: [Attribute("remote_host", starter.address), Attribute("event_name", "RunInstances")])
  }
}
