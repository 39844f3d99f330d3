import Bytes
import Evidence

/// Files of records of one size.
enum FixedRecords {
  /// Hands every record to `body` and accounts for all bytes; a last one that is cut short is told.
  ///
  /// - Parameter skipsZeros: whether records of zeros are passed over, as in tables that are indexed by uid and sparse.
  static func read(
    _ stream: any ByteStream, size: Int, skipsZeros: Bool = false, into sink: any ResultSink,
    _ body: (ByteView, Locator) -> LineOutcome
  ) throws(BytesError) {
    let feed = ByteFeed(stream)
    let encodings = stream.encodings
    var ledger = CoverageLedger(sink, encodings: encodings)
    while true {
      if skipsZeros {
        // Such a file may hold gigabytes of them.
        let many = try feed.peek(size * 1024)
        if many.count == size * 1024, isZero(many) {
          feed.take(many.count)
          ledger.parsed(upTo: feed.offset)
          continue
        }
      }
      let bytes = try feed.peek(size)
      if bytes.isEmpty { break }
      let locator = Locator(offset: feed.offset, length: UInt64(bytes.count), encodings: encodings)
      let outcome: LineOutcome =
        skipsZeros && isZero(bytes)
        ? .parsed : bytes.count == size ? body(bytes, locator) : .skipped("record is cut short")
      feed.take(bytes.count)
      if case .skipped(let reason) = outcome {
        ledger.skipped(upTo: feed.offset, reason)
      } else {
        ledger.parsed(upTo: feed.offset)
      }
    }
    ledger.finish(damage: stream.damage, note: feed.offset == 0 && stream.damage == nil ? "empty file" : nil)
  }

  /// Eight bytes at a time.
  static func isZero(_ bytes: ByteView) -> Bool {
    var place = 0
    while let eight = bytes.u64(place) {
      if eight != 0 { return false }
      place += 8
    }
    return !(place..<bytes.count).contains { bytes[$0] != 0 }
  }

  /// A text up to its first NUL; nil where something in it is no text.
  static func text(_ bytes: ByteView) -> ByteView? {
    let text = bytes.slice(0, bytes.firstIndex(of: 0) ?? bytes.count)
    return text.unsafeBytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F } ? text : nil
  }
}
