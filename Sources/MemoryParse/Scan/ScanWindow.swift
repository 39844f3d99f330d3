import Bytes

/// A piece of an image's memory for a scan: its own bytes, and some of those that follow, for what begins in the one and
/// ends in the other. A hit belongs to the window in which it starts, so none is found twice and none is lost.
public struct ScanWindow {
  /// Address of the first byte.
  public var physical: UInt64
  /// Own bytes, then overlapping ones. Valid inside the closure that was given the window.
  public var bytes: ByteView
  /// How many bytes at the end are the next window's.
  public var overlap: Int

  /// How many bytes at the front are this window's: a hit must begin before.
  public var ownByteCount: Int { bytes.count - overlap }
}

extension MemoryImage {
  /// Hands out the whole memory in windows, in order of address, until the body returns false; returns false then. Runs
  /// that follow each other in memory are one, however the file has them. Without a copy where the file has the bytes as
  /// they are; what cannot be decoded is passed over.
  /// - Parameters:
  ///   - byteCount: own bytes of a window.
  ///   - overlap: a hit may be this much longer than one byte: the longest needle less one.
  @discardableResult
  public func forEachWindow(
    byteCount: Int = 1 << 20, overlap: Int, _ body: (ScanWindow) throws -> Bool
  ) rethrows -> Bool {
    let byteCount = min(max(byteCount, 4096), 1 << 26)
    let overlap = min(max(overlap, 0), 1 << 26)
    var scratch: UnsafeMutableRawBufferPointer?
    defer { scratch?.deallocate() }
    for span in spans {
      var place = span.lowerBound
      while place < span.upperBound {
        let left = span.upperBound - place
        let own = Int(min(UInt64(byteCount), left))
        let wanted = Int(min(UInt64(own + overlap), left))
        if let view = view(physical: place, count: wanted) {
          if try !body(ScanWindow(physical: place, bytes: view, overlap: wanted - own)) { return false }
          place += UInt64(own)
          continue
        }
        let buffer = scratch ?? .allocate(byteCount: byteCount + overlap, alignment: 64)
        scratch = buffer
        let number = readOn(physical: place, into: UnsafeMutableRawBufferPointer(rebasing: buffer[0..<wanted]))
        guard number > 0 else {
          // What cannot be read is at least a page.
          let (next, over) = (place | 4095).addingReportingOverflow(1)
          if over { break }
          place = next
          continue
        }
        let taken = min(own, number)
        let view = ByteView(UnsafeRawBufferPointer(rebasing: buffer[0..<number]))
        if try !body(ScanWindow(physical: place, bytes: view, overlap: number - taken)) { return false }
        place += UInt64(taken)
      }
    }
    return true
  }

  /// Runs without regard to where they lie in the file: a new span begins only behind a hole.
  private var spans: [Range<UInt64>] {
    var spans: [Range<UInt64>] = []
    for run in runs where run.start < run.end {
      if let last = spans.last, last.upperBound == run.start {
        spans[spans.count - 1] = last.lowerBound..<run.end
      } else {
        spans.append(run.start..<run.end)
      }
    }
    return spans
  }

  /// Reads until the buffer is full or something is missing.
  private func readOn(physical: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    var done = 0
    while done < buffer.count {
      let number = read(
        physical: physical &+ UInt64(done), into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...]))
      if number <= 0 { break }
      done += number
    }
    return min(done, buffer.count)
  }
}
