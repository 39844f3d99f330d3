import Bytes
import Foundation

/// Finds words that hold their own virtual address, twice in a row: an empty `list_head` in the direct map.
struct SelfPointerScan: Sendable {
  let image: any MemoryImage
  let directMap: UInt64

  private static let pieceSize: UInt64 = 4 << 20
  /// A dump made to hold nothing else must not fill memory.
  static let limit = 1 << 20

  /// Physical addresses, sorted.
  func run() -> [UInt64] {
    var pieces: [Range<UInt64>] = []
    for run in image.runs {
      var place = run.start
      while place < run.end {
        let (border, over) = (place & ~(Self.pieceSize - 1)).addingReportingOverflow(Self.pieceSize)
        let next = over ? run.end : min(run.end, border)
        pieces.append(place..<next)
        place = next
      }
    }
    let found = Results()
    let work = pieces
    DispatchQueue.concurrentPerform(iterations: min(2, max(work.count, 1))) { worker in
      var hits: [UInt64] = []
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(Self.pieceSize), alignment: 4096)
      defer { buffer.deallocate() }
      for index in stride(from: worker, to: work.count, by: 2) where hits.count < Self.limit {
        scan(work[index], buffer, &hits)
      }
      found.add(hits)
    }
    return found.sorted
  }

  private func scan(_ range: Range<UInt64>, _ buffer: UnsafeMutableRawBufferPointer, _ hits: inout [UInt64]) {
    let count = Int(range.upperBound - range.lowerBound)
    if let view = image.view(physical: range.lowerBound, count: count) {
      Self.scan(view.unsafeBytes, at: range.lowerBound, directMap, &hits)
      return
    }
    var done = 0
    while done < count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[0..<count - done])
      let got = min(image.read(physical: range.lowerBound &+ UInt64(done), into: rest), rest.count)
      if got > 0 {
        Self.scan(
          UnsafeRawBufferPointer(rebasing: rest[0..<got]), at: range.lowerBound &+ UInt64(done), directMap, &hits)
        done += got
      } else {
        done += 4096 - (Int(truncatingIfNeeded: range.lowerBound &+ UInt64(done)) & 4095)
      }
    }
  }

  /// Pieces begin at whole words; pairs over the border of two pieces are not found (a structure lies in one page).
  private static func scan(
    _ bytes: UnsafeRawBufferPointer, at physical: UInt64, _ directMap: UInt64, _ hits: inout [UInt64]
  ) {
    guard let base = bytes.baseAddress, physical & 7 == 0 else { return }
    let words = bytes.count / 8
    var expected = directMap &+ physical
    var index = 0
    while index + 1 < words {
      if base.loadUnaligned(fromByteOffset: index &* 8, as: UInt64.self) == expected,
        base.loadUnaligned(fromByteOffset: index &* 8 &+ 8, as: UInt64.self) == expected
      {
        hits.append(physical &+ UInt64(index &* 8))
      }
      expected &+= 8
      index &+= 1
    }
  }

  /// Hits of all workers.
  private final class Results: @unchecked Sendable {
    private let lock = NSLock()
    private var hits: [UInt64] = []

    func add(_ more: [UInt64]) {
      lock.lock()
      hits += more.prefix(SelfPointerScan.limit)
      lock.unlock()
    }

    var sorted: [UInt64] { hits.sorted() }
  }
}
