import Bytes
import Evidence
import Testing

@testable import MemoryParse

/// The image of a real kernel, edited as rootkits and damage edit it.
@Suite(.enabled(if: SharedKernel.isThere, "the kernel images are not beside the project"), .serialized)
struct TamperedKernelTests {
  private func run(_ image: any MemoryImage, views: [String]? = nil) -> (MemorySummary, CollectingSink) {
    let sink = CollectingSink()
    return (MemoryAnalysis.run(image, options: .init(artifact: Digest(of: []), views: views), into: sink), sink)
  }

  private func open(_ image: any MemoryImage) throws -> Snapshot {
    Snapshot(try KernelSearch(memory: PhysicalMemory(image)).open())
  }

  /// Makes the pid's number lead nowhere: the slot of the XArray that points to it.
  private func unnumber(_ image: TamperedImage, _ kernel: Kernel, _ pid: UInt64) throws {
    let slots = try #require(kernel.member("xa_node", "slots"))
    let space = try #require(kernel.symbols["init_pid_ns"])
    let head = try #require(kernel.value(space, kernel.member("pid_namespace", "idr.idr_rt.xa_head")))
    var nodes = [head]
    while let node = nodes.popLast() {
      for index in 0..<64 {
        let slot = node &- 2 &+ UInt64(slots.offset + 8 * index)
        guard let entry = kernel.space.u64(slot) else { continue }
        if entry == pid { try image.write(kernel, slot, 0) }
        if entry & 3 == 2, entry > 4096 { nodes.append(entry) }
      }
    }
  }

