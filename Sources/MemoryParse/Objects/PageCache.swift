import Bytes

/// The pages of files that the kernel keeps in memory: files can be read although they are deleted, or on no disk at all.
final class PageCache {
  private let kernel: Kernel
  private let pages: Member?
  private let pageSize: UInt64
  private let arrays: XArrayReader
  private let folioFlags: Member?
  private let flags: Member?
  private let headBit: UInt64

  init(_ kernel: Kernel) {
    self.kernel = kernel
    pages = kernel.member("address_space", "i_pages.xa_head")
    pageSize = UInt64(kernel.types.size("page") ?? 64)
    arrays = XArrayReader(kernel)
    folioFlags = kernel.member("folio", "_flags_1")
    flags = kernel.member("page", "flags")
    let mask = kernel.symbols.vmcoreinfo?.number("PG_head_mask").map { UInt64(bitPattern: $0) }
    let bit = kernel.types.enumerator("PG_head").flatMap { (0..<64).contains($0) ? UInt64(1) << UInt64($0) : nil }
    headBit = mask ?? bit ?? 1 << 16
  }

  /// Physical address of each page that is in memory, by its number in the file. A large folio is one entry for many pages.
  func pages(ofMapping mapping: UInt64, limit: Int = 1 << 20) -> [(index: UInt64, physical: UInt64)] {
    guard let array = kernel.pageArray, let head = kernel.value(mapping, pages) else { return [] }
    var found: [(UInt64, UInt64)] = []
    arrays.forEach(head, limit: limit) { index, entry in
      // Bit 0: a shadow of an evicted page, or a swap entry.
      guard entry & 1 == 0, kernel.isKernelAddress(entry) else { return true }
      let frame = (entry &- array) / pageSize
      guard (entry &- array) % pageSize == 0, frame < 1 << 40 else { return true }
      let count = min(folioPages(entry), 1 << 18)
      for step in 0..<count where found.count < limit {
        found.append((index &+ step, (frame &+ step) << UInt64(kernel.pageShift)))
      }
      return found.count < limit
    }
    return found
  }

  private func folioPages(_ page: UInt64) -> UInt64 {
    guard folioFlags != nil, let flags = kernel.space.u64(page), flags & headBit != 0,
      let order = kernel.space.u64(page &+ pageSize).map({ $0 & 0xFF }), order < 20
    else { return 1 }
    return 1 << order
  }

  /// The file's bytes as far as they are in memory, zeros elsewhere.
  ///
  /// - Parameter limit: no more than this many bytes are recovered.
  func content(of inode: Inode, limit: Int = 64 << 20) -> (bytes: [UInt8], pagesFound: Int, pagesTotal: Int)? {
    guard let mapping = inode.mapping else { return nil }
    let size = Int(min(inode.size, UInt64(limit)))
    let page = Int(kernel.pageSize)
    var bytes = [UInt8](repeating: 0, count: size)
    var found = 0
    for (index, physical) in pages(ofMapping: mapping) {
      guard let number = Int(exactly: index), number < (size + page - 1) / page else { continue }
      let start = number * page
      let count = min(page, size - start)
      let there = bytes.withUnsafeMutableBytes { buffer in
        kernel.memory.copy(physical, into: UnsafeMutableRawBufferPointer(rebasing: buffer[start..<start + count]))
      }
      if there == count { found += 1 }
    }
    return (bytes, found, (size + page - 1) / page)
  }

  /// The first bytes of a file, from its first page.
  func head(ofMapping mapping: UInt64, count: Int) -> [UInt8]? {
    guard let array = kernel.pageArray, let head = kernel.value(mapping, pages) else { return nil }
    var bytes: [UInt8]?
    arrays.forEach(head, limit: 64) { index, entry in
      guard index == 0, entry & 1 == 0 else { return false }
      let (read, missing) = kernel.memory.bytes(((entry &- array) / pageSize) << UInt64(kernel.pageShift), count)
      if missing == 0 { bytes = read }
      return false
    }
    return bytes
  }
}
