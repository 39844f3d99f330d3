import ArtifactStore
import Bytes
import Evidence

/// Reads results back.
public enum CaseResults {
  /// Every line of a result, in order.
  ///
  /// - Parameter events: whether events are wanted; they are most lines of most results, and passed over cheaply.
  /// - Throws: `integrity` for a line that cannot be read: results are ours, so it is damage of the store.
  public static func forEachLine(
    of result: Digest, in store: ArtifactStore, events: Bool = true, _ body: (ResultLine.Content) throws -> Void
  ) throws {
    let file = try store.objects.open(result)
    try file.withView { view in
      var start = 0
      var released = 0
      while start < view.count {
        if start - released > MappedFile.passSize {
          released = start
          file.release(before: start)
        }
        let end = view.firstIndex(of: 0x0A, from: start) ?? view.count
        if !events, view.slice(start, start + 8).hasPrefix("{\"event\"") {
          start = end + 1
          continue
        }
        guard let content = ResultLine.read(view.slice(start, end)) else {
          throw StoreError(.integrity, "result \(result.hex) is damaged at byte \(start): run `ir-analyze verify`")
        }
        try body(content)
        start = end + 1
      }
    }
  }
}
