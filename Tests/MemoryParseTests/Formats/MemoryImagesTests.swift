import Bytes
import MemoryParse
import TestSupport
import Testing

struct MemoryImagesTests {
  func name(_ bytes: [UInt8], _ file: String, _ byteCount: UInt64? = nil) -> String? {
    bytes.withView { MemoryImages.recognize(head: $0, byteCount: byteCount ?? UInt64($0.count), name: file) }
  }

  @Test func everyFormatByItsMagic() {
    var lime = LiMEBuilder()
    lime.range(0x1000, noise(64))
    var avml = AVMLBuilder()
    avml.block(0x1000, noise(64))
    var elf = ELFCoreBuilder()
    elf.segment(0x1000, noise(64))
    var kdump = KdumpBuilder()
    kdump.page(1, noise(4096))
    #expect(name(lime.bytes, "x") == "lime")
    #expect(name(avml.bytes, "x") == "avml")
    #expect(name(elf.bytes, "x") == "elf-core")
    #expect(name(kdump.bytes, "x") == "kdump")
    #expect(name(FlattenedBuilder.flatten(kdump.bytes, by: 8192), "x") == "elf-core")
    var flat = FlattenedBuilder()
    flat.record(0, Array(kdump.bytes.prefix(464)))
    #expect(name(flat.bytes, "x") == "kdump")
    #expect(name(Array(flat.bytes.prefix(4096)), "x") == "kdump")
  }

  @Test(arguments: ["memory.raw", "/a/b/host.mem", "vm.vmem", "x.PADDED", "ram.img", "memdump.bin", "host-mem.dd"])
  func bareMemoryByItsName(_ file: String) {
    #expect(name(noise(4096), file, 1 << 30) == "raw")
    // Not whole pages, too short.
    #expect(name(noise(4096), file, 1 << 30 | 1) == nil)
    #expect(name(noise(4096), file, 4096) == nil)
  }

  @Test(arguments: ["access.log", "disk.img", "sda.dd", "a.bin", "", ".", "/", "raw", "memory"])
  func otherNamesAreNotMemory(_ file: String) { #expect(name(noise(4096), file, 1 << 30) == nil) }

  @Test func aDiskIsNotMemory() {
    var disk = noise(4096)
    disk.put([0x55, 0xAA], at: 510)
    #expect(name(disk, "disk.raw", 1 << 30) == nil)
    disk = noise(4096)
    disk.put([0x53, 0xEF], at: 1024 + 56)
    #expect(name(disk, "ram.img", 1 << 30) == nil)
  }

  @Test func otherBytes() throws {
    #expect(name([], "x") == nil)
    #expect(name(Array("EMiL".utf8), "x") == nil)
    #expect(throws: MemoryImageError(.unrecognized, "")) { try MemoryImages.open(mapped(noise(10_000))) }
    #expect(throws: MemoryImageError(.unrecognized, "")) { try MemoryImages.open(mapped([])) }
    #expect(throws: MemoryImageError(.unsupported, "")) { try MemoryImages.open(mapped(noise(10)), as: "hibernation") }
  }

  /// The caller may have recognized the file wrongly, or trusted a name.
  @Test(arguments: ["lime", "avml", "elf-core", "kdump"]) func aFileOpenedAsWhatItIsNot(_ format: String) throws {
    for bytes in [noise(10_000), [], [0], Array("makedumpfile".utf8)] {
      #expect(throws: MemoryImageError.self) { try MemoryImages.open(mapped(bytes), as: format) }
    }
  }
}
