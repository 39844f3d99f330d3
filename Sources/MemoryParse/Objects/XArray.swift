/// The kernel's sparse array (`include/linux/xarray.h`): pids by number, pages of a file by place.
struct XArrayReader {
  private let kernel: Kernel
  private let shift: Member?
  private let slots: Member?

  init(_ kernel: Kernel) {
    self.kernel = kernel
    shift = kernel.member("xa_node", "shift")
    slots = kernel.member("xa_node", "slots")
  }

  /// Entries with their index, in order, until the body returns false. Values (bit 0 set: swap, shadows) are given too;
  /// siblings of a large entry are not.
  ///
  /// - Parameter head: `xa_head`.
  func forEach(_ head: UInt64, limit: Int = 1 << 20, _ body: (_ index: UInt64, _ entry: UInt64) -> Bool) {
    var stack: [(entry: UInt64, base: UInt64, shift: UInt64)] = [(head, 0, 64)]
    var visited = 0
    let count = min(slots?.elementCount ?? 64, 64)
    while let (entry, base, above) = stack.popLast() {
      if entry == 0 { continue }
      guard entry & 3 == 2, entry > 4096 else {
        if entry & 3 != 2, !body(base, entry) { return }
        continue
      }
      visited += 1
      let node = entry - 2
      // A child's shift is less than its parent's: no cycle can be followed.
      guard visited <= limit, kernel.isKernelAddress(node), let shift = kernel.value(node, shift), shift < above,
        shift <= 60, let first = kernel.address(node, slots)
      else { continue }
      for index in stride(from: count - 1, through: 0, by: -1) {
        guard let child = kernel.space.u64(first &+ UInt64(8 * index)), child != 0 else { continue }
        stack.append((child, base &+ UInt64(index) << shift, shift))
      }
    }
  }
}
