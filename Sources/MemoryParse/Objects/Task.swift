/// A thread of a process, or of the kernel: what `task_struct` says of it.
struct Task {
  /// Virtual address of the `task_struct`.
  var address: UInt64
  /// Thread id; equal to `process` for the leader.
  var thread: Int32
  var process: Int32
  var parent: Int32
  var name: String
  /// `PF_…`
  var flags: UInt64
  var state: UInt64
  /// 16 dead, 32 zombie.
  var exitState: UInt64
  /// Nanoseconds since boot, time in suspend counted.
  var start: UInt64
  var memory: UInt64?
  var credentials: Credentials

  var isLeader: Bool { thread == process }
  /// PF_KTHREAD: told by the kernel's flag, not by the name, which a process can choose.
  var isKernelThread: Bool { flags & 0x0020_0000 != 0 }
  var isZombie: Bool { exitState == 32 }
}

/// Who a task acts as: `struct cred`.
struct Credentials: Hashable {
  var uid: UInt32 = 0
  var gid: UInt32 = 0
  var euid: UInt32 = 0
  var egid: UInt32 = 0
  var inheritable: UInt64 = 0
  var permitted: UInt64 = 0
  var effective: UInt64 = 0
  var bounding: UInt64 = 0
  var ambient: UInt64 = 0
}

/// Reads tasks.
final class TaskReader {
  let kernel: Kernel
  let tasks: Member?
  let pid: Member?
  let tgid: Member?
  let comm: Member?
  let realParent: Member?
  let groupLeader: Member?
  let exitState: Member?
  let signal: Member?
  let threadNode: Member?
  let threadHead: Member?
  let threadPid: Member?
  let children: Member?
  let sibling: Member?
  let nsproxy: Member?
  let files: Member?
  let fs: Member?
  let loginUID: Member?
  private let flags: Member?
  private let state: Member?
  private let start: Member?
  private let mm: Member?
  private let cred: Member?
  private let credMembers: [Member?]
  private var known: [UInt64: Credentials] = [:]

  init(_ kernel: Kernel) {
    self.kernel = kernel
    let types = kernel.types
    func task(_ paths: String...) -> Member? { paths.lazy.compactMap { types.member("task_struct", $0) }.first }
    tasks = task("tasks")
    pid = task("pid")
    tgid = task("tgid")
    comm = task("comm")
    realParent = task("real_parent")
    groupLeader = task("group_leader")
    exitState = task("exit_state")
    signal = task("signal")
    threadNode = task("thread_node", "thread_group")
    threadHead = types.member("signal_struct", "thread_head")
    threadPid = task("thread_pid")
    children = task("children")
    sibling = task("sibling")
    nsproxy = task("nsproxy")
    files = task("files")
    fs = task("fs")
    loginUID = task("loginuid")
    flags = task("flags")
    state = task("__state", "state")
    start = task("start_boottime", "real_start_time")
    mm = task("mm")
    cred = task("real_cred")
    credMembers = [
      "uid", "gid", "euid", "egid", "cap_inheritable", "cap_permitted", "cap_effective", "cap_bset", "cap_ambient",
    ].map { types.member("cred", $0) }
  }

  /// The task at an address; nil where it cannot be one: no pid, no name, an exit state that does not exist.
  func task(at address: UInt64) -> Task? {
    guard kernel.isKernelAddress(address), let thread = kernel.int32(address, pid),
      let process = kernel.int32(address, tgid),
      (0..<1 << 22).contains(thread), (0..<1 << 22).contains(process), let name = kernel.text(address, comm),
      let exit = kernel.value(address, exitState), [0, 16, 32].contains(exit)
    else { return nil }
    let parent = kernel.pointer(address, realParent).flatMap { kernel.int32($0, tgid) } ?? 0
    return Task(
      address: address, thread: thread, process: process, parent: parent, name: name,
      flags: kernel.value(address, flags) ?? 0, state: kernel.value(address, state) ?? 0, exitState: exit,
      start: kernel.value(address, start) ?? 0, memory: kernel.pointer(address, mm),
      credentials: kernel.pointer(address, cred).map { credentials(at: $0) } ?? Credentials())
  }

  private func credentials(at address: UInt64) -> Credentials {
    if let credentials = known[address] { return credentials }
    func number(_ index: Int) -> UInt32 { UInt32(truncatingIfNeeded: kernel.value(address, credMembers[index]) ?? 0) }
    // A capability set is eight bytes in every version, whether two words or one.
    func set(_ index: Int) -> UInt64 { kernel.value(address, credMembers[index]) ?? 0 }
    let credentials = Credentials(
      uid: number(0), gid: number(1), euid: number(2), egid: number(3), inheritable: set(4), permitted: set(5),
      effective: set(6), bounding: set(7), ambient: set(8))
    known[address] = credentials
    return credentials
  }

  /// Addresses of the threads of a process, its leader included.
  func threads(of address: UInt64) -> [UInt64] {
    guard let signal = kernel.pointer(address, signal) else { return [address] }
    let all = kernel.list(kernel.address(signal, threadHead), of: threadNode)
    return all.isEmpty ? [address] : all
  }
}
