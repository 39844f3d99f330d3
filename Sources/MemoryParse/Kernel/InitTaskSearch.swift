import Bytes

/// Finds init_task by its shape: named `swapper`, pid 0, and its own parent, real parent and group leader. So it tells its
/// own virtual address, and with the place where it was found what lies between virtual and physical.
struct InitTaskSearch {
  private let memory: PhysicalMemory
  private let comm: UInt64
  private let pid: UInt64
  private let selves: [UInt64]

  init?(memory: PhysicalMemory, types: any TypeSource) {
    guard let comm = types.offset("task_struct", "comm"), let pid = types.offset("task_struct", "pid"),
      let parent = types.offset("task_struct", "parent"), let real = types.offset("task_struct", "real_parent"),
      let leader = types.offset("task_struct", "group_leader")
    else { return nil }
    self.memory = memory
    self.comm = comm
    self.pid = pid
    selves = [parent, real, leader]
  }

  func task(withNameAt hit: UInt64) -> InitTask? {
    guard hit > comm else { return nil }
    let task = hit - comm
    guard memory.u32(task &+ pid) == 0, let virtual = memory.u64(task &+ selves[0]), virtual >> 63 == 1,
      (virtual &- task) % 4096 == 0, selves.allSatisfy({ memory.u64(task &+ $0) == virtual })
    else { return nil }
    return InitTask(virtual: virtual, physical: task)
  }
}