  @Test func showsAProcessTakenOutOfTheList() throws {
    let base = try #require(SharedKernel.image)
    let snapshot = try open(base)
    let victim = try #require(snapshot.processes.first { $0.task.name == "webworker" })
    let image = TamperedImage(base)
    try image.unlink(snapshot.kernel, victim.task.address + UInt64(try #require(snapshot.taskReader.tasks?.offset)))
    let (_, sink) = run(image)
    #expect(sink.rows["pslist"]?.count == 60)
    let finding = try #require(sink.findings.first { $0.rule == "memory.hidden-process" })
    #expect(finding.severity == .high)
    #expect(finding.message.contains("pid \(victim.pid) "))
  }

  @Test func showsAProcessTakenOutOfListTreeAndNumbers() throws {
    let base = try #require(SharedKernel.image)
    let snapshot = try open(base)
    let kernel = snapshot.kernel
    let victim = try #require(snapshot.processes.first { $0.task.name == "webworker" })
    let address = victim.task.address
    let image = TamperedImage(base)
    try image.unlink(kernel, address + UInt64(try #require(snapshot.taskReader.tasks?.offset)))
    try image.unlink(kernel, address + UInt64(try #require(snapshot.taskReader.sibling?.offset)))
    try unnumber(image, kernel, try #require(kernel.pointer(address, snapshot.taskReader.threadPid)))
    let (_, sink) = run(image)
    #expect(sink.rows["pslist"]?.count == 60)
    let row = try #require(sink.rows["pslist"]?.first { column("PID", $0) == "\(victim.pid)" })
    #expect(column("Sources", row) == "[\"slab\",\"memory\"]")
    let finding = try #require(sink.findings.first { $0.rule == "memory.hidden-process" })
    #expect(finding.message.contains("pid \(victim.pid) ") && finding.message.contains("slab, memory"))
  }

  @Test func saysOfEveryProcessWhereItWasSeen() throws {
    let (_, sink) = run(try #require(SharedKernel.image), views: ["pslist", "psscan"])
    for row in sink.rows["pslist"] ?? [] {
      for source in ["list", "list-backward", "pid-idr", "tree", "slab", "memory"] {
        #expect(column("Sources", row).contains("\"\(source)\""), "\(column("COMM", row)): \(source)")
      }
    }
    // Ended processes are in the search of memory alone.
    let ended = (sink.rows["psscan"] ?? []).filter { column("EXIT_STATE", $0) == "EXIT_DEAD" }
    #expect(!ended.isEmpty)
    #expect(ended.allSatisfy { !column("Sources", $0).contains("list") })
  }

  @Test func endsOnAListThatRunsInACircle() throws {
    let base = try #require(SharedKernel.image)
    let snapshot = try open(base)
    let tasks = UInt64(try #require(snapshot.taskReader.tasks?.offset))
    let image = TamperedImage(base)
    try image.write(
      snapshot.kernel, snapshot.processes[20].task.address + tasks, snapshot.processes[5].task.address + tasks)
    let (_, sink) = run(image)
    #expect(sink.rows["pslist"]?.count == 60)
    // A torn list proves nothing against what is not in it.
    #expect(!sink.findings.contains { $0.rule == "memory.hidden-process" })
  }

  @Test func endsOnALinkToItself() throws {
    let base = try #require(SharedKernel.image)
    let snapshot = try open(base)
    let tasks = UInt64(try #require(snapshot.taskReader.tasks?.offset))
    let image = TamperedImage(base)
    let link = snapshot.processes[20].task.address + tasks
    try image.write(snapshot.kernel, link, link)
    try image.write(snapshot.kernel, link + 8, link)
    #expect(run(image, views: ["pslist"]).1.rows["pslist"]?.count == 60)
  }

  @Test func showsAModuleTakenOutOfListAndSysfs() throws {
    let base = try #require(SharedKernel.image)
    let kernel = try open(base).kernel
    let module = try #require(ModuleReader(kernel).modules().modules.first)
    let image = TamperedImage(base)
    try image.unlink(kernel, module.address + (try #require(kernel.types.offset("module", "list"))))
    let inList = run(image)
    #expect(inList.1.rows["lsmod"]?.count == 4)
    let row = try #require(inList.1.rows["lsmod"]?.first { column("Module Name", $0) == module.name })
    #expect(column("Sources", row) == "[\"sysfs\",\"memory\"]")
    try image.unlink(kernel, module.address + (try #require(kernel.types.offset("module", "mkobj.kobj.entry"))))
    let (_, sink) = run(image)
    let last = try #require(sink.rows["lsmod"]?.first { column("Module Name", $0) == module.name })
    #expect(column("Sources", last) == "[\"memory\"]")
    #expect(sink.findings.contains { $0.rule == "memory.hidden-module" && $0.message.contains(module.name) })
  }

  @Test func showsAListenerTakenOutOfItsTable() throws {
    let base = try #require(SharedKernel.image)
    let snapshot = try open(base)
    let kernel = snapshot.kernel
    let held = try #require(
      snapshot.sockets.first { $0.socket.stateName == "LISTEN" && $0.process != nil && $0.socket.proto == 6 })
    let member = kernel.member("inet_connection_sock", "icsk_listen_portaddr_node")
    let link = held.socket.address + UInt64(try #require(member).offset)
    let image = TamperedImage(base)
    let next = try #require(kernel.space.u64(link))
    try image.write(kernel, try #require(kernel.space.u64(link + 8)), next)
    if next & 1 == 0, next != 0 { try image.write(kernel, next + 8, try #require(kernel.space.u64(link + 8))) }
    let (_, sink) = run(image)
    let finding = try #require(sink.findings.first { $0.rule == "memory.hidden-socket" })
    #expect(finding.message.contains(try #require(held.socket.local).text))
    let row = try #require(
      sink.rows["sockstat"]?.first { column("Sock Offset", $0) == "\(held.socket.address)" })
    #expect(column("Sources", row) == "[\"fd\"]")
    #expect(!run(base).1.findings.contains { $0.rule == "memory.hidden-socket" })
  }

  @Test(arguments: [1, 5, 20]) func showsWhatCanBeHadWithPagesLost(_ percent: UInt64) throws {
    let base = try #require(SharedKernel.image)
    let kernel = try open(base).kernel
    let start = kernel.placement.physical(try #require(kernel.symbols["_text"]))
    let end = kernel.placement.physical(try #require(kernel.symbols["_end"]))
    let image = TamperedImage(base) { page in
      !(start..<end).contains(page) && (page >> 12 &* 0x9E37_79B9_7F4A_7C15) >> 32 % 100 < percent
    }
    let (summary, sink) = run(image)
    #expect((sink.rows["pslist"]?.count ?? 0) >= [1: 57, 5: 50, 20: 30][percent] ?? 0)
    #expect(sink.rows["kmsg"]?.isEmpty == false)
    #expect(summary.missingReads > 0)
    // Loss is no sign of an attack.
    let high = sink.findings.filter { $0.rule.hasPrefix("memory.hidden") && $0.severity >= .high }
    #expect(high.isEmpty, "\(high.map(\.message))")
  }

  /// Lengths in the kernel's own tables are as hostile as any: what they make unreadable is said, and nothing else happens.
  @Test(arguments: [0, 1, 0x40, 0xFFFF_FFFF, 0x7FFF_FFFF] as [UInt64]) func outlivesTypesThatLie(_ length: UInt64)
    throws
  {
    let base = try #require(SharedKernel.image)
    let kernel = try open(base).kernel
    let header = try #require(kernel.symbols["__start_BTF"])
    let image = TamperedImage(base)
    // type_len, then str_off and str_len.
    let types = try #require(kernel.space.u64(header + 8))
    try image.write(kernel, header + 8, types & 0xFFFF_FFFF | length << 32)
    let (first, sink) = run(image, views: ["pslist"])
    #expect(first.failures.count == 1 || sink.rows["pslist"]?.count == 60)
    try image.write(kernel, header + 8, types)
    try image.write(kernel, header + 16, length | length << 32)
    let (second, other) = run(image, views: ["pslist"])
    #expect(second.failures.count == 1 || other.rows["pslist"]?.count == 60)
    #expect(
      (first.failures + second.failures).allSatisfy { $0.contains("no type information") || $0.contains("init_task") })
  }

  @Test(arguments: [0, 1, 0x100, 0x7FFF_FFFF, 0xFFFF_FFFF] as [UInt64]) func outlivesSymbolsThatLie(
    _ count: UInt64
  ) throws {
    let base = try #require(SharedKernel.image)
    let memory = PhysicalMemory(base)
    let kernel = try KernelSearch(memory: memory).open()
    let names = try #require(kernel.symbols.kallsyms).names
    // The number of symbols stands before the names in this kernel's order of tables.
    var places: [UInt64] = []
    let wanted = littleEndian32(UInt32(names.count)) + [0, 0, 0, 0]
    NeedleSearch(image: base).forEach([wanted]) { _, physical in
      if physical & 7 == 0 { places.append(physical) }
      return places.count < 16
    }
    #expect(!places.isEmpty)
    let image = TamperedImage(base)
    for place in places { image.write(place, u64: count) }
    let (summary, sink) = run(image, views: ["pslist", "lsmod"])
    // Without symbols init_task tells itself, and everything hangs on it.
    #expect(sink.rows["pslist"]?.count == 60, "\(summary.failures)")
    #expect(sink.rows["lsmod"]?.count == 4)
  }

  @Test func saysWhatWasMissingOfAKernelWithoutTypes() throws {
    let base = try #require(SharedKernel.image)
    var copies: [UInt64] = []
    NeedleSearch(image: base).forEach([BTF.needle]) { _, physical in
      copies.append(physical & ~7)
      return true
    }
    let image = TamperedImage(base)
    for copy in copies { image.write(copy, u64: 0) }
    let (summary, sink) = run(image)
    #expect(summary.failures.count == 1)
    #expect(summary.failures.first?.contains("no type information (BTF)") == true)
    #expect(summary.failures.first?.contains("5.10.0-46-cloud-amd64") == true)
    #expect(sink.rows.isEmpty && sink.findings.isEmpty)
    // The search for bytes needs no kernel.
    var hits = 0
    NeedleScanner.scan(image, needles: [Array("OSRELEASE=".utf8)]) { _, _ in
      hits += 1
      return true
    }
    #expect(hits >= 2)
  }
}
