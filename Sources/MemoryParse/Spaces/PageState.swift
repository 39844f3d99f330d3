/// What the kernel's own record of a page (`struct page`) says of its use.
enum PageState: Hashable {
  /// On a list of free pages: what stands there was left behind.
  case free
  /// Of the kernel itself: slab, page tables, page cache, buffers.
  case kernel
  /// Of a process, though no page table that could be read maps it.
  case anonymous
  /// There is no record of it in the dump.
  case unknown
}

/// Reads the state of pages.
struct PageStateReader {
  private let kernel: Kernel
  private let size: UInt64
  private let head, count, type, mapping: Member?

  init(_ kernel: Kernel) {
    self.kernel = kernel
    let types = kernel.types
    size = UInt64(types.size("page") ?? 64)
    head = types.member("page", anyOf: "compound_head", "compound_info")
    count = types.member("page", anyOf: "_refcount.counter", "_refcount")
    type = types.member("page", anyOf: "page_type", "_mapcount.counter", "_mapcount")
    mapping = types.member("page", "mapping")
  }

  func state(ofPageAt physical: UInt64) -> PageState {
    guard let array = kernel.pageArray else { return .unknown }
    var page = array &+ (physical >> UInt64(kernel.pageShift)) &* size
    // Pages of a larger unit point to its first; the lowest bit says so.
    if let word = kernel.value(page, head), word & 1 == 1, kernel.isKernelAddress(word &- 1) { page = word &- 1 }
    guard let users = kernel.int32(page, count) else { return .unknown }
    let kind = kernel.value(page, type).map { UInt32(truncatingIfNeeded: $0) } ?? .max
    // From 6.15 on the slab's pages are counted by nobody either, and are known by their type.
    if users == 0, Self.isUntypedOrFree(kind) { return .free }
    if let word = kernel.value(page, mapping), word & 3 == 1 { return .anonymous }
    return .kernel
  }

  /// No type, or that of the free lists: bit 7 cleared up to 6.10, bit 30 in 6.11, 0xf0 in the top byte since.
  private static func isUntypedOrFree(_ kind: UInt32) -> Bool {
    kind == .max || kind >> 31 == 0 || kind == 0xFFFF_FF7F || kind == 0xBFFF_FFFF || kind >> 24 == 0xF0
  }
}
