import Bytes
import CPlatform
import Evidence
import Foundation

/// Writes one image as its own pages and a list of those that it shares with another.
///
/// A page is looked for where it most likely is: at the same address; behind the last page that was found (a file or program that
/// moved as a whole); then by fingerprint anywhere. Whatever is found is compared byte by byte. Bytes between runs (headers of
/// the dump) are the object's own, so that images whose headers lie elsewhere share pages all the same.
final class PagePacker {
  private let image: PagedObject
  private let other: PagedObject
  private let own: ScratchFile
  private let table: ScratchFile
  private var pages: PageIndex?
  private var pending: (start: UInt64, end: UInt64, source: ExtentSource)?
  private var extents: [UInt8] = []
  private var extentCount: UInt64 = 0
  private var block: [UInt8] = []
  private var ownCount: UInt64 = 0
  private var follow: UInt64?

  private static let flushSize = 1 << 20
  /// Bytes that hold something, after which it shows whether there is anything to share.
  private static let trial: UInt64 = 64 << 20
  private var heldCount: UInt64 = 0

  init(_ image: PagedObject, against other: PagedObject, into own: ScratchFile, table: ScratchFile) {
    self.image = image
    self.other = other
    self.own = own
    self.table = table
  }

  /// - Parameter limit: own bytes from which on it is not worth it.
  /// - Returns: false where the limit was reached.
  func run(limit: UInt64, onProgress: (Int) -> Void) throws(StoreError) -> Bool {
    var place: UInt64 = 0
    for run in image.runs {
      try gap(place, run.offset)
      var at: UInt64 = 0
      while at < run.byteCount {
        // Pages are those of memory, so a run that begins within one has a short first page.
        let inPage = (run.address + at) % UInt64(PagedObject.pageSize)
        let count = min(UInt64(PagedObject.pageSize) - inPage, run.byteCount - at)
        try page(run.offset + at, run.address + at, Int(count))
        at += count
        if at % (1 << 20) == 0 { onProgress(1 << 20) }
        if heldCount > Self.trial, ownCount > heldCount / 10 * 9 { return false }
      }
      if ownCount > limit { return false }
      place = run.offset + run.byteCount
    }
    try gap(place, image.file.byteCount)
    return ownCount <= limit
  }

  private func gap(_ start: UInt64, _ end: UInt64) throws(StoreError) {
    var place = start
    while place < end {
      let part = image.file.view(at: place, count: Int(min(end - place, 1 << 16)))
      guard part.count > 0 else { return }
      try keep(part, at: place)
      place += UInt64(part.count)
    }
  }

  private func page(_ offset: UInt64, _ address: UInt64, _ count: Int) throws(StoreError) {
    let bytes = image.file.view(at: offset, count: count)
    if bytes[0] == 0, platform_zero_prefix(bytes.unsafeBytes.baseAddress, bytes.count) == bytes.count {
      return try add(offset, count, .zeros)
    }
    heldCount += UInt64(count)
    if let there = find(bytes, address) {
      follow = there + UInt64(count)
      return try add(offset, count, .base(there))
    }
    try keep(bytes, at: offset)
  }

  private func find(_ bytes: ByteView, _ address: UInt64) -> UInt64? {
    if let there = other.offset(of: address, count: bytes.count),
      other.file.view(at: there, count: bytes.count) == bytes
    {
      return there
    }
    if let follow, other.file.view(at: follow, count: bytes.count) == bytes { return follow }
    guard bytes.count == PagedObject.pageSize else { return nil }
    let index = pages ?? PageIndex(other)
    pages = index
    guard let there = index.find(bytes), other.file.view(at: there, count: bytes.count) == bytes else { return nil }
    return there
  }

  private func keep(_ bytes: ByteView, at offset: UInt64) throws(StoreError) {
    try add(offset, bytes.count, .own(ownCount))
    block.append(contentsOf: bytes.unsafeBytes)
    ownCount += UInt64(bytes.count)
    if block.count >= Self.flushSize { try flush() }
  }

  private func flush() throws(StoreError) {
    try own.append(block)
    block.removeAll(keepingCapacity: true)
  }

  /// Adds a piece, or lengthens the one before it that it continues.
  private func add(_ offset: UInt64, _ count: Int, _ source: ExtentSource) throws(StoreError) {
    let end = offset + UInt64(count)
    if let last = pending {
      let length = last.end - last.start
      let continues =
        switch (last.source, source) {
        case (.zeros, .zeros): true
        case (.own(let from), .own(let to)), (.base(let from), .base(let to)): from + length == to
        default: false
        }
      if continues {
        pending?.end = end
        return
      }
      try write(last.start, last.source)
    }
    pending = (offset, end, source)
  }

  private func write(_ start: UInt64, _ source: ExtentSource) throws(StoreError) {
    for number in [start, source.code] { withUnsafeBytes(of: number.littleEndian) { extents.append(contentsOf: $0) } }
    extentCount += 1
    if extents.count >= Self.flushSize {
      try table.append(extents)
      extents.removeAll(keepingCapacity: true)
    }
  }

