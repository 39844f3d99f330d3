import Bytes
import Evidence

/// Finds someone who tries out what credentials can do: many different questions in a few minutes, or several denials.
///
/// People and their tools ask a lot too, and are denied now and then; so for them only several different denials count,
/// while an instance's role has one job and no reason to look around. Who asks everything about everything, beginning with
/// who he is, is told too, but tools that build and audit do that.
public final class CloudRecon: CloudCallDetector {
  public static let version = 6

  public static let rule = "cloud.recon"

  /// What the events that follow were read from.
  public var artifact: Digest

  /// What is kept of a call: many are, so not the event.
  private struct Call {
    var name: String
    var service: String
    var isDenied: Bool
    var time: Timestamp?
    var entities: [Entity]
    var place: EvidenceReference
  }

  private struct Key: Hashable, Comparable {
    var identity: String
    var address: String

    static func < (left: Key, right: Key) -> Bool {
      (left.identity, left.address) < (right.identity, right.address)
    }
  }

  private struct Caller {
    var isInstance: Bool
    var role: String?
    var who: String
    var address: String
    /// The console asks for whatever its pages show, whether one may see it or not.
    var isConsole: Bool
    var calls: [Call] = []
    private(set) var kept: Set<RepeatedCall> = []

    mutating func add(_ call: Call, _ repeated: RepeatedCall) {
      calls.append(call)
      kept.insert(repeated)
    }
  }

  private var callers: [Key: Caller] = [:]
  private var count = 0
  public private(set) var isFull = false
  private static let maximum = 100_000
  private static let window: Int64 = 15 * 60 * 1_000_000_000

  public init(artifact: Digest) { self.artifact = artifact }

  private static let questions: [StaticString] = ["List", "Describe", "Get", "Lookup", "Search", "Scan", "BatchGet"]

  public func inspect(_ call: CloudCall, _ report: (Finding) -> Void) {
    guard !call.isService else { return }
    let isDenied = call.isDenied
    guard isDenied || call.name.withView({ name in Self.questions.contains { name.hasPrefix($0) } }) else { return }
    let key = Key(identity: call.identity, address: call.address)
    let repeated = RepeatedCall(call.name, call)
    if callers[key]?.kept.contains(repeated) == true { return }
    guard count < Self.maximum else {
      isFull = true
      return
    }
    count += 1
    let event = call.event
    let kept = Call(
      name: call.name, service: call.source, isDenied: isDenied, time: event.time, entities: event.entities,
      place: event.reference(artifact))
    callers[
      key,
      default: Caller(
        isInstance: call.instance != nil, role: call.role, who: call.who, address: call.address,
        isConsole: call.userAgent?.hasPrefix("Mozilla/") == true)
    ].add(kept, repeated)
  }

  public func finish(_ report: (Finding) -> Void) {
    let fleets = fleets()
    for (_, caller) in callers.sorted(by: { $0.key < $1.key }) {
      let calls = caller.calls.sorted {
        ($0.time?.nanoseconds ?? 0, $0.name) < ($1.time?.nanoseconds ?? 0, $1.name)
      }
      let habits = caller.isInstance ? habits(calls).union(fleets[caller.role ?? ""] ?? []) : []
      if let burst = burst(calls, caller, habits) { report(finding(burst, caller)) }
    }
    callers = [:]
    count = 0
  }

  /// What a stretch of calls holds, kept up as the stretch moves on.
  private struct Tally {
    var names: [String: Int] = [:]
    var services: [String: Int] = [:]
    var denied: [String: Int] = [:]

    mutating func change(_ call: Call, by number: Int) {
      Self.change(&names, call.name, number)
      Self.change(&services, call.service, number)
      if call.isDenied { Self.change(&denied, call.name, number) }
    }

    private static func change(_ counts: inout [String: Int], _ key: String, _ number: Int) {
      let sum = counts[key, default: 0] + number
      counts[key] = sum > 0 ? sum : nil
    }
  }

  /// The first stretch of a quarter of an hour that is enough, with what follows it closely.
  private func burst(_ calls: [Call], _ caller: Caller, _ habits: Set<String>) -> [Call]? {
    var start = 0
    var tally = Tally()
    for index in calls.indices {
      tally.change(calls[index], by: 1)
      while start < index, !isNear(calls[start], calls[index]) {
        tally.change(calls[start], by: -1)
        start += 1
      }
      guard isEnough(tally, caller, habits) else { continue }
      var end = index
      while end + 1 < calls.count, isNear(calls[start], calls[end + 1]) { end += 1 }
      return Array(calls[start...end])
    }
    return nil
  }

