/// Finds the array of `struct page` where nothing names it: it begins one of the kernel's mappings above the direct map with
/// the page of the first section of memory, and the pages of known tasks must belong to the tasks' cache.
struct PageArraySearch {
  let kernel: Kernel

  func find() -> UInt64? {
    guard let pageSize = kernel.types.size("page").map({ UInt64($0) }),
      let cache = kernel.types.member("slab", "slab_cache") ?? kernel.types.member("page", "slab_cache"),
      let name = kernel.types.member("kmem_cache", "name")
    else { return nil }
    let shift = UInt64(kernel.pageShift)
    let tasks = someTasks()
    if tasks.isEmpty { return nil }
    for start in mappingStarts() {
      for section in [UInt64(128) << 20, 512 << 20, 1 << 30, 2 << 20] {
        let array = start &- (kernel.memory.start & ~(section - 1)) >> shift &* pageSize
        let holds = tasks.allSatisfy { physical in
          (0...UInt64(4)).contains { order in
            let frame = physical >> shift & ~(UInt64(1) << order - 1)
            guard let cache = kernel.pointer(array &+ frame &* pageSize, cache) else { return false }
            return kernel.string(cache, name, limit: 32) == "task_struct"
          }
        }
        if holds { return array }
      }
    }
    return nil
  }

  /// Physical addresses of up to four tasks.
  private func someTasks() -> [UInt64] {
    guard let link = kernel.member("task_struct", "tasks") else { return [] }
    return kernel.walk(kernel.initTask &+ UInt64(link.offset)).links.prefix(4).compactMap {
      kernel.space.physical($0 &- UInt64(link.offset))
    }
  }

  private func mappingStarts() -> [UInt64] {
    var starts: [UInt64] = []
    for area in kernel.placement.architecture.pageArrayAreas(of: kernel.space.tables) {
      var next: UInt64 = 0
      kernel.space.tables.forEachMapping(in: area, of: kernel.memory, limit: 1 << 20) { virtual, _, size, _ in
        if virtual != next { starts.append(virtual) }
        next = virtual &+ size
        return starts.count < 1 << 16
      }
    }
    return starts
  }
}
