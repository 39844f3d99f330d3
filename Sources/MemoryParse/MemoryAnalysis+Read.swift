import Bytes

extension MemoryAnalysis {
  /// Bytes of a process at a virtual address, through its own page tables; of the kernel for addresses in its half.
  ///
  /// Finds the kernel first, which takes a second or two.
  ///
  /// - Returns: the bytes, zeros where pages are not in the dump, with how many such there are; or a sentence that says why
  ///   nothing can be read.
  public static func read(_ image: any MemoryImage, pid: Int64, virtual: UInt64, count: Int) -> (
    bytes: [UInt8], missing: Int, failure: String?
  ) {
    let kernel: Kernel
    do {
      kernel = try KernelSearch(memory: PhysicalMemory(image)).open()
    } catch {
      return ([], 0, error.sentence)
    }
    let length = min(max(count, 0), 1 << 24)
    if virtual >> 63 == 1 {
      let (bytes, missing) = kernel.space.bytes(virtual, length)
      return (bytes, missing, nil)
    }
    let snapshot = Snapshot(kernel)
    // A process does not keep the snapshot it is of, and asks it for its memory.
    return withExtendedLifetime(snapshot) {
      guard let pid = Int32(exactly: pid), let memory = snapshot.processByPID[pid]?.memory else {
        return ([], 0, "the dump has no process \(pid) with a memory of its own")
      }
      let (bytes, missing) = memory.space.bytes(virtual, length)
      return (bytes, missing, nil)
    }
  }
}
