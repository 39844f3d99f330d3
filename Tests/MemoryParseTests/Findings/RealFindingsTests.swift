import Bytes
import Evidence
import Testing

@testable import MemoryParse

/// Each sign of an attack, made by one edit of the image of a real kernel, and what comes near it without being one.
@Suite(.enabled(if: SharedKernel.isThere, "the kernel images are not beside the project"), .serialized)
struct RealFindingsTests {
  private let snapshot: Snapshot
  private let kernel: Kernel
  private let base: any MemoryImage

  init() throws {
    base = try #require(SharedKernel.image)
    kernel = try KernelSearch(memory: PhysicalMemory(base)).open()
    snapshot = Snapshot(kernel)
  }

  /// Findings of one rule.
  private func findings(_ image: any MemoryImage, _ rule: String) throws -> [Finding] {
    let sink = CollectingSink()
    let snapshot = Snapshot(try KernelSearch(memory: PhysicalMemory(image)).open())
    MemoryRules.check(snapshot, artifact: Digest(of: []), into: sink)
    return sink.findings.filter { $0.rule == "memory.\(rule)" }
  }

  private func about(_ findings: [Finding], _ process: Process) -> Finding? {
    findings.first { $0.message.contains("pid \(process.pid) ") || $0.message.contains("pid \(process.pid):") }
  }

