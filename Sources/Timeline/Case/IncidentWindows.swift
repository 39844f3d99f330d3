import Evidence

/// When an incident was, by its grave findings: one stretch, or several where a day and more lies between them.
///
/// Each is an hour longer on both sides: what led to the first grave event, and what followed the last, is part of it.
public enum IncidentWindows {
  private static let slack: Int64 = 3600 * 1_000_000_000
  private static let gap: Int64 = 24 * 3600 * 1_000_000_000

  /// In order of time; empty where nothing is grave, or nothing of it has a time.
  public static func of(_ findings: [Finding]) -> [ClosedRange<Timestamp>] {
    let spans = findings.filter { $0.severity >= .high }.compactMap { finding -> (first: Int64, last: Int64)? in
      guard let first = finding.firstSeen?.nanoseconds else { return nil }
      return (first, max(first, finding.lastSeen?.nanoseconds ?? first))
    }
    var merged: [(first: Int64, last: Int64)] = []
    for span in spans.sorted(by: { $0 < $1 }) {
      if let open = merged.last, case let (distance, over) = span.first.subtractingReportingOverflow(open.last), !over,
        distance <= gap
      {
        merged[merged.count - 1].last = max(open.last, span.last)
      } else {
        merged.append(span)
      }
    }
    return merged.map { widened($0.first, $0.last) }
  }

  static func widened(_ first: Int64, _ last: Int64) -> ClosedRange<Timestamp> {
    let (start, isBefore) = first.subtractingReportingOverflow(slack)
    let (end, isBeyond) = last.addingReportingOverflow(slack)
    return Timestamp(nanoseconds: isBefore ? .min : start)...Timestamp(nanoseconds: isBeyond ? .max : max(end, start))
  }
}

extension [ClosedRange<Timestamp>] {
  /// Whether one of these, which are few, holds the time.
  func hold(_ time: Timestamp) -> Bool { contains { $0.contains(time) } }
}