  /// Writes the table and the footer behind the object's own bytes.
  func finish(digest: Digest, base: Digest) throws(StoreError) {
    if let last = pending { try write(last.start, last.source) }
    try flush()
    try table.append(extents)
    // On a border of the disk's blocks, so that a page-sized read touches no more of them than it must.
    let rest = Int(own.byteCount % 4096)
    if rest > 0 { try own.append([UInt8](repeating: 0, count: 4096 - rest)) }
    let tableOffset = own.byteCount
    var sum: UInt32 = 0
    if extentCount > 0 {
      do throws(BytesError) {
        let written = try MappedFile(path: table.path)
        let view = written.view
        sum = platform_crc32c(view.unsafeBytes.baseAddress, view.count)
        var failure: StoreError?
        do throws(StoreError) { try own.append(view.unsafeBytes) } catch { failure = error }
        withExtendedLifetime(written) {}
        if let failure { throw BytesError(.cannotRead, failure.reason) }
      } catch {
        throw StoreError(.cannotWrite, error.reason)
      }
    }
    let footer = PackedFooter(
      byteCount: image.file.byteCount, tableOffset: tableOffset, extentCount: extentCount, base: base, digest: digest,
      tableSum: sum)
    try own.append(footer.bytes)
  }
}

/// Where pages with a certain content lie in an image, by a 64-bit fingerprint. A table of fixed size: of an image with more
/// pages than it holds, every second (fourth …) fingerprint is kept, and `PagePacker` follows on from those that are found.
private struct PageIndex {
  private var slots: [(print: UInt64, offset: UInt64)]
  private let mask: Int
  private let keep: UInt64

  /// 64 MiB.
  private static let maximumSlots = 1 << 22

  init(_ image: PagedObject) {
    let pages = image.runs.reduce(0) { $0 + Int(clamping: $1.byteCount / UInt64(PagedObject.pageSize)) }
    var size = 1 << 10
    while size < pages * 2, size < Self.maximumSlots { size <<= 1 }
    mask = size - 1
    var keep: UInt64 = 0
    while pages >> Int(keep.nonzeroBitCount) > size / 2 { keep = keep << 1 | 1 }
    self.keep = keep
    slots = Array(repeating: (0, 0), count: size)
    for run in image.runs {
      // From the first whole page of memory on.
      let inPage = run.address % UInt64(PagedObject.pageSize)
      var at = inPage == 0 ? 0 : UInt64(PagedObject.pageSize) - inPage
      while at + UInt64(PagedObject.pageSize) <= run.byteCount {
        let bytes = image.file.view(at: run.offset + at, count: PagedObject.pageSize)
        let print = Self.fingerprint(bytes)
        if print >> 40 & keep == 0, bytes[0] != 0 || Self.isNotZero(bytes) { insert(print, run.offset + at) }
        at += UInt64(PagedObject.pageSize)
      }
    }
  }

  private static func isNotZero(_ bytes: ByteView) -> Bool {
    platform_zero_prefix(bytes.unsafeBytes.baseAddress, bytes.count) < bytes.count
  }

  /// Neighbouring slots are tried; where all are taken the page is not remembered.
  private static let probes = 8

  private mutating func insert(_ print: UInt64, _ offset: UInt64) {
    for step in 0..<Self.probes {
      let slot = (Int(truncatingIfNeeded: print) &+ step) & mask
      if slots[slot].print == print { return }
      guard slots[slot].print == 0 else { continue }
      slots[slot] = (print, offset)
      return
    }
  }

  func find(_ bytes: ByteView) -> UInt64? {
    let print = Self.fingerprint(bytes)
    guard print >> 40 & keep == 0 else { return nil }
    for step in 0..<Self.probes {
      let slot = slots[(Int(truncatingIfNeeded: print) &+ step) & mask]
      if slot.print == print { return slot.offset }
      if slot.print == 0 { return nil }
    }
    return nil
  }

  /// Four lanes of multiply and rotate: a page in a quarter of a microsecond. What is found is compared, so an attacker who makes
  /// two pages collide gains nothing.
  private static func fingerprint(_ bytes: ByteView) -> UInt64 {
    guard bytes.count == PagedObject.pageSize, let base = bytes.unsafeBytes.baseAddress else { return 0 }
    var a: UInt64 = 0x9E37_79B9_7F4A_7C15
    var b: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    var c: UInt64 = 0x1656_67B1_9E37_79F9
    var d: UInt64 = 0x27D4_EB2F_1656_67C5
    var place = 0
    while place < PagedObject.pageSize {
      a = rotated((a ^ base.loadUnaligned(fromByteOffset: place, as: UInt64.self)) &* 0x9FB2_1C65_1E98_DF25)
      b = rotated((b ^ base.loadUnaligned(fromByteOffset: place + 8, as: UInt64.self)) &* 0x9FB2_1C65_1E98_DF25)
      c = rotated((c ^ base.loadUnaligned(fromByteOffset: place + 16, as: UInt64.self)) &* 0x9FB2_1C65_1E98_DF25)
      d = rotated((d ^ base.loadUnaligned(fromByteOffset: place + 24, as: UInt64.self)) &* 0x9FB2_1C65_1E98_DF25)
      place += 32
    }
    let mixed = (a ^ rotated(b)) &* 0x9E37_79B9_7F4A_7C15 ^ (c ^ rotated(d)) &* 0xC2B2_AE3D_27D4_EB4F
    return max(mixed ^ mixed >> 29, 1)
  }

  private static func rotated(_ word: UInt64) -> UInt64 { word << 29 | word >> 35 }
}
