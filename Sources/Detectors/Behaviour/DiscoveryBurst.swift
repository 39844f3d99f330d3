import Bytes
import Evidence

/// Finds someone who looks around: several different looks (`whoami`, `id`, `uname`, `netstat` …) in a few minutes of one
/// shell. Each alone is anybody's; an administrator knows where he is.
public final class DiscoveryBurst: EventDetector {
  public static let version = 1

  private let artifact: Digest
  private var shells: [String: [Look]] = [:]
  private static let maximum = 100_000
  private static let window: Int64 = 10 * 60 * 1_000_000_000
  /// Different looks that make a burst.
  private static let enough = 5
  private var count = 0

  public init(artifact: Digest) { self.artifact = artifact }

  private struct Look {
    var name: String
    var command: String
    var event: Event
  }

  public static func concerns(_ dataType: String) -> Bool {
    dataType.hasSuffix(":command") || dataType.withView { $0.contains(":shell:") }
  }

  public func inspect(_ event: Event, _ report: (Finding) -> Void) {
    guard Self.concerns(event.dataType), let command = event.text("command"), count < Self.maximum else { return }
    let names = command.withView { view in
      withExtendedLifetime(ShellLine(view.slice(0, 4096))) { line in
        line.commands.prefix(32).compactMap { DiscoveryCommands.name($0) }
      }
    }
    guard !names.isEmpty else { return }
    count += 1
    let shell = [event.text("pid"), event.text("user"), event.text("history_file"), event.text("shell")].map {
      $0 ?? ""
    }.joined(separator: "|")
    for name in names.prefix(8) { shells[shell, default: []].append(Look(name: name, command: command, event: event)) }
  }

  public func finish(_ report: (Finding) -> Void) {
    for (_, looks) in shells.sorted(by: { $0.key < $1.key }) {
      var start = 0
      var index = 0
      while index < looks.count {
        while start < index, !Self.isNear(looks[start], looks[index], index - start) { start += 1 }
        let part = looks[start...index]
        let names = Set(part.map(\.name))
        // Who am I and what machine is this: the newcomer's questions.
        if names.count >= Self.enough, names.contains("whoami") || names.contains("id"),
          names.contains("uname") || names.contains("hostname")
        {
          var end = index
          while end + 1 < looks.count, Self.isNear(looks[index], looks[end + 1], end + 1 - index) { end += 1 }
          report(finding(Array(looks[start...end])))
          index = end + 1
          start = index
          continue
        }
        index += 1
      }
    }
    shells = [:]
    count = 0
  }

  /// Within ten minutes; without times, within twenty commands.
  private static func isNear(_ one: Look, _ other: Look, _ distance: Int) -> Bool {
    guard let first = one.event.time, let second = other.event.time else { return distance <= 20 }
    let (gap, overflow) = second.nanoseconds.subtractingReportingOverflow(first.nanoseconds)
    return !overflow && gap.magnitude <= UInt64(window)
  }

  private func finding(_ looks: [Look]) -> Finding {
    let commands = looks.map(\.command)
    var entities: [Entity] = []
    for look in looks { for entity in look.event.entities { entities.addNew(entity) } }
    var attributes: [Attribute] = []
    attributes.add("commands", Array(commands.prefix(64)))
    return Finding(
      rule: "behaviour.discovery-burst", title: "Host explored from a shell", severity: .medium, confidence: .medium,
      attack: ["T1033", "T1082", "T1016", "T1057"], firstSeen: looks.first?.event.time,
      lastSeen: looks.last?.event.time,
      entities: Array(entities.prefix(64)), evidence: looks.prefix(16).map { $0.event.reference(artifact) },
      message:
        "\(Set(looks.map(\.name)).count) different looks around the host in one shell: \(commands.prefix(12).map { String($0.prefix(60)) }.joined(separator: "; ")).",
      attributes: attributes)
  }
}
