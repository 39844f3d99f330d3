import Evidence

/// A kind of source, as a reader tells them apart; the lanes of the drawn timeline.
public enum Source: String, Sendable, CaseIterable, Comparable {
  case waf, web, memory, capture, shell, linuxLog = "linux-log", flow, cloudTrail = "cloudtrail"
  case guardDuty = "guardduty", file, other

  public static func < (left: Source, right: Source) -> Bool { left.order < right.order }

  public var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }

  public init(dataType: String) {
    let parts = dataType.utf8.split(separator: 0x3A, maxSplits: 2).map { String(Substring($0)) }
    let first = parts.first ?? ""
    let second = parts.count > 1 ? parts[1] : ""
    switch (first, second) {
    case ("aws", "waf"): self = .waf
    case ("aws", "cloudtrail"): self = .cloudTrail
    case ("aws", "guardduty"): self = .guardDuty
    case ("aws", "vpcflow"): self = .flow
    case ("aws", "alb"), ("aws", "elb"), ("web", _), ("http", _), ("apache", _), ("nginx", _), ("tomcat", _):
      self = .web
    case ("linux", "memory"), ("memory", _): self = .memory
    case ("linux", "capture"): self = .capture
    case ("linux", "shell"), ("bash", _): self = .shell
    case ("app", _), ("java", _): self = .web
    case ("linux", _), ("syslog", _), ("systemd", _): self = .linuxLog
    case ("fs", _), ("file", _): self = .file
    default: self = .other
    }
  }

  /// For evidence whose event is not known: by the place, then by the artifact's kind and name.
  init(locator: Locator, artifact: ArtifactRecord?) {
    if locator.physical != nil || locator.virtual != nil {
      self = .memory
      return
    }
    let words = ((artifact?.kind ?? "") + " " + (artifact?.paths.min() ?? "")).lowercased()
    let marks: [(String, Source)] = [
      ("waf", .waf), ("cloudtrail", .cloudTrail), ("guardduty", .guardDuty), ("vpcflow", .flow), (".lime", .memory),
      ("memory", .memory), ("bash_history", .shell), ("history", .shell), ("command/", .capture),
      ("live_response/", .capture), ("access", .web), ("catalina", .web), ("/log/", .linuxLog), ("syslog", .linuxLog),
    ]
    self = marks.first { words.contains($0.0) }?.1 ?? .file
  }
}
