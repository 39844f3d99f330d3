import Bytes
import Evidence

/// A kind of source, as a reader tells them apart; the lanes of the drawn timeline.
public enum Source: String, Sendable, CaseIterable, Comparable {
  case waf, web, memory, capture, shell, linuxLog = "linux-log", flow, cloudTrail = "cloudtrail"
  case guardDuty = "guardduty", file, other

  public static func < (left: Source, right: Source) -> Bool { left.order < right.order }

  public var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }

  /// By the first words of the type; asked for every event, so nothing is copied.
  public init(dataType: String) {
    self = dataType.withView { type in Self.prefixes.first { type.hasPrefix($0.0) }?.1 ?? .other }
  }

  private static let prefixes: [(StaticString, Source)] = [
    ("aws:waf", .waf), ("aws:cloudtrail", .cloudTrail), ("aws:vpcflow", .flow), ("linux:shell", .shell),
    ("aws:guardduty", .guardDuty), ("web:", .web), ("aws:alb", .web), ("aws:cloudfront", .web),
    ("aws:nlb", .flow), ("aws:networkfirewall", .flow), ("linux:memory", .memory), ("memory:", .memory),
    ("linux:capture", .capture), ("linux:", .linuxLog), ("app:", .web), ("fs:", .file), ("file:", .file),
    ("systemd:", .linuxLog), ("syslog:", .linuxLog),
  ]

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
