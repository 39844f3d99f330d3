import Evidence

/// Measures how far each host's clock runs from AWS's over all events of a case, so that the timeline can put them right.
///
/// What an artifact's events say of its host's clock holds for all artifacts of that host: web server, system log, shell
/// histories and memory have one clock. Hosts are told apart by the instance in the collector's folder.
public struct ClockReview {
  private let hosts: [Digest: String]
  private var pairs = ClockPairs()
  /// Artifacts whose events bear a host's clock.
  private var local: Set<Digest> = []
  /// Artifacts that lie in no instance's folder and were taken for the only instance's.
  private let guessed: Set<Digest>
  /// What those call their host, and all names that hosts of the case go by.
  private var names: [Digest: String] = [:]
  private var allNames: Set<String> = []

  public init(artifacts: [ArtifactRecord]) {
    var hosts: [Digest: String] = [:]
    for artifact in artifacts { hosts[artifact.digest] = Self.instance(in: artifact.paths) }
    let names = Set(hosts.values)
    // With one host, what lies outside its folder is of it too; with several, nobody knows.
    var guessed: Set<Digest> = []
    if names.count == 1, let name = names.first {
      for artifact in artifacts where hosts[artifact.digest] == nil {
        hosts[artifact.digest] = name
        guessed.insert(artifact.digest)
      }
    }
    self.hosts = hosts
    self.guessed = guessed
  }

  public mutating func take(_ event: Event, _ artifact: Digest) {
    if !event.dataType.hasPrefix("aws:") {
      local.insert(artifact)
      if !guessed.isEmpty, allNames.count < 1000, let name = event.text("host").flatMap(Self.shortName) {
        allNames.insert(name)
        if guessed.contains(artifact), names[artifact] == nil { names[artifact] = name }
      }
    }
    pairs.take(event, host: hosts[artifact] ?? "")
  }

  /// Everything measured, and what follows from it for each artifact.
  public func correction() -> ClockCorrection {
    let measures = mostPaired(pairs.measures())
    var best: [String: ClockPairs.Measure] = [:]
    for measure in measures where !measure.source.hasPrefix("aws:") && Self.counts(measure) {
      if let known = best[measure.host], known.pairs >= measure.pairs { continue }
      best[measure.host] = measure
    }
    var nanoseconds: [Digest: Int64] = [:]
    for artifact in local {
      // A log that names its host, where logs name several, is of that one and not of the only instance that was measured.
      if allNames.count > 1, names[artifact] != nil { continue }
      if let measure = best[hosts[artifact] ?? ""] { nanoseconds[artifact] = -Int64(measure.seconds * 1e9) }
    }
    let skews = measures.map { ClockSkew($0, isCorrected: best[$0.host] == $0) }
    return ClockCorrection(skews: skews, nanoseconds: nanoseconds)
  }

  /// Of two ways between the same logs, the one that found more pairs.
  private func mostPaired(_ measures: [ClockPairs.Measure]) -> [ClockPairs.Measure] {
    measures.enumerated().filter { index, one in
      !measures.enumerated().contains { other, another in
        another.host == one.host && another.source == one.source && another.reference == one.reference
          && (another.pairs, -other) > (one.pairs, -index)
      }
    }.map(\.element)
  }

  /// Web servers write whole seconds, and a flow's start is a packet's: a second or two are no skew.
  private static func counts(_ measure: ClockPairs.Measure) -> Bool {
    // Hours off may be a zone that the log does not name, whole days a script that asks the same every day: told, not corrected.
    if measure.isFar, measure.isZoneUnknown || isWholeDays(measure.seconds) { return false }
    return abs(measure.seconds) >= 2 && measure.spread * 3 <= abs(measure.seconds)
  }

  private static func isWholeDays(_ seconds: Double) -> Bool {
    let rest = abs(seconds).truncatingRemainder(dividingBy: 86400)
    return min(rest, 86400 - rest) < 120
  }

  /// Without its domain; nil for what every host is called before it has a name.
  private static func shortName(_ host: String) -> String? {
    let name = host.prefix { $0 != "." }.lowercased()
    return name.isEmpty || name == "localhost" ? nil : name
  }

  private static func instance(in paths: [String]) -> String? {
    for path in paths {
      for part in path.split(separator: "/") where ResponsePlan.isInstance(String(part)) { return String(part) }
    }
    return nil
  }
}

/// What to add to the times of each artifact whose host's clock was found wrong.
public struct ClockCorrection: Sendable {
  public var skews: [ClockSkew]
  private let nanoseconds: [Digest: Int64]

  init(skews: [ClockSkew], nanoseconds: [Digest: Int64]) {
    self.skews = skews
    self.nanoseconds = nanoseconds
  }

  public static let none = ClockCorrection(skews: [], nanoseconds: [:])

  /// The event at the time that it had by AWS's clock; what was recorded stands in `recorded_time`.
  public func corrected(_ event: Event, in artifact: Digest) -> Event {
    guard let shift = nanoseconds[artifact], let time = event.time else { return event }
    var event = event
    event.time = Self.shifted(time, shift)
    event.attributes.add("recorded_time", time.description)
    event.attributes.add("clock_correction", "\(shift > 0 ? "+" : "")\(Double(shift / 1_000_000) / 1000) s")
    return event
  }

  /// A finding's times come from its evidence, and so from the clock of its first place.
  public func corrected(_ finding: Finding) -> Finding {
    guard let artifact = finding.evidence.first?.artifact, let shift = nanoseconds[artifact] else { return finding }
    var finding = finding
    finding.firstSeen = finding.firstSeen.map { Self.shifted($0, shift) }
    finding.lastSeen = finding.lastSeen.map { Self.shifted($0, shift) }
    return finding
  }

  private static func shifted(_ time: Timestamp, _ shift: Int64) -> Timestamp {
    Timestamp(
      nanoseconds: time.nanoseconds.addingReportingOverflow(shift).partialValue, precision: time.precision)
  }
}

extension ClockSkew {
  init(_ measure: ClockPairs.Measure, isCorrected: Bool) {
    let method: Phrase.Key =
      switch measure.way {
      case .trace: .clockFromTraces
      case .request, .clientRequest: .clockFromRequests
      case .connection: .clockFromConnections
      }
    self.init(
      host: measure.host.isEmpty ? nil : measure.host, source: Source(dataType: measure.source),
      reference: Source(dataType: measure.reference), seconds: measure.seconds, spread: measure.spread,
      pairs: measure.pairs, method: Phrase(method, [String(measure.pairs)]), isCorrected: isCorrected,
      sourceName: Self.name(measure.source), referenceName: Self.name(measure.reference))
  }

  /// A balancer's log and a web server's are one kind of source, but not one clock.
  private static func name(_ dataType: String) -> String? {
    dataType.hasPrefix("aws:alb:") ? "ALB" : nil
  }
}
