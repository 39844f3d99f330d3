/// Runs of NULs that nobody wrote: what a crash leaves of a file that was being written, and what a log has in front when it was
/// truncated while its writer went on at the old place.
public enum NULRun {
  /// Shorter ones may be somebody's.
  public static let fewest = 64

  /// Whether the first NUL begins such a run.
  public static func isFirst(in head: ByteView) -> Bool {
    head.firstIndex(of: 0).map { head.slice($0).leadingZeros >= fewest } ?? false
  }
}

extension ByteStream {
  /// The next so many bytes, fewer only at the end, without the NULs in front and at the end, and with no more than 64 of each
  /// run between.
  ///
  /// - Parameter bound: bytes that are read for it at most.
  /// - Returns: also whether the end was reached.
  public func readFront(_ count: Int, pastHolesWithin bound: UInt64) throws(BytesError) -> (
    bytes: [UInt8], isWhole: Bool
  ) {
    var bytes: [UInt8] = []
    var read: UInt64 = 0
    var run = 0
    while bytes.count < count, read < bound {
      let part = try readFront(1 << 18)
      if part.isEmpty { return (bytes, true) }
      read += UInt64(part.count)
      part.withView { part in
        var rest = part
        while !rest.isEmpty, bytes.count < count {
          let zeros = rest.leadingZeros
          if zeros > 0 {
            run += zeros
            rest = rest.dropFirst(zeros)
            continue
          }
          if run > 0, !bytes.isEmpty { bytes += Array(repeating: 0, count: min(run, NULRun.fewest)) }
          run = 0
          let text = rest.slice(0, rest.firstIndex(of: 0) ?? rest.count)
          bytes += text.slice(0, count).array
          rest = rest.dropFirst(text.count)
        }
      }
      if part.count < 1 << 18 { return (bytes, bytes.count < count) }
    }
    return (bytes, false)
  }
}

extension ByteView {
  /// How many NULs there are at the front.
  public var leadingZeros: Int {
    var place = 0
    while let word = u64(place), word == 0 { place += 8 }
    while place < count, self[place] == 0 { place += 1 }
    return place
  }
}
