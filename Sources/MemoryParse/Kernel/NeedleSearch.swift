import Bytes

/// Looks for byte strings in physical memory, run by run, in windows that fit the processor's cache.
///
/// A hit belongs to the window in which it begins; windows overlap by the longest needle less one. Needles that lie over
/// the border of two runs are not found: the kernel's data never do.
struct NeedleSearch {
  let image: any MemoryImage
  private static let windowSize = 1 << 20

  /// Calls the body for each hit, window by window, until it returns false.
  ///
  /// - Parameter range: physical addresses to stay in.
  func forEach(
    _ needles: [[UInt8]], in range: Range<UInt64> = 0..<UInt64.max,
    _ body: (_ needle: Int, _ physical: UInt64) -> Bool
  ) {
    guard let longest = needles.map(\.count).max(), longest > 0 else { return }
    let overlap = longest - 1
    var buffer: UnsafeMutableRawBufferPointer?
    defer { buffer?.deallocate() }
    for run in image.runs {
      var place = max(run.start, range.lowerBound)
      let end = min(run.end, range.upperBound)
      while place < end {
        let own = min(UInt64(Self.windowSize), end - place)
        let count = Int(min(own + UInt64(overlap), run.end - place))
        var window = image.view(physical: place, count: count)
        if window == nil {
          let room = buffer ?? .allocate(byteCount: Self.windowSize + 4096, alignment: 4096)
          buffer = room
          window = copy(place, count, room)
        }
        if let window, !search(window, own: Int(own), at: place, needles, body) { return }
        place += own
      }
    }
  }

  private func copy(_ physical: UInt64, _ count: Int, _ room: UnsafeMutableRawBufferPointer) -> ByteView? {
    let wanted = min(count, room.count)
    var done = 0
    while done < wanted {
      let rest = UnsafeMutableRawBufferPointer(rebasing: room[done..<wanted])
      let got = image.read(physical: physical &+ UInt64(done), into: rest)
      if got > 0 {
        done += min(got, rest.count)
      } else {
        // A hole the runs do not tell of: on to the next page.
        let step = min(rest.count, 4096 - (Int(truncatingIfNeeded: physical &+ UInt64(done)) & 4095))
        UnsafeMutableRawBufferPointer(rebasing: rest[0..<step]).initializeMemory(as: UInt8.self, repeating: 0)
        done += step
      }
    }
    return ByteView(UnsafeRawBufferPointer(rebasing: room[0..<wanted]))
  }

  private func search(
    _ window: ByteView, own: Int, at physical: UInt64, _ needles: [[UInt8]], _ body: (Int, UInt64) -> Bool
  ) -> Bool {
    for (index, needle) in needles.enumerated() {
      var from = 0
      while let hit = needle.withView({ window.firstIndex(of: $0, from: from) }), hit < own {
        if !body(index, physical &+ UInt64(hit)) { return false }
        from = hit + 1
      }
    }
    return true
  }
}
