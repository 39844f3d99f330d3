import Evidence

/// A process as the views tell of it. Everything but the task itself is read when it is first asked for, once.
final class Process {
  let task: Task
  let sources: TaskSources
  /// Addresses of its threads, the leader's included.
  let threads: [UInt64]
  private unowned let snapshot: Snapshot

  init(_ task: Task, _ sources: TaskSources, threads: [UInt64], _ snapshot: Snapshot) {
    self.task = task
    self.sources = sources
    self.threads = threads
    self.snapshot = snapshot
  }

  var pid: Int32 { task.process }

  lazy var started: Timestamp? = snapshot.clock?.moment(task.start)

  /// Nil for threads of the kernel and for zombies.
  lazy var memory: ProcessMemory? = task.memory.flatMap {
    ProcessMemory(snapshot.kernel, $0, snapshot.memoryLayout)
  }

  private lazy var map: (mappings: [Mapping], lost: Int) =
    task.memory.map { snapshot.mappingReader.mappings(of: $0) } ?? ([], 0)

  var mappings: [Mapping] { map.mappings }
  /// Mappings and nodes of their tree that could not be read.
  var lostMappings: Int { map.lost }

  lazy var files: [OpenFile] = snapshot.fileReader.files(ofTask: task.address)

  /// Path of the program, ` (deleted)` included.
  lazy var executable: FileName? = memory?.executable.flatMap { snapshot.paths.name(ofFile: $0) }

  /// What `ps` shows: the arguments, or the name in brackets where there are none.
  var commandLine: String {
    guard let memory, !memory.arguments.texts.isEmpty else { return "[\(task.name)]" }
    return memory.commandLine
  }

  lazy var namespaces: TaskNamespaces? = snapshot.namespaceReader.namespaces(ofTask: task.address)
  lazy var cgroup: String? = snapshot.namespaceReader.cgroup(ofTask: task.address)
  /// The container that it runs in, by its cgroup.
  lazy var container: ContainerPath? = cgroup.map { ContainerPath($0) }

  /// The sockets among its files.
  lazy var sockets: [(descriptor: Int, socket: Socket)] = files.compactMap { open in
    guard snapshot.paths.name(ofFile: open.file)?.kind == .socket,
      let address = snapshot.socketReader.socket(ofFile: open.file),
      let socket = snapshot.socketReader.socket(at: address)
    else { return nil }
    return (open.descriptor, socket)
  }

  lazy var typedCommands: [TypedCommand] = {
    guard let memory, !memory.heap.isEmpty,
      memory.heap.upperBound - memory.heap.lowerBound <= ShellHistory.heapLimit
    else { return [] }
    let heap = memory.space.bytes(
      memory.heap.lowerBound, Int(memory.heap.upperBound - memory.heap.lowerBound)
    ).bytes
    return heap.withView {
      ShellHistory.commands(in: $0, at: memory.heap.lowerBound, shortStamps: snapshot.clockWasNeverSet)
    }
  }()

  /// The name of what lies in a mapping, as `/proc/PID/maps` shows it; empty for anonymous memory.
  func name(of mapping: Mapping) -> String {
    if let file = mapping.file { return snapshot.paths.name(ofFile: file)?.text ?? "?" }
    if let special = snapshot.specialMappings.name(mapping) { return special }
    guard let memory else { return "" }
    if !memory.heap.isEmpty, mapping.start < memory.heap.upperBound, mapping.end > memory.heap.lowerBound {
      return "[heap]"
    }
    if mapping.start <= memory.stackStart, mapping.end >= memory.stackStart { return "[stack]" }
    return ""
  }

  /// The first bytes of a mapping: through the process's page table, else from the page cache of its file.
  func head(of mapping: Mapping, count: Int) -> [UInt8]? {
    if let bytes = memory?.space.whole(mapping.start, count) { return bytes }
    guard let file = mapping.file, mapping.pageOffset == 0,
      let inode = snapshot.kernel.pointer(file, snapshot.paths.fileInode),
      let cached = snapshot.inodeReader.inode(at: inode)?.mapping
    else { return nil }
    return snapshot.headOfCachedFile(cached, count)
  }

  /// Where to look in the dump: the process's own structure.
  var locator: Locator {
    var locator = Locator()
    locator.pid = Int64(task.process)
    locator.virtual = task.address
    locator.physical = snapshot.kernel.space.physical(task.address)
    return locator
  }
}

/// Mappings that the kernel makes itself: `[vdso]`, `[vvar]`.
struct SpecialMappings {
  private let kernel: Kernel
  private let operations: UInt64?
  private let operationsMember: Member?
  private let privateData: Member?
  private let name: Member?

  init(_ kernel: Kernel) {
    self.kernel = kernel
    operations = kernel.symbols["special_mapping_vmops"]
    operationsMember = kernel.member("vm_area_struct", "vm_ops")
    privateData = kernel.member("vm_area_struct", "vm_private_data")
    name = kernel.member("vm_special_mapping", "name")
  }

  func name(_ mapping: Mapping) -> String? {
    guard let own = kernel.pointer(mapping.address, operationsMember) else { return nil }
    if let operations, own != operations { return nil }
    guard kernel.isInImage(own), let special = kernel.pointer(mapping.address, privateData),
      let text = kernel.string(special, name, limit: 32), text.hasPrefix("["), text.hasSuffix("]")
    else { return nil }
    return text
  }
}
