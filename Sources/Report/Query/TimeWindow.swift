import Evidence

/// Times as a person types them: `2026-11-25`, `2026-11-25T05:22`, `2026-11-25 05:22:47.9Z`, `…+09:00`.
public enum TimeWindow {
  /// The first moment that the text means; UTC where it names no zone. Nil for anything else.
  public static func start(_ text: String) -> Timestamp? { read(text)?.time }

  /// The last moment that it means: `05:22` ends with the minute.
  public static func end(_ text: String) -> Timestamp? {
    guard let (time, length) = read(text) else { return nil }
    let (end, over) = time.nanoseconds.addingReportingOverflow(length - 1)
    return Timestamp(nanoseconds: over ? .max : end)
  }

  /// With how many nanoseconds the last unit lasts.
  private static func read(_ text: String) -> (time: Timestamp, length: Int64)? {
    let second: Int64 = 1_000_000_000
    var (body, zone) = (text, "Z")
    // A zone stands after the time of day only; the dashes before are the date's.
    if let place = text.dropFirst(11).lastIndex(where: { $0 == "Z" || $0 == "z" || $0 == "+" || $0 == "-" }) {
      (body, zone) = (String(text[..<place]), String(text[place...]))
    }
    var length = second
    switch body.utf8.count {
    case 10:
      body += "T00:00:00"
      length = 86400 * second
    case 16:
      body += ":00"
      length = 60 * second
    case 19: break
    default:
      guard body.utf8.count > 20 else { return nil }
      let digits = body.utf8.count - 20
      for _ in 0..<min(digits, 9) { length /= 10 }
    }
    guard let time = Timestamp(iso8601: body + zone) else { return nil }
    return (time, max(length, 1))
  }
}
