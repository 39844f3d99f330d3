import Bytes

/// Finds tasks by the pages that the allocator gave to their cache: live ones, and ended ones whose memory was not used again.
///
/// Goes over the array of `struct page` of all memory that the dump has, at 16 MiB a GiB. SLUB only, which is all there is
/// from 6.8 on and what distributions chose long before.
struct SlabTasks {
  private let kernel: Kernel

  init(_ kernel: Kernel) { self.kernel = kernel }

  private struct Cache {
    var address: UInt64
    var objectSize: UInt64
    var objectsPerSlab: UInt64
    /// Objects are shifted by it where the allocator checks their borders.
    var pad: UInt64
  }

  /// More than a machine has tasks; a dump made to claim more must not fill memory.
  private static let limit = 1 << 20

  /// Virtual addresses of all objects of the cache, used and free.
  func objects() -> [UInt64] {
    guard let array = kernel.pageArray, kernel.directMap != 0, let cache = cache(array), let link = Self.link(kernel),
      let size = kernel.types.size("page").map({ UInt64($0) }), size >= 16, size <= 512
    else { return [] }
    var objects: [UInt64] = []
    let shift = UInt64(kernel.pageShift)
    for run in kernel.memory.runs {
      var frame = run.start >> shift
      let end = run.end >> shift
      while frame < end, objects.count < Self.limit {
        let place = array &+ frame &* size
        let piece = kernel.space.piece(at: place)
        let whole = UInt64(piece.count) / size
        if whole == 0 {
          // Nothing here, or a structure over the border of two pages.
          if kernel.space.u64(place &+ UInt64(link.offset)) == cache.address { add(frame << shift, cache, &objects) }
          let rest = kernel.pageSize &- (place & (kernel.pageSize - 1))
          frame += piece.isEmpty ? max(rest / size, 1) : 1
          continue
        }
        for index in 0..<min(whole, end - frame)
        where piece.u64(Int(index &* size) + link.offset) == cache.address {
          add((frame + index) << shift, cache, &objects)
        }
        frame += whole
      }
    }
    return objects
  }

  private func add(_ physical: UInt64, _ cache: Cache, _ objects: inout [UInt64]) {
    for index in 0..<cache.objectsPerSlab {
      objects.append(kernel.directMap &+ physical &+ cache.pad &+ index &* cache.objectSize)
    }
  }

  private static func link(_ kernel: Kernel) -> Member? {
    kernel.types.member("slab", "slab_cache") ?? kernel.types.member("page", "slab_cache")
  }

  private func cache(_ array: UInt64) -> Cache? {
    let named = kernel.symbols["task_struct_cachep"].flatMap { kernel.space.u64($0) }
    guard let address = named.flatMap({ isTaskCache($0) ? $0 : nil }) ?? cacheOfKnownTasks(array),
      let size = kernel.value(address, kernel.member("kmem_cache", "size")), (256...1 << 16).contains(size),
      let packed = kernel.value(address, kernel.member("kmem_cache", "oo.x")), packed & 0xFFFF > 0,
      (packed & 0xFFFF) &* size <= 1 << 24
    else { return nil }
    return Cache(
      address: address, objectSize: size, objectsPerSlab: packed & 0xFFFF,
      pad: kernel.value(address, kernel.member("kmem_cache", "red_left_pad")) ?? 0)
  }

  private func isTaskCache(_ address: UInt64) -> Bool {
    kernel.isKernelAddress(address)
      && kernel.string(address, kernel.member("kmem_cache", "name"), limit: 32) == "task_struct"
  }

  /// Where the kernel does not name the cache: the page of any task leads to it.
  private func cacheOfKnownTasks(_ array: UInt64) -> UInt64? {
    guard let tasks = kernel.member("task_struct", "tasks"), let link = Self.link(kernel),
      let size = kernel.types.size("page").map({ UInt64($0) })
    else { return nil }
    for next in kernel.walk(kernel.initTask &+ UInt64(tasks.offset)).links.prefix(16) {
      guard let physical = kernel.space.physical(next &- UInt64(tasks.offset)) else { continue }
      for order in UInt64(0)...4 {
        let frame = physical >> UInt64(kernel.pageShift) & ~(UInt64(1) << order - 1)
        if let cache = kernel.pointer(array &+ frame &* size, link), isTaskCache(cache) { return cache }
      }
    }
    return nil
  }
}
