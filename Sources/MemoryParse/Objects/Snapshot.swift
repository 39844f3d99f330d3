import Bytes

/// The state of the machine that a dump shows: each list is read when it is first asked for and kept, so that all views
/// together cost one reading.
final class Snapshot {
  let kernel: Kernel
  let taskReader: TaskReader
  let paths: PathReader
  let mappingReader: MappingReader
  let fileReader: OpenFileReader
  let inodeReader: InodeReader
  let socketReader: SocketReader
  let namespaceReader: NamespaceReader
  let pageCache: PageCache
  let memoryLayout: ProcessMemory.Layout
  let specialMappings: SpecialMappings

  init(_ kernel: Kernel) {
    self.kernel = kernel
    taskReader = TaskReader(kernel)
    paths = PathReader(kernel)
    mappingReader = MappingReader(kernel)
    fileReader = OpenFileReader(kernel)
    inodeReader = InodeReader(kernel)
    socketReader = SocketReader(kernel)
    namespaceReader = NamespaceReader(kernel)
    pageCache = PageCache(kernel)
    memoryLayout = ProcessMemory.Layout(kernel.types)
    specialMappings = SpecialMappings(kernel)
  }

  // MARK: Time

  lazy var clock: Clock? = ClockReader(kernel).clock()

  /// No clock chip: times since 1970 are times since boot.
  var clockWasNeverSet: Bool { clock.map { $0.boot < 1_000_000_000_000_000_000 } ?? false }

  // MARK: Tasks

  lazy var carvedTasks: [TaskCarver.Carved] = TaskCarver(taskReader).carve()

  /// Every view of tasks; those that memory alone shows are in it when they live.
  lazy var taskViews: TaskViews = {
    var views = TaskViews(taskReader)
    let numbers = kernel.member("pid", "numbers[0].nr")
    for carved in carvedTasks {
      if views.sources[carved.address] != nil {
        views.addCarved(carved)
        continue
      }
      // An ended task is let go of by its number; one that hides keeps it, or nothing could run it.
      guard let task = taskReader.task(at: carved.address), task.exitState != 16,
        let pid = kernel.pointer(task.address, taskReader.threadPid),
        // A number that is not in the dump proves nothing against the task.
        kernel.int32(pid, numbers) ?? task.thread == task.thread
      else { continue }
      views.addCarved(carved)
    }
    return views
  }()

  /// Processes of all views, in the order of the kernel's list; the idle task is none.
  lazy var processes: [Process] = {
    var processes: [Process] = []
    let views = taskViews
    for address in views.order {
      guard address != kernel.initTask, let task = taskReader.task(at: address), task.isLeader, task.process > 0 else {
        continue
      }
      processes.append(
        Process(task, views.sources[address] ?? [], threads: taskReader.threads(of: address), self))
    }
    return processes
  }()

  lazy var processByPID: [Int32: Process] = Dictionary(processes.map { ($0.pid, $0) }) { first, _ in first }

  /// Process 1, whose namespaces are the machine's own.
  var firstProcess: Process? { processByPID[1] }

  lazy var userNames: [UInt32: String] = UserNames(self).read()

  // MARK: Other lists

  private lazy var moduleViews: (modules: [Module], listIsWhole: Bool) = ModuleReader(kernel).modules()
  var modules: [Module] { moduleViews.modules }
  /// An absence from the list of modules means something.
  var moduleListIsWhole: Bool { moduleViews.listIsWhole }
  lazy var log: (records: [LogRecord], missing: Int)? = KernelLogReader(kernel).records()

  /// A socket and who holds it; nobody for those that only the kernel's tables have.
  struct HeldSocket {
    var socket: Socket
    var process: Process?
    var descriptor: Int?
    /// The kernel's tables have it: `netstat` would show it.
    var isListed: Bool

    /// Where it was seen.
    var sources: [String] { (process == nil ? [] : ["fd"]) + (isListed ? ["table"] : []) }
  }

  var sockets: [HeldSocket] { socketViews.sockets }
  /// Nothing of the tables was unreadable: an absence from them means something.
  var socketTablesAreWhole: Bool { socketViews.areWhole }

  private lazy var socketViews: (sockets: [HeldSocket], areWhole: Bool) = {
    let held = processes.flatMap { process in process.sockets.map { (process, $0.descriptor, $0.socket) } }
    let reader = SocketTables(kernel)
    let listed = reader.sockets(open: held.map { $0.2 })
    let tables = Set(listed)
    var rows = held.map { process, descriptor, socket in
      HeldSocket(
        socket: socket, process: process, descriptor: descriptor, isListed: tables.contains(socket.address))
    }
    let seen = Set(held.map { $0.2.address })
    for address in listed where !seen.contains(address) {
      if let socket = socketReader.socket(at: address) {
        rows.append(HeldSocket(socket: socket, process: nil, descriptor: nil, isListed: true))
      }
    }
    return (rows, reader.areWhole)
  }()

  /// Mounts of each mount namespace that a process lives in, the machine's own first.
  lazy var mounts: [(namespace: UInt64, mounts: [Mount])] = {
    let reader = MountReader(kernel, paths)
    var seen: Set<UInt64> = []
    var spaces: [(UInt64, [Mount])] = []
    for process in ([firstProcess].compactMap { $0 } + processes) {
      guard let address = process.namespaces?.mountAddress, seen.insert(address).inserted else { continue }
      spaces.append((process.namespaces?.mount ?? 0, reader.mounts(ofNamespace: address)))
    }
    return spaces
  }()

  private var heads: [UInt64: [UInt8]?] = [:]

  /// The first bytes of a file in the page cache.
  func headOfCachedFile(_ mapping: UInt64, _ count: Int) -> [UInt8]? {
    if let known = heads[mapping], known?.count ?? count >= count { return known.map { Array($0.prefix(count)) } }
    let head = pageCache.head(ofMapping: mapping, count: count)
    heads[mapping] = head
    return head
  }
}
