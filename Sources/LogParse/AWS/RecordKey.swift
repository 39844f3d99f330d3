import Evidence

/// The attribute by which copies of one record are known across artifacts: two events of one data type and one key are the
/// same record delivered twice (a second trail, `lookup-events` beside the bucket, GuardDuty's export of every version again).
public enum RecordKey {
  public static let name = "record_key"

  /// CloudTrail gives every event an identifier of its own.
  static func cloudTrail(_ identifier: String) -> String { "cloudtrail:" + identifier }

  /// A finding keeps its identifier and changes: each of its states is a record, named by its time.
  static func guardDuty(_ identifier: String, _ time: Timestamp?) -> String {
    "guardduty:\(identifier)@\(time.map { String($0.nanoseconds / 1_000_000) } ?? "-")"
  }
}
