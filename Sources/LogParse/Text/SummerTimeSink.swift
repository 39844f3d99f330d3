import Evidence

/// Puts right what was read as local time with the offset of the capture: a log that goes back into the other half of the year has
/// another there.
///
/// Only times whose zone was taken from the context are moved; what a text says with its own offset, and what is counted back from
/// the capture, is right as it is.
public final class SummerTimeSink: ResultSink {
  private let sink: any ResultSink
  private let zone: Timestamp.Zone
  private let rule: PosixZoneRule
  /// Rules turn at full hours: the last hour that was asked for, and what is to be added to its times.
  private var hour = Int64.min
  private var offset = 0

  /// - Returns: the sink itself where the context's zone has no summer time.
  public static func around(_ sink: any ResultSink, _ context: ParseContext) -> any ResultSink {
    guard let rule = context.summerTime, rule.summer != nil else { return sink }
    return SummerTimeSink(sink, context.zone, rule)
  }

  private init(_ sink: any ResultSink, _ zone: Timestamp.Zone, _ rule: PosixZoneRule) {
    self.sink = sink
    self.zone = zone
    self.rule = rule
  }

  private func putRight(_ event: inout Event) {
    guard var time = event.time, time.zone == zone else { return }
    let local = time.adding(seconds: Int64(zone.minutes) * 60).nanoseconds / 1_000_000_000
    if hour != local / 3600 {
      hour = local / 3600
      offset = rule.offset(ofLocal: local)
    }
    time = time.adding(seconds: Int64(zone.minutes * 60 - offset))
    time.zone = .inferred(offset / 60)
    event.time = time
  }

  public func event(_ event: Event) {
    var event = event
    putRight(&event)
    sink.event(event)
  }

  public func exchange(_ event: inout Event) {
    putRight(&event)
    sink.exchange(&event)
  }

  public func finding(_ finding: Finding) { sink.finding(finding) }
  public func coverage(_ coverage: Coverage) { sink.coverage(coverage) }
  public func row(view: String, json: [UInt8]) { sink.row(view: view, json: json) }
}
