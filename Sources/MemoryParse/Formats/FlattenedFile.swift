import Bytes

/// A dump as makedumpfile writes it to a pipe (`-F`), read as if it had been put in order, without a second file.
///
/// A header of 4096 bytes: `makedumpfile` in 16 bytes, then big-endian `u64` type 1 and version 1. Then records: `i64`
/// offset and `i64` length, big-endian, and the bytes that belong there; later ones write over earlier ones. A record of
/// -1 and -1 ends. Source: makedumpfile.h. A plain file is the same with a single record.
final class FlattenedFile: RandomAccess {
  static let signature: StaticString = "makedumpfile\0"
  static let headerByteCount = 4096

  struct Extent: Sendable {
    /// In the file put in order.
    var start: UInt64
    var end: UInt64
    /// In the file as it is.
    var fileOffset: UInt64
    /// Of two for the same place the later one counts.
    var order: Int
  }

  /// Of the file put in order.
  let byteCount: UInt64
  let isFlattened: Bool
  let damage: [String]
  /// In order, not overlapping.
  let extents: [Extent]
  let file: MappedFile
  /// Headers of the flattened form, in the file as it is.
  private let frame: FileAccounts

  /// 256 GiB in records of 64 KiB.
  private static let maximumCount = 1 << 22

  init(_ file: MappedFile) {
    self.file = file
    isFlattened = file.view.hasPrefix(Self.signature)
    var frame = FileAccounts()
    var damage: [String] = []
    if isFlattened {
      extents = Self.arrange(Self.records(file, &frame, &damage))
    } else {
      extents = [Extent(start: 0, end: file.byteCount, fileOffset: 0, order: 0)]
    }
    self.frame = frame
    self.damage = damage
    byteCount = extents.last?.end ?? 0
  }

  /// Whether the file put in order is a kdump file; else it is an ELF core, and nothing else is written like this.
  var isKdump: Bool { bytes(at: 0, count: 8).withView { KdumpHeader.recognizes($0) } }

  private static func records(
    _ file: MappedFile, _ frame: inout FileAccounts, _ damage: inout [String]
  ) -> [Extent] {
    var records: [Extent] = []
    frame.add(.header, from: 0, count: UInt64(headerByteCount))
    var place = UInt64(headerByteCount)
    while true {
      let head = file.view(at: place, count: 16)
      guard let rawStart = head.u64(0)?.byteSwapped, let count = head.u64(8)?.byteSwapped else {
        damage.append("The flattened file ends without its end record.")
        return records
      }
      frame.add(.header, from: place, count: 16)
      place += 16
      if rawStart == .max { return records }
      guard rawStart < RunTable.addressLimit, count < RunTable.addressLimit, records.count < maximumCount else {
        damage.append("The flattened file has no sound record at byte \(place - 16): not read from there on.")
        return records
      }
      let there = min(count, file.byteCount - min(place, file.byteCount))
      if there > 0 {
        records.append(Extent(start: rawStart, end: rawStart + there, fileOffset: place, order: records.count))
      }
      if there < count {
        damage.append("The flattened file ends inside of a record: \(count - there) of \(count) bytes are missing.")
        return records
      }
      place += count
    }
  }

  /// Puts records in order; where they overlap the later one counts. n log n.
  static func arrange(_ records: [Extent]) -> [Extent] {
    var waiting = records.sorted { ($0.start, $0.order) > ($1.start, $1.order) }
    /// Rests of records that were cut, smallest start first; few, and often none.
    var rests = ExtentHeap()
    var done: [Extent] = []
    done.reserveCapacity(records.count)
    while var next = Self.take(&waiting, &rests) {
      if let last = done.last, next.start < last.end {
        if next.order > last.order {
          // The later one lies in the earlier one: what stands out behind it comes again.
          if last.end > next.end {
            var rest = last
            rest.fileOffset += next.end - rest.start
            rest.start = next.end
            rests.push(rest)
          }
          done[done.count - 1].end = next.start
          if next.start == last.start { done.removeLast() }
        } else {
          guard next.end > last.end else { continue }
          next.fileOffset += last.end - next.start
          next.start = last.end
          rests.push(next)
          continue
        }
      }
      done.append(next)
    }
    return done
  }

  private static func take(_ waiting: inout [Extent], _ rests: inout ExtentHeap) -> Extent? {
    guard let record = waiting.last else { return rests.pop() }
    if let rest = rests.first, (rest.start, rest.order) < (record.start, record.order) { return rests.pop() }
    return waiting.removeLast()
  }

