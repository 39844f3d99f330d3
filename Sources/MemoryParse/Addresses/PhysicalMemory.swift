import Bytes

/// Physical memory for many small reads: the image's runs with their mapped bytes at hand, and a page cache where the
/// image has to be unpacked to be read.
///
/// Every read can be 'missing' and is then counted. Not for use by two threads at once.
final class PhysicalMemory {
  let image: any MemoryImage
  let runs: [PhysicalRun]
  /// Reads that found nothing in the dump.
  private(set) var missingReads = 0

  /// Bytes of each run where the image can lend them; empty where they must be copied.
  private let lent: [ByteView]
  private var lastRun = 0

  // Copies of pages of an image that cannot lend its bytes: one slot a page number modulo the number of slots, so that a
  // page handed out stays until one of equal remainder is read. 16 MiB.
  private static let slotCount = 4096
  private static let pageSize: UInt64 = 4096
  private let slots: UnsafeMutableRawBufferPointer?
  private var slotStart: [UInt64] = []
  private var slotBytes: [Int] = []

  init(_ image: any MemoryImage) {
    self.image = image
    runs = image.runs.filter { $0.end > $0.start }
    lent = runs.map { run in
      guard let count = Int(exactly: run.byteCount) else { return ByteView("") }
      return image.view(physical: run.start, count: count) ?? ByteView("")
    }
    if lent.allSatisfy({ !$0.isEmpty }) {
      slots = nil
    } else {
      slots = .allocate(byteCount: Self.slotCount * Int(Self.pageSize), alignment: 4096)
      slotStart = [UInt64](repeating: .max, count: Self.slotCount)
      slotBytes = [Int](repeating: 0, count: Self.slotCount)
    }
  }

  deinit { slots?.deallocate() }

  /// First address after the last run.
  var end: UInt64 { runs.last?.end ?? 0 }
  /// Start of the first run. Not 0 on AArch64 boards.
  var start: UInt64 { runs.first?.start ?? 0 }
  var byteCount: UInt64 { runs.reduce(0) { $0 &+ $1.byteCount } }

  /// The bytes from a place on, as far as they lie in one piece; empty where the dump has none. At least up to the end
  /// of the 4 KiB page or of the run. Valid until a page of equal slot is read: use at once, keep a copy.
  @inline(__always)
  func piece(at physical: UInt64) -> ByteView {
    guard let index = run(of: physical) else {
      missingReads &+= 1
      return ByteView("")
    }
    let whole = lent[index]
    if !whole.isEmpty { return whole.slice(Int(physical &- runs[index].start)) }
    return copied(at: physical, run: runs[index])
  }

  func contains(_ physical: UInt64) -> Bool { run(of: physical) != nil }

  @inline(__always)
  private func run(of physical: UInt64) -> Int? {
    if lastRun < runs.count, physical >= runs[lastRun].start, physical < runs[lastRun].end { return lastRun }
    return search(physical)
  }

  private func search(_ physical: UInt64) -> Int? {
    var low = 0
    var high = runs.count
    while low < high {
      let middle = (low + high) / 2
      if runs[middle].end <= physical { low = middle + 1 } else { high = middle }
    }
    guard low < runs.count, runs[low].start <= physical else { return nil }
    lastRun = low
    return low
  }

  private func copied(at physical: UInt64, run: PhysicalRun) -> ByteView {
    guard let slots else { return ByteView("") }
    let page = physical & ~(Self.pageSize - 1)
    let first = max(page, run.start)
    let slot = Int(page / Self.pageSize) & (Self.slotCount - 1)
    let room = UnsafeMutableRawBufferPointer(rebasing: slots[slot * 4096..<slot * 4096 + 4096])
    if slotStart[slot] != first {
      let wanted = Int(min(run.end - first, Self.pageSize - (first & (Self.pageSize - 1))))
      slotBytes[slot] = min(
        max(image.read(physical: first, into: UnsafeMutableRawBufferPointer(rebasing: room[0..<wanted])), 0), wanted)
      slotStart[slot] = first
    }
    let view = ByteView(UnsafeRawBufferPointer(rebasing: room[0..<slotBytes[slot]])).slice(Int(physical &- first))
    if view.isEmpty { missingReads &+= 1 }
    return view
  }
}

// MARK: - Values

extension PhysicalMemory {
  func u64(_ physical: UInt64) -> UInt64? {
    let view = piece(at: physical)
    if let value = view.u64(0) { return value }
    return view.isEmpty ? nil : spanning(physical)
  }

  func u32(_ physical: UInt64) -> UInt32? {
    let view = piece(at: physical)
    if let value = view.u32(0) { return value }
    return view.isEmpty ? nil : spanning(physical)
  }

  private func spanning<Number: FixedWidthInteger>(_ physical: UInt64) -> Number? {
    var value: Number = 0
    let whole = withUnsafeMutableBytes(of: &value) { copy(physical, into: $0) } == MemoryLayout<Number>.size
    return whole ? Number(littleEndian: value) : nil
  }

  /// Copies what there is; holes become zeros. Returns the number of bytes that were there.
  @discardableResult
  func copy(_ physical: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    var done = 0
    var there = 0
    while done < buffer.count {
      let (place, over) = physical.addingReportingOverflow(UInt64(done))
      let view = over ? ByteView("") : piece(at: place).slice(0, buffer.count - done)
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      if view.isEmpty {
        let toPageEnd = Int(Self.pageSize &- (place & (Self.pageSize - 1)))
        let step = min(rest.count, max(toPageEnd, 1))
        UnsafeMutableRawBufferPointer(rebasing: rest[0..<step]).initializeMemory(as: UInt8.self, repeating: 0)
        done += step
      } else {
        rest.copyMemory(from: view.unsafeBytes)
        done += view.count
        there += view.count
      }
    }
    return there
  }

  /// A copy of a range, zeros where the dump has a hole, and how many bytes are such zeros.
  func bytes(_ physical: UInt64, _ count: Int) -> (bytes: [UInt8], missing: Int) {
    guard count > 0 else { return ([], 0) }
    var there = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      there = copy(physical, into: UnsafeMutableRawBufferPointer(buffer))
      initialized = count
    }
    return (bytes, count - there)
  }
}
