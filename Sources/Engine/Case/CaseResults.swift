import ArtifactStore
import Bytes
import Evidence

/// Reads results back.
public enum CaseResults {
  /// What somebody wants of a result. Other lines are passed over by their first key, and events are not even unpacked.
  public struct Lines: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    public static let events = Lines(rawValue: 1)
    public static let findings = Lines(rawValue: 2)
    public static let coverage = Lines(rawValue: 4)
    public static let rows = Lines(rawValue: 8)
    /// The engine's own.
    public static let others = Lines(rawValue: 16)
    public static let all: Lines = [.events, .findings, .coverage, .rows, .others]
    public static let allButEvents = all.subtracting(.events)

    /// What a line is, by its beginning.
    fileprivate init(_ line: ByteView) {
      if line.hasPrefix("{\"event\"") {
        self = .events
      } else if line.hasPrefix("{\"finding\"") {
        self = .findings
      } else if line.hasPrefix("{\"coverage\"") {
        self = .coverage
      } else if line.hasPrefix("{\"row\"") {
        self = .rows
      } else {
        self = .others
      }
    }
  }

  /// Of the last line of a result that has events: where they stand.
  static let eventsKind = "events"

  /// Bytes below which a result is read whole, whoever asks.
  private static let smallSize: UInt64 = 1 << 17

  /// The result that has no line.
  private static let nothing = Digest(of: [])

  /// Every line of a result that is wanted, in order.
  ///
  /// - Throws: `integrity` for a line that cannot be read: results are ours, so it is damage of the store.
  public static func forEachLine(
    of result: Digest, in store: ArtifactStore, _ wanted: Lines = .all, _ body: (ResultLine.Content) throws -> Void
  ) throws {
    try forEach(wanted, of: result, in: store) { line, offset in
      guard let content = ResultLine.read(line) else { throw damage(of: result, at: offset) }
      if case .other(eventsKind, _) = content { return }
      try body(content)
    }
  }

  /// Of a result's gravest finding, of which nothing else is read; nil where there is none.
  public static func severity(of result: Digest, in store: ArtifactStore) throws -> Severity? {
    var gravest: Severity?
    try forEach(.findings, of: result, in: store) { line, offset in
      guard let severity = JSONView(line)["finding"]?["severity"]?.string.flatMap(Severity.init) else {
        throw damage(of: result, at: offset)
      }
      gravest = max(gravest ?? severity, severity)
    }
    return gravest
  }

  private static func damage(of result: Digest, at offset: UInt64) -> StoreError {
    StoreError(.integrity, "result \(result.hex) is damaged at byte \(offset): run `ir-analyze verify`")
  }

  private static func forEach(
    _ wanted: Lines, of result: Digest, in store: ArtifactStore,
    _ body: (_ line: ByteView, _ offset: UInt64) throws -> Void
  ) throws {
    // Most rules find nothing in most evidence, and that is one object.
    if result == nothing { return }
    var lines = try ObjectLines(of: result, in: store.objects)
    let skipped = wanted.contains(.events) ? nil : try events(of: result, in: store)
    while true {
      if let skipped, lines.offset == skipped.lowerBound, !skipped.isEmpty {
        lines = try ObjectLines(of: result, in: store.objects, from: skipped.upperBound)
      }
      let offset = lines.offset
      guard let line = try lines.next() else { return }
      if wanted == .all || wanted.contains(Lines(line)) { try body(line, offset) }
    }
  }

  /// Where the events of a large result stand; nil where it has none.
  private static func events(of result: Digest, in store: ArtifactStore) throws -> Range<UInt64>? {
    guard let count = store.objects.byteCount(of: result), count > smallSize else { return nil }
    // The line has two numbers of at most twenty digits.
    let lines = try ObjectLines(of: result, in: store.objects, from: count - 128)
    var range: Range<UInt64>?
    while let line = try lines.next() {
      range = nil
      guard case .other(eventsKind, let json)? = ResultLine.read(line), let from = json["from"]?.bytes.unsigned,
        let to = json["to"]?.bytes.unsigned, from <= to, to <= count
      else { continue }
      range = from..<to
    }
    return range
  }
}
