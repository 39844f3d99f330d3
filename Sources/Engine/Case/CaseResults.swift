import ArtifactStore
import Bytes
import Evidence

/// Reads results back.
public enum CaseResults {
  /// Of the last line of a result that has events: where they stand.
  static let eventsKind = "events"

  /// Bytes below which a result is read whole, whoever asks.
  private static let smallSize: UInt64 = 1 << 17

  /// The result that has no line.
  private static let nothing = Digest(of: [])

  /// Every line of a result, in order.
  ///
  /// - Parameter events: whether events are wanted; they are most of most results, and not read where they are not.
  /// - Throws: `integrity` for a line that cannot be read: results are ours, so it is damage of the store.
  public static func forEachLine(
    of result: Digest, in store: ArtifactStore, events: Bool = true, _ body: (ResultLine.Content) throws -> Void
  ) throws {
    // Most rules find nothing in most evidence, and that is one object.
    if result == nothing { return }
    var lines = try ObjectLines(of: result, in: store.objects)
    let skipped = events ? nil : try self.events(of: result, in: store)
    while true {
      if let skipped, lines.offset == skipped.lowerBound, !skipped.isEmpty {
        lines = try ObjectLines(of: result, in: store.objects, from: skipped.upperBound)
      }
      let offset = lines.offset
      guard let line = try lines.next() else { return }
      if !events, line.hasPrefix("{\"event\"") { continue }
      guard let content = ResultLine.read(line) else {
        throw StoreError(.integrity, "result \(result.hex) is damaged at byte \(offset): run `ir-analyze verify`")
      }
      if case .other(eventsKind, _) = content { continue }
      try body(content)
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
