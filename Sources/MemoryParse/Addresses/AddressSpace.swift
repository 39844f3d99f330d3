import Bytes

/// Virtual memory of the kernel or of one process, over one page table.
///
/// A read of what is not there gives nil and is counted. Linear windows (the kernel image, the direct map) are tried
/// before the table: they are faster, and they hold where table pages are missing from the dump. Not for two threads.
final class AddressSpace {
  /// A range of virtual addresses that lies in physical memory in one piece.
  struct Window {
    var start: UInt64
    /// Half open.
    var end: UInt64
    var physical: UInt64
  }

  let memory: PhysicalMemory
  let tables: any PageTables
  var windows: [Window] = []
  /// Reads for which there was no mapping, or no byte in the dump.
  private(set) var missingReads = 0

  // Translations by page, one slot a page number modulo the number of slots.
  private static let slotCount = 1024
  private var slotPage: [UInt64]
  private var slotPhysical: [UInt64]
  private let pageMask: UInt64
  private static let unmapped = UInt64.max

  init(_ memory: PhysicalMemory, _ tables: any PageTables) {
    self.memory = memory
    self.tables = tables
    pageMask = UInt64(1) << UInt64(tables.pageShift) - 1
    slotPage = [UInt64](repeating: .max, count: Self.slotCount)
    slotPhysical = [UInt64](repeating: 0, count: Self.slotCount)
  }

  var pageSize: UInt64 { pageMask + 1 }

  @inline(__always)
  func physical(_ tagged: UInt64) -> UInt64? {
    for window in windows where tagged >= window.start && tagged < window.end {
      return tagged &- window.start &+ window.physical
    }
    return walked(tagged)
  }

  private func walked(_ tagged: UInt64) -> UInt64? {
    let virtual = tables.canonical(tagged)
    if virtual != tagged {
      for window in windows where virtual >= window.start && virtual < window.end {
        return virtual &- window.start &+ window.physical
      }
    }
    let page = virtual & ~pageMask
    let slot = Int(truncatingIfNeeded: page >> UInt64(tables.pageShift)) & (Self.slotCount - 1)
    if slotPage[slot] != page {
      slotPage[slot] = page
      slotPhysical[slot] = tables.translate(page, in: memory).physical ?? Self.unmapped
    }
    let physical = slotPhysical[slot]
    return physical == Self.unmapped ? nil : physical | virtual & pageMask
  }

  /// The bytes from a place on, at most to the end of the page; empty where there are none. Use at once.
  @inline(__always)
  func piece(at virtual: UInt64) -> ByteView {
    guard let physical = physical(virtual) else {
      missingReads &+= 1
      return ByteView("")
    }
    let view = memory.piece(at: physical)
    if view.isEmpty { missingReads &+= 1 }
    return view.slice(0, Int(pageSize &- (virtual & pageMask)))
  }

  // MARK: Values

  @inline(__always)
  func u64(_ virtual: UInt64) -> UInt64? {
    let view = piece(at: virtual)
    if let value = view.u64(0) { return value }
    return view.isEmpty ? nil : spanning(virtual, 8)
  }

  @inline(__always)
  func u32(_ virtual: UInt64) -> UInt32? {
    let view = piece(at: virtual)
    if let value = view.u32(0) { return value }
    return view.isEmpty ? nil : spanning(virtual, 4).map { UInt32(truncatingIfNeeded: $0) }
  }

  func u16(_ virtual: UInt64) -> UInt16? { number(virtual, 2).map { UInt16(truncatingIfNeeded: $0) } }

  func u8(_ virtual: UInt64) -> UInt8? {
    let view = piece(at: virtual)
    return view.isEmpty ? nil : view[0]
  }

  /// A little-endian number of 1 to 8 bytes.
  func number(_ virtual: UInt64, _ size: Int) -> UInt64? {
    switch size {
    case 8: return u64(virtual)
    case 4: return u32(virtual).map(UInt64.init)
    case 1: return u8(virtual).map(UInt64.init)
    case 2...7:
      let view = piece(at: virtual)
      guard view.count >= size else { return view.isEmpty ? nil : spanning(virtual, size) }
      var value: UInt64 = 0
      for index in 0..<size { value |= UInt64(view[index]) << UInt64(8 * index) }
      return value
    default: return nil
    }
  }

  /// A number that lies over the border of two pages.
  private func spanning(_ virtual: UInt64, _ size: Int) -> UInt64? {
    var value: UInt64 = 0
    for index in 0..<size {
      guard let byte = u8(virtual &+ UInt64(index)) else { return nil }
      value |= UInt64(byte) << UInt64(8 * index)
    }
    return value
  }

  // MARK: Ranges

  /// A copy of a range; zeros where nothing could be read, and how many bytes are such zeros.
  func bytes(_ virtual: UInt64, _ count: Int) -> (bytes: [UInt8], missing: Int) {
    guard count > 0 else { return ([], 0) }
    var missing = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      missing = copy(virtual, into: UnsafeMutableRawBufferPointer(buffer))
      initialized = count
    }
    return (bytes, missing)
  }

  /// All of a range, or nil where any byte is missing.
  func whole(_ virtual: UInt64, _ count: Int) -> [UInt8]? {
    let (bytes, missing) = bytes(virtual, count)
    return missing == 0 && bytes.count == count ? bytes : nil
  }

  /// Fills the buffer, zeros where nothing could be read. Returns how many bytes are such zeros.
  func copy(_ virtual: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    var done = 0
    var missing = 0
    while done < buffer.count {
      let place = virtual &+ UInt64(done)
      let view = piece(at: place).slice(0, buffer.count - done)
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      if view.isEmpty {
        let step = min(rest.count, Int(pageSize &- (place & pageMask)))
        UnsafeMutableRawBufferPointer(rebasing: rest[0..<step]).initializeMemory(as: UInt8.self, repeating: 0)
        done += step
        missing += step
      } else {
        rest.copyMemory(from: view.unsafeBytes)
        done += view.count
      }
    }
    return missing
  }

  /// The text up to the first NUL, at most `limit` bytes; nil where its first byte is missing. What follows a hole is lost.
  func string(_ virtual: UInt64, limit: Int = 4096) -> String? {
    let first = piece(at: virtual)
    guard !first.isEmpty else { return nil }
    if let end = first.slice(0, limit).firstIndex(of: 0) { return first.slice(0, end).string }
    var text: [UInt8] = []
    var place = virtual
    while text.count < limit {
      let view = piece(at: place).slice(0, limit - text.count)
      if view.isEmpty { break }
      let end = view.firstIndex(of: 0)
      text.append(contentsOf: view.slice(0, end ?? view.count).unsafeBytes)
      if end != nil { break }
      place &+= UInt64(view.count)
    }
    return String(decoding: text, as: UTF8.self)
  }
}