  private func isNear(_ one: Call, _ other: Call) -> Bool {
    guard let first = one.time, let second = other.time else { return true }
    let (gap, overflow) = second.nanoseconds.subtractingReportingOverflow(first.nanoseconds)
    return !overflow && gap.magnitude <= UInt64(Self.window)
  }

  private func isEnough(_ tally: Tally, _ caller: Caller, _ habits: Set<String>) -> Bool {
    let asksWho = tally.names["GetCallerIdentity"] != nil
    if caller.isInstance {
      let denied = tally.denied.keys.count { !habits.contains($0) }
      return denied >= 2
        || tally.names.count >= 4 && tally.services.count >= 3 && (asksWho || denied > 0)
          && tally.names.keys.count { !Self.routine.contains($0) && !habits.contains($0) } >= 4
    }
    let denied = tally.denied.count
    return denied >= Self.manyDenied
      || asksWho && !caller.isConsole && tally.names.count >= 12 && tally.services.count >= 6
  }

  /// What so many instances of one role ask, their software does.
  private static let fleet = 4

  /// By role, what many of its instances ask.
  private func fleets() -> [String: Set<String>] {
    var askers: [String: [String: Set<String>]] = [:]
    for (key, caller) in callers where caller.isInstance {
      guard let role = caller.role else { continue }
      for call in caller.calls where (askers[role]?[call.name]?.count ?? 0) < Self.fleet {
        askers[role, default: [:]][call.name, default: []].insert(key.identity)
      }
    }
    return askers.mapValues { names in Set(names.filter { $0.value.count >= Self.fleet }.keys) }
  }

  /// What one asks again and again for hours: a program does, whoever looks around asks once.
  private func habits(_ calls: [Call]) -> Set<String> {
    struct Span {
      var number = 0
      var first: Int64
      var last: Int64
    }
    var spans: [String: Span] = [:]
    for call in calls {
      guard let time = call.time?.nanoseconds else { continue }
      var span = spans[call.name] ?? Span(first: time, last: time)
      span.number += 1
      span.last = max(span.last, time)
      spans[call.name] = span
    }
    return Set(
      spans.filter { _, span in
        let (length, overflow) = span.last.subtractingReportingOverflow(span.first)
        return span.number >= 12 && !overflow && length >= 12 * Self.window
      }.keys)
  }

  /// What a cluster's node and an agent ask whenever they start.
  private static let routine: Set<String> = [
    "DescribeCluster", "GetAuthorizationToken", "DescribeNetworkInterfaces", "DescribeTags", "DescribeInstanceTypes",
    "BatchGetImage", "GetDownloadUrlForLayer", "GetParameter", "GetParameters", "GetObject",
  ]
  private static let manyDenied = 3

  private func finding(_ calls: [Call], _ caller: Caller) -> Finding {
    let names = calls.reduce(into: [String]()) { if !$0.contains($1.name), $0.count < 64 { $0.append($1.name) } }
    let denied = Set(calls.filter(\.isDenied).map(\.name)).sorted()
    var entities: [Entity] = []
    for call in calls.prefix(64) { for entity in call.entities { entities.addNew(entity) } }
    entities.addNew(AddressText.entity(caller.address))
    var attributes: [Attribute] = [Attribute("remote_host", caller.address)]
    attributes.add("calls", names)
    attributes.add("denied", denied)
    return Finding(
      rule: Self.rule, title: "Account explored with an identity",
      severity: caller.isInstance || !caller.isConsole && denied.count >= Self.manyDenied ? .medium : .low,
      confidence: caller.isInstance ? .high : .medium,
      attack: ["T1580", "T1526", "T1087.004"], firstSeen: calls.first?.time, lastSeen: calls.last?.time,
      entities: Array(entities.prefix(64)), evidence: calls.prefix(16).map(\.place),
      message:
        "\(caller.who) asked from \(caller.address) for \(names.prefix(12).joined(separator: ", "))\(denied.isEmpty ? "" : "; denied: \(denied.joined(separator: ", "))").",
      attributes: attributes)
  }
}
