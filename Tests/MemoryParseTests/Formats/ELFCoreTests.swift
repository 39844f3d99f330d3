import Bytes
import MemoryParse
import TestSupport
import Testing

struct ELFCoreTests {
  let memory = noise(4096 * 4)

  @Test func segmentsAndNotes() throws {
    var elf = ELFCoreBuilder()
    var cpu = [UInt8](repeating: 0, count: 440)
    cpu.put(u64: 0x27D_A000, at: 416)
    elf.note("CORE", type: 1, noise(336))
    elf.note("QEMU", type: 0, cpu)
    elf.note("VMCOREINFO", type: 0, Array("OSRELEASE=6.1.0\n".utf8))
    elf.segment(0, memory)
    elf.segment(0x1_0000_0000, memory)
    let file = try mapped(elf.bytes)
    let (image, report) = try MemoryImages.open(file)
    #expect(image.format == "elf-core")
    #expect(report.machine == "x86_64")
    #expect(image.runs.map(\.start) == [0, 0x1_0000_0000])
    #expect(bytes(image, 0x1_0000_1000, 4096) == Array(memory[4096..<8192]))
    #expect(report.notes.map(\.name) == ["CORE", "QEMU", "VMCOREINFO"])
    #expect(report.pageTableRoots == [0x27D_A000])
    #expect(report.vmcoreinfo == Array("OSRELEASE=6.1.0\n".utf8))
    if let note = report.notes.last { #expect(file.view(at: note.fileOffset, count: 9) == "OSRELEASE") }
    #expect(report.damage.isEmpty && report.skipped.isEmpty)
    expectWholeAccount(report, file.byteCount)
  }

  @Test func anotherMachineAndRAMThatBeginsElsewhere() throws {
    var elf = ELFCoreBuilder()
    elf.machine = 183
    elf.segment(0x4000_0000, memory, virtual: 0x4000_0000)
    let (image, report) = try MemoryImages.open(mapped(elf.bytes))
    #expect(report.machine == "aarch64")
    #expect(image.runs.first?.start == 0x4000_0000)
    #expect(report.pageTableRoots.isEmpty)
  }

  @Test func theCountOfSegmentsInTheFirstSection() throws {
    var elf = ELFCoreBuilder()
    elf.hasExtendedCount = true
    for index in 0..<5 { elf.segment(UInt64(index) << 20, Array(memory.prefix(4096))) }
    let file = try mapped(elf.bytes)
    let (image, report) = try MemoryImages.open(file)
    #expect(image.runs.count == 5)
    expectWholeAccount(report, file.byteCount)
  }

  @Test func adjacentSegmentsBecomeOneRun() throws {
    var elf = ELFCoreBuilder()
    elf.segment(0x1000, Array(memory.prefix(4096)))
    elf.segment(0x2000, Array(memory.suffix(4096)))
    let image = try MemoryImages.open(mapped(elf.bytes)).0
    #expect(image.runs.count == 1)
    #expect(bytes(image, 0x1000, 8192) == memory.prefix(4096) + memory.suffix(4096))
  }

  /// /proc/vmcore has the kernel's text a second time, with the addresses of the RAM it lies in.
  @Test func aSecondSegmentForTheSameAddresses() throws {
    var elf = ELFCoreBuilder()
    elf.segment(0x2000, Array(memory.prefix(4096)), virtual: 0xFFFF_FFFF_8100_0000)
    elf.segment(0x1000, memory, virtual: 0xFFFF_8880_0000_1000)
    let file = try mapped(elf.bytes)
    let (image, report) = try MemoryImages.open(file)
    #expect(image.runs.count == 1)
    #expect(bytes(image, 0x1000, memory.count) == memory)
    #expect(report.damage.isEmpty)
    #expect(report.skipped.map { $0.end - $0.start } == [4096])
    expectWholeAccount(report, file.byteCount)
  }

  // MARK: Damage

  @Test func aCutFile() throws {
    var elf = ELFCoreBuilder()
    elf.segment(0x1000, memory)
    elf.segment(0x10_0000, memory)
    let file = try mapped(Array(elf.bytes.dropLast(5000)))
    let (image, report) = try MemoryImages.open(file)
    #expect(image.runs.last?.byteCount == UInt64(memory.count - 5000))
    #expect(report.damageText.contains("segment at 0x100000: 5000 of its 16384 bytes are missing"))
    expectWholeAccount(report, file.byteCount)
  }

  @Test func segmentsThatLie() throws {
    var elf = ELFCoreBuilder()
    elf.segment(0x1000, memory)
    elf.segment(0x10_0000, [], claiming: .max, at: .max)
    elf.segment(0x20_0000, [], claiming: .max, at: 64)
    elf.segment(.max - 10, [], claiming: 4096, at: 64)
    elf.segment(.max, [], claiming: 4096, at: 64)
    elf.segment((1 << 56) - 1, [1, 2, 3])
    let file = try mapped(elf.bytes)
    let (image, report) = try MemoryImages.open(file)
    #expect(image.runs.allSatisfy { $0.end <= 1 << 56 })
    #expect(!report.damage.isEmpty)
    expectWholeAccount(report, file.byteCount)
  }

  /// Any amount of memory could be claimed by one stretch of the file.
  @Test func segmentsThatShareBytesOfTheFile() throws {
    var elf = ELFCoreBuilder()
    elf.segment(0, memory)
    let offset = UInt64(elf.bytes.count - memory.count + 56 * 100)
    for index in 1...100 { elf.segment(UInt64(index) << 30, [], claiming: UInt64(memory.count), at: offset) }
    let (image, report) = try MemoryImages.open(mapped(elf.bytes))
    #expect(image.byteCount == UInt64(memory.count))
    #expect(report.damageText.contains("100 ranges share bytes of the file"))
  }

  @Test func aTableOfSegmentsBehindTheEnd() throws {
    var data = ELFCoreBuilder().bytes
    data.put(u64: .max - 20, at: 32)
    #expect(throws: MemoryImageError(.damaged, "")) { try MemoryImages.open(mapped(data)) }
    var extended = ELFCoreBuilder()
    extended.hasExtendedCount = true
    var lying = extended.bytes
    lying.put(u64: .max, at: 40)
    #expect(throws: MemoryImageError(.damaged, "")) { try MemoryImages.open(mapped(lying)) }
  }

  @Test func notesThatLie() throws {
    for (name, count) in [(UInt32.max, UInt32(4)), (4, .max), (0, 0), (.max, .max)] {
      var elf = ELFCoreBuilder()
      elf.notes.append(u32: name)
      elf.notes.append(u32: count)
      elf.notes.append(u32: 1)
      elf.notes += noise(40)
      elf.segment(0x1000, memory)
      let (image, report) = try MemoryImages.open(mapped(elf.bytes))
      #expect(image.runs.count == 1)
      #expect(report.notes.isEmpty)
    }
  }

  @Test func thirtyTwoBitsAreNotSupported() throws {
    var elf = ELFCoreBuilder()
    elf.segment(0x1000, memory)
    var data = elf.bytes
    data[4] = 1
    #expect(throws: MemoryImageError(.unsupported, "")) { try MemoryImages.open(mapped(data)) }
  }

  // MARK: Recognition

  @Test func theCoreOfAProcessIsNoImage() {
    var elf = ELFCoreBuilder()
    elf.segment(0, memory, virtual: 0x5555_5555_0000)
    elf.segment(0, memory, virtual: 0x7FFF_FFFD_0000)
    elf.bytes.withView { view in
      #expect(MemoryImages.recognize(head: view.slice(0, 8192), byteCount: UInt64(view.count), name: "core") == nil)
    }
    elf.segments[1].physical = 0x1000
    elf.bytes.withView { view in
      let name = MemoryImages.recognize(head: view.slice(0, 8192), byteCount: UInt64(view.count), name: "core")
      #expect(name == "elf-core")
    }
  }

  @Test func anExecutableIsNoImage() {
    var data = ELFCoreBuilder().bytes
    data.put([2, 0], at: 16)
    data.withView { view in
      #expect(MemoryImages.recognize(head: view, byteCount: UInt64(view.count), name: "ls") == nil)
    }
  }
}
