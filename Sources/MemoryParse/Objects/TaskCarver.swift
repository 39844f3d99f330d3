import Bytes

/// Finds every task in memory, live or ended, by two ways that need no list.
///
/// With no slab data and no page table: an empty `list_head` points at itself, and an object of the direct map knows its own
/// virtual address from its physical one. One comparison a word over all of memory, on two threads. And by the allocator's
/// pages. Each hit is then proven by the pointers around it.
struct TaskCarver {
  private let kernel: Kernel
  private let reader: TaskReader

  init(_ reader: TaskReader) {
    self.reader = reader
    kernel = reader.kernel
  }

  struct Carved {
    var address: UInt64
    var physical: UInt64
    /// `memory`, `slab` or both.
    var sources: TaskSources
  }

  /// By physical address.
  func carve() -> [Carved] {
    guard kernel.directMap != 0 else { return [] }
    var found: [UInt64: TaskSources] = [:]
    if let ptraced = kernel.member("task_struct", "ptraced").map({ UInt64($0.offset) }) {
      for hit in SelfPointerScan(image: kernel.memory.image, directMap: kernel.directMap).run() where hit >= ptraced {
        let task = kernel.directMap &+ hit &- ptraced
        if isTask(task) { found[task] = TaskSources.memory }
      }
    }
    for task in SlabTasks(kernel).objects() {
      if let known = found[task] {
        found[task] = known.union(.slab)
      } else if ownsItsChildren(task), isTask(task) {
        found[task] = TaskSources.slab
      }
    }
    return found.map { Carved(address: $0.key, physical: $0.key &- kernel.directMap, sources: $0.value) }
      .sorted { $0.physical < $1.physical }
  }

  /// The list of children leads back here. A copy that a failed fork left behind has its parent's.
  private func ownsItsChildren(_ task: UInt64) -> Bool {
    guard let head = kernel.address(task, reader.children), let next = kernel.space.u64(head) else { return false }
    return kernel.space.u64(next &+ 8) == head
  }

  private func isTask(_ address: UInt64) -> Bool {
    guard let exit = kernel.value(address, reader.exitState), [0, 16, 32].contains(exit),
      let thread = kernel.int32(address, reader.pid), (0..<1 << 22).contains(thread),
      let process = kernel.int32(address, reader.tgid), (0..<1 << 22).contains(process), let comm = reader.comm,
      Self.isName(kernel.space.piece(at: address &+ UInt64(comm.offset)).slice(0, comm.size))
    else { return false }
    var needed = ["real_parent", "parent", "group_leader"]
    if exit != 16 { needed += ["tasks.next", "cred", "real_cred"] }
    return needed.allSatisfy { name in
      guard let value = kernel.pointer(address, kernel.member("task_struct", name)) else { return false }
      return value & 7 == 0
    }
  }

  /// Printable ASCII, ended by NUL within the field.
  private static func isName(_ field: ByteView) -> Bool {
    guard let end = field.firstIndex(of: 0), end > 0 else { return false }
    return (0..<end).allSatisfy { (0x20..<0x7F).contains(field[$0]) }
  }
}
