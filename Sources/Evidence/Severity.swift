/// Sigma's words.
public enum Severity: String, Sendable, Comparable, CaseIterable {
  case informational, low, medium, high, critical

  /// 0 to 4.
  public var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

  public static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }

  /// GuardDuty's number: low under 4, medium under 7, high under 9, critical from 9.
  public init(guardDuty number: Double) {
    self = number < 1 ? .informational : number < 4 ? .low : number < 7 ? .medium : number < 9 ? .high : .critical
  }
}

/// How sure a detector is that what it names is what happened.
public enum Confidence: String, Sendable, Comparable, CaseIterable {
  case low, medium, high

  public static func < (left: Confidence, right: Confidence) -> Bool {
    (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
  }
}