  // MARK: Reading

  private func index(of offset: UInt64) -> Int? {
    var low = 0
    var high = extents.count
    while low < high {
      let middle = (low + high) / 2
      if extents[middle].end <= offset { low = middle + 1 } else { high = middle }
    }
    return low < extents.count && extents[low].start <= offset ? low : nil
  }

  /// The bytes without a copy, where they lie in one record; may be fewer at its end.
  private func piece(at offset: UInt64, count: Int) -> ByteView? {
    guard let index = index(of: offset) else { return nil }
    let extent = extents[index]
    return file.view(
      at: extent.fileOffset + (offset - extent.start), count: Int(min(UInt64(max(count, 0)), extent.end - offset)))
  }

  func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    var done = 0
    while done < buffer.count,
      let piece = piece(at: offset &+ UInt64(done), count: buffer.count - done), !piece.isEmpty
    {
      UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + piece.count]).copyMemory(from: piece.unsafeBytes)
      done += piece.count
    }
    return done
  }

  /// Hands exactly `count` bytes to the body, copied only where they lie in several records; nil where they are not all
  /// there.
  func withBytes<Result>(at offset: UInt64, count: Int, _ body: (ByteView) -> Result?) -> Result? {
    guard count >= 0, let piece = piece(at: offset, count: count) else { return nil }
    if piece.count == count { return body(piece) }
    guard UInt64(count) <= byteCount else { return nil }
    let whole = bytes(at: offset, count: count)
    return whole.count == count ? whole.withView(body) : nil
  }

  // MARK: The file as it is

  /// Runs that count in the ordered file, cut so that each lies in one piece of the file as it is.
  func located(_ runs: [PhysicalRun]) -> [PhysicalRun] {
    guard isFlattened else { return runs }
    var located: [PhysicalRun] = []
    for run in runs {
      let first = run.fileOffset ?? 0
      forEachPiece(from: first, count: run.byteCount) { start, fileOffset, count in
        let physical = run.start + (start - first)
        located.append(PhysicalRun(start: physical, end: physical + count, fileOffset: fileOffset))
        return located.count < RunTable.maximumCount
      }
      if located.count >= RunTable.maximumCount { break }
    }
    return located
  }

  /// The account of the file as it is, from one of the ordered file.
  func located(_ accounts: FileAccounts) -> FileAccounts {
    guard isFlattened else { return accounts }
    var located = frame
    accounts.forEach { kind, start, end in
      forEachPiece(from: start, count: end - start) { _, fileOffset, count in
        located.add(kind, from: fileOffset, count: count)
        return true
      }
    }
    return located
  }

  private func forEachPiece(
    from start: UInt64, count: UInt64, _ body: (_ start: UInt64, _ fileOffset: UInt64, _ count: UInt64) -> Bool
  ) {
    let (sum, over) = start.addingReportingOverflow(count)
    let end = over ? UInt64.max : sum
    // The first record that ends behind the start.
    var low = 0
    var high = extents.count
    while low < high {
      let middle = (low + high) / 2
      if extents[middle].end <= start { low = middle + 1 } else { high = middle }
    }
    for extent in extents[low...] {
      if extent.start >= end { return }
      let from = max(start, extent.start)
      if !body(from, extent.fileOffset + (from - extent.start), min(end, extent.end) - from) { return }
    }
  }
}

/// A heap of extents, smallest start first.
private struct ExtentHeap {
  private var items: [FlattenedFile.Extent] = []

  var first: FlattenedFile.Extent? { items.first }

  mutating func push(_ item: FlattenedFile.Extent) {
    items.append(item)
    var place = items.count - 1
    while place > 0, less(place, (place - 1) / 2) {
      items.swapAt(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  mutating func pop() -> FlattenedFile.Extent? {
    guard let top = items.first else { return nil }
    let last = items.removeLast()
    guard !items.isEmpty else { return top }
    items[0] = last
    var place = 0
    while true {
      var least = place
      for child in [2 * place + 1, 2 * place + 2] where child < items.count && less(child, least) { least = child }
      if least == place { return top }
      items.swapAt(place, least)
      place = least
    }
  }

  private func less(_ left: Int, _ right: Int) -> Bool {
    (items[left].start, items[left].order) < (items[right].start, items[right].order)
  }
}