  /// A process of the machine that nothing is wrong with.
  private func ordinary() throws -> Process {
    try #require(
      snapshot.processes.first { process in
        process.pid > 1 && Programs.isShell(process) && process.executable?.isDeleted == false
          && process.memory?.arguments.texts.isEmpty == false && (process.memory?.environment.pairs.count ?? 0) > 0
      })
  }

  @Test func aTracedProcess() throws {
    let victim = try ordinary()
    let image = TamperedImage(base)
    let flag = kernel.member("task_struct", "ptrace")
    try image.write(kernel, victim.task.address, flag, 1)
    #expect(about(try findings(image, "traced"), victim)?.severity == .medium)
    // PT_SEIZED and the like without PT_PTRACED is no tracing.
    try image.write(kernel, victim.task.address, flag, 2)
    #expect(about(try findings(image, "traced"), victim) == nil)
    #expect(about(try findings(base, "traced"), victim) == nil)
  }

  @Test func aProgramWhoseFileIsGone() throws {
    let victim = try ordinary()
    let file = try #require(victim.memory?.executable)
    let dentry = try #require(
      kernel.pointer(file, kernel.types.member("file", anyOf: "f_path.dentry", "__f_path.dentry")))
    let image = TamperedImage(base)
    try image.write(kernel, dentry, kernel.member("dentry", "d_hash.pprev"), 0)
    let finding = try #require(about(try findings(image, "deleted-executable"), victim))
    // A shell of the system replaced by an upgrade looks alike.
    #expect(finding.severity <= .medium)
    #expect(finding.message.contains("(deleted)"))
    #expect(about(try findings(base, "deleted-executable"), victim) == nil)
  }

  private func anonymous(_ process: Process) throws -> Mapping {
    try #require(
      process.mappings.first {
        $0.file == nil && process.name(of: $0).isEmpty && $0.isWritable && !$0.isExecutable
          && process.memory?.space.physical($0.start) != nil && $0.byteCount > 4 * kernel.pageSize
      })
  }

  @Test func aProgramImageInAnonymousMemory() throws {
    let victim = try #require(
      snapshot.processes.first { process in process.pid > 1 && process.memory != nil && (try? anonymous(process)) != nil
      })
    let mapping = try anonymous(victim)
    let place = try #require(victim.memory?.space.physical(mapping.start))
    let image = TamperedImage(base)
    image.write(place, u64: 0x0001_0102_464C_457F)
    // Bytes of a program that was read are no program.
    #expect(about(try findings(image, "elf-in-anonymous-memory"), victim) == nil)
    let flags = kernel.types.member("vm_area_struct", anyOf: "vm_flags", "flags")
    let old = try #require(kernel.value(mapping.address, flags))
    try image.write(kernel, mapping.address, flags, old | 4)
    #expect(about(try findings(image, "elf-in-anonymous-memory"), victim)?.severity == .high)
    let both = try #require(about(try findings(image, "writable-executable"), victim))
    #expect(both.severity == .low)
    #expect(about(try findings(base, "writable-executable"), victim) == nil)
  }

  /// The slot of a process's descriptor.
  private func slot(_ process: Process, _ descriptor: UInt64) throws -> UInt64 {
    let files = try #require(kernel.pointer(process.task.address, kernel.member("task_struct", "files")))
    let table = try #require(kernel.pointer(files, kernel.member("files_struct", "fdt")))
    return try #require(kernel.pointer(table, kernel.member("fdtable", "fd"))) + 8 * descriptor
  }

  @Test func aShellTiedToASocket() throws {
    let victim = try ordinary()
    let holder = try #require(
      snapshot.sockets.first { $0.socket.family == .inet && $0.socket.stateName == "ESTABLISHED" && $0.process != nil })
    let descriptor = try #require(holder.descriptor)
    let file = try #require(holder.process?.files.first { $0.descriptor == descriptor }).file
    let image = TamperedImage(base)
    try image.write(kernel, try slot(victim, 0), file)
    #expect(about(try findings(image, "shell-socket"), victim)?.severity == .medium)
    #expect(about(try findings(image, "reverse-shell"), victim) == nil)
    // To another machine, in both directions.
    try image.write(kernel, try slot(victim, 1), file)
    let remote = kernel.member("sock", "__sk_common.skc_daddr")
    try image.write(kernel, holder.socket.address, remote, 0x4200_71CB)
    #expect(about(try findings(image, "reverse-shell"), victim)?.severity == .critical)
    #expect(about(try findings(base, "shell-socket"), victim) == nil)
    #expect(try findings(base, "reverse-shell").isEmpty)
  }

  @Test func aUnixSocketIsNoShellOfAnybody() throws {
    let victim = try ordinary()
    let holder = try #require(snapshot.sockets.first { $0.socket.family == .unix && $0.process != nil })
    let descriptor = try #require(holder.descriptor)
    let file = try #require(holder.process?.files.first { $0.descriptor == descriptor }).file
    let image = TamperedImage(base)
    for number in UInt64(0)...2 { try image.write(kernel, try slot(victim, number), file) }
    #expect(about(try findings(image, "shell-socket"), victim) == nil)
    #expect(about(try findings(image, "reverse-shell"), victim) == nil)
  }

  @Test func aProcessInOtherNamespaces() throws {
    let victim = try ordinary()
    let home = try #require(snapshot.firstProcess?.namespaces)
    let other = try #require(
      snapshot.processes.first { ($0.namespaces?.network ?? home.network) != home.network && $0.task.memory != nil })
    let proxy = kernel.member("task_struct", "nsproxy")
    let image = TamperedImage(base)
    try image.write(kernel, victim.task.address, proxy, try #require(kernel.pointer(other.task.address, proxy)))
    let finding = try #require(about(try findings(image, "namespaces"), victim))
    #expect(finding.message.contains("net") && finding.severity == .medium)
    #expect(about(try findings(base, "namespaces"), victim) == nil)
  }

  @Test func rawAndPacketSockets() throws {
    let found = try findings(base, "raw-socket")
    #expect(found.contains { $0.message.hasPrefix("AF_PACKET") } && found.contains { $0.message.contains("type RAW") })
    #expect(found.allSatisfy { $0.severity <= .medium })
  }

  @Test func aNameThatIsNotThePrograms() throws {
    let victim = try ordinary()
    let comm = try #require(kernel.member("task_struct", "comm"))
    let image = TamperedImage(base)
    func rename(_ name: String) throws {
      let bytes = Array(name.utf8) + [UInt8](repeating: 0, count: 16 - name.utf8.count)
      for half in 0..<2 {
        let word = bytes[8 * half..<8 * half + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        try image.write(kernel, victim.task.address &+ UInt64(comm.offset + 8 * half), word)
      }
    }
    try rename("kworker/0:3")
    #expect(about(try findings(image, "masquerade"), victim)?.severity == .high)
    try rename("sshd")
    #expect(about(try findings(image, "masquerade"), victim)?.severity == .medium)
    try rename("worker")
    #expect(about(try findings(image, "masquerade"), victim) == nil)
  }

  @Test func anEditedListAloneIsNoOtherFinding() throws {
    let high = Set(
      try ["reverse-shell", "hidden-process", "hidden-module", "hidden-socket", "elf-in-anonymous-memory", "traced"]
        .flatMap { try findings(base, $0) }.filter { $0.severity >= .high }.map(\.rule))
    #expect(high.isEmpty)
  }
}
