/// Ways in which a task was seen. A task that hides leaves one of them, seldom all.
struct TaskSources: OptionSet, Hashable {
  let rawValue: Int
  /// `init_task.tasks`, followed forward.
  static let list = TaskSources(rawValue: 1)
  static let listBackward = TaskSources(rawValue: 2)
  /// The numbers of the first pid namespace.
  static let pidNumbers = TaskSources(rawValue: 4)
  /// Parents' lists of children.
  static let tree = TaskSources(rawValue: 8)
  /// Threads of a process that was seen otherwise.
  static let threads = TaskSources(rawValue: 16)
  /// Seen in memory by its own shape, with no list at all.
  static let memory = TaskSources(rawValue: 32)
  /// Running on a processor.
  static let runQueue = TaskSources(rawValue: 64)
  /// In a page of the allocator's cache for tasks.
  static let slab = TaskSources(rawValue: 128)

  static let lists: TaskSources = [.list, .listBackward]

  var names: [String] {
    let all: [(TaskSources, String)] = [
      (.list, "list"), (.listBackward, "list-backward"), (.pidNumbers, "pid-idr"), (.tree, "tree"),
      (.threads, "threads"), (.runQueue, "run-queue"), (.slab, "slab"), (.memory, "memory"),
    ]
    return all.filter { contains($0.0) }.map { $0.1 }
  }
}

/// Every task that any view shows, with the views that show it.
struct TaskViews {
  /// In the order of the list, then as they were met.
  private(set) var order: [UInt64] = []
  private(set) var sources: [UInt64: TaskSources] = [:]
  /// The list led back to its head in both directions: an absence from it means something.
  private(set) var listIsWhole = false

  private mutating func add(_ address: UInt64, _ source: TaskSources) {
    if let known = sources[address] {
      sources[address] = known.union(source)
    } else {
      order.append(address)
      sources[address] = source
    }
  }

  /// Links, numbers and the tree; the search of all memory is `TaskCarver`.
  init(_ reader: TaskReader) {
    let kernel = reader.kernel
    add(kernel.initTask, [.list, .listBackward])
    if let tasks = reader.tasks, let head = kernel.address(kernel.initTask, tasks) {
      let forward = kernel.walk(head)
      let backward = kernel.walk(head, backward: true)
      listIsWhole = forward.isWhole && backward.isWhole && forward.links.count == backward.links.count
      for link in forward.links { addIfTask(link &- UInt64(tasks.offset), .list, reader) }
      for link in backward.links.reversed() { addIfTask(link &- UInt64(tasks.offset), .listBackward, reader) }
    }
    addPidNumbers(reader)
    addTree(reader)
    addRunning(reader)
    for leader in order {
      for thread in reader.threads(of: leader) where thread != leader { addIfTask(thread, .threads, reader) }
    }
  }

  private mutating func addIfTask(_ address: UInt64, _ source: TaskSources, _ reader: TaskReader) {
    if sources[address] != nil || reader.task(at: address) != nil { add(address, source) }
  }

  mutating func addCarved(_ carved: TaskCarver.Carved) { add(carved.address, carved.sources) }

  /// `init_pid_ns.idr`: number → `struct pid` → the task that has it as its own number.
  private mutating func addPidNumbers(_ reader: TaskReader) {
    let kernel = reader.kernel
    let space = kernel.symbols["init_pid_ns"] ?? firstPidNamespace(reader)
    guard let space, let head = kernel.value(space, kernel.member("pid_namespace", "idr.idr_rt.xa_head")),
      let pidTasks = kernel.member("pid", "tasks"), let links = kernel.member("task_struct", "pid_links")
    else { return }
    var found: [UInt64] = []
    XArrayReader(kernel).forEach(head) { _, pid in
      guard kernel.isKernelAddress(pid), pid & 7 == 0 else { return true }
      if let first = kernel.pointer(pid, Member(offset: pidTasks.offset, size: 8)) {
        found.append(first &- UInt64(links.offset))
      }
      return true
    }
    for task in found { addIfTask(task, .pidNumbers, reader) }
  }

  private func firstPidNamespace(_ reader: TaskReader) -> UInt64? {
    reader.kernel.pointer(reader.kernel.initTask, reader.threadPid).flatMap {
      reader.kernel.pointer($0, reader.kernel.member("pid", "numbers[0].ns"))
    }
  }

  private mutating func addTree(_ reader: TaskReader) {
    let kernel = reader.kernel
    var left = [kernel.initTask]
    var seen: Set<UInt64> = [kernel.initTask]
    while let parent = left.popLast(), seen.count < Kernel.listLimit {
      for thread in reader.threads(of: parent) {
        for child in kernel.list(kernel.address(thread, reader.children), of: reader.sibling)
        where seen.insert(child).inserted {
          addIfTask(child, .tree, reader)
          if sources[child] != nil { left.append(child) }
        }
      }
    }
  }

  /// What each processor runs. What hides from every list must still be there to run.
  private mutating func addRunning(_ reader: TaskReader) {
    let kernel = reader.kernel
    guard let queues = kernel.symbols["runqueues"], let offsets = kernel.symbols["__per_cpu_offset"],
      let current = kernel.types.member("rq", anyOf: "curr", "donor"), let number = kernel.member("rq", "cpu")
    else { return }
    for processor in 0..<Self.processorLimit {
      guard let offset = kernel.space.u64(offsets &+ 8 &* processor) else { return }
      let queue = queues &+ offset
      // Slots of processors that do not exist lead to another's queue, or to none.
      guard kernel.isKernelAddress(queue), kernel.value(queue, number) == processor else { return }
      guard let task = kernel.pointer(queue, current), kernel.int32(task, reader.pid) ?? 0 != 0 else { continue }
      addIfTask(task, .runQueue, reader)
    }
  }

  /// The most that a kernel can be configured to.
  private static let processorLimit: UInt64 = 8192
}
