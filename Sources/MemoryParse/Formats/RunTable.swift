/// Runs in order, and the way from a physical address to its run.
struct RunTable: Sendable {
  /// No machine addresses more: x86-64 has 52 bits, AArch64 up to 56. What lies above is a lie, and below it sums cannot
  /// overflow.
  static let addressLimit: UInt64 = 1 << 56

  /// More runs than any machine has; a list of lies must not fill memory. (AVML cuts into 16 MiB: enough for 16 TiB.)
  static let maximumCount = 1 << 20

  let runs: [PhysicalRun]
  /// Parts of the given runs that were left out because another run has the same addresses, as they were given.
  let overlapping: [PhysicalRun]

  /// Puts runs in order of address. Of addresses that two runs hold, the run that begins lower keeps them (of two that
  /// begin alike: the one given first). Runs that follow each other in memory and in the file, or are both compressed there,
  /// become one.
  init(_ given: [PhysicalRun]) {
    var runs: [PhysicalRun] = []
    var overlapping: [PhysicalRun] = []
    runs.reserveCapacity(given.count)
    let order = given.indices.sorted { (given[$0].start, $0) < (given[$1].start, $1) }
    for index in order {
      var run = given[index]
      run.end = min(run.end, Self.addressLimit)
      guard run.start < run.end else { continue }
      if let last = runs.last {
        if run.start < last.end {
          let cut = min(last.end, run.end)
          overlapping.append(PhysicalRun(start: run.start, end: cut, fileOffset: run.fileOffset))
          if let offset = run.fileOffset { run.fileOffset = offset + (cut - run.start) }
          run.start = cut
          guard run.start < run.end else { continue }
        }
        if run.start == last.end, last.fileOffset.map({ $0 + last.byteCount }) == run.fileOffset {
          runs[runs.count - 1].end = run.end
          continue
        }
      }
      runs.append(run)
    }
    self.runs = runs
    self.overlapping = overlapping
  }

  /// The run that holds an address. Binary search.
  @inline(__always)
  func index(of physical: UInt64) -> Int? { runs.index(ofRunHolding: physical) }
}

extension [PhysicalRun] {
  /// The run that holds an address; the runs must be in order. Binary search.
  public func index(ofRunHolding physical: UInt64) -> Int? {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if self[middle].end <= physical { low = middle + 1 } else { high = middle }
    }
    return low < count && self[low].start <= physical ? low : nil
  }
}

extension MemoryImage {
  /// Where the byte at a physical address lies in the dump file; nil in a hole and where the file holds it compressed.
  public func fileOffset(ofPhysical physical: UInt64) -> UInt64? {
    let runs = runs
    guard let index = runs.index(ofRunHolding: physical), let offset = runs[index].fileOffset else { return nil }
    return offset + (physical - runs[index].start)
  }

  /// Bytes of memory that the dump holds.
  public var byteCount: UInt64 { runs.reduce(0) { $0 &+ $1.byteCount } }
}
