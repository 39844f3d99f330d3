/// Takes what an analyzer finds, in the order in which it finds it.
///
/// The analyzer sees one artifact; the sink knows which. Rows of memory views go beside the events, by view name.
public protocol ResultSink: AnyObject {
  func event(_ event: Event)
  /// Takes an event as well, and may leave an old one in its place: logs give events by the million, and the lists of the last
  /// are the cheapest to make the next of.
  func exchange(_ event: inout Event)
  func finding(_ finding: Finding)
  func coverage(_ coverage: Coverage)
  /// One row of a table (`pslist` …) as a JSON object that is already written.
  func row(view: String, json: [UInt8])
}

extension ResultSink {
  public func exchange(_ event: inout Event) { self.event(event) }
}

/// Keeps everything, for tests and small work.
public final class CollectingSink: ResultSink {
  public private(set) var events: [Event] = []
  public private(set) var findings: [Finding] = []
  public private(set) var coverages: [Coverage] = []
  public private(set) var rows: [String: [[UInt8]]] = [:]

  public init() {}

  public func event(_ event: Event) { events.append(event) }
  public func finding(_ finding: Finding) { findings.append(finding) }
  public func coverage(_ coverage: Coverage) { coverages.append(coverage) }
  public func row(view: String, json: [UInt8]) { rows[view, default: []].append(json) }
}
