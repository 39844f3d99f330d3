/// Looks for a structure of the kernel's data by its shape, near init_task: for kernels that do not name their data.
struct ShapeSearch {
  let kernel: Kernel
  /// To both sides of init_task.
  private static let reach: UInt64 = 16 << 20

  /// The address with the highest rank among those where the test holds.
  func best(_ rank: (UInt64) -> UInt64?) -> UInt64? {
    var best: (rank: UInt64, address: UInt64)?
    let start = kernel.initTask &- Self.reach
    for step in stride(from: UInt64(0), to: 2 * Self.reach, by: 8) {
      if let found = rank(start &+ step), best.map({ found > $0.rank }) ?? true { best = (found, start &+ step) }
    }
    return best?.address
  }
}
