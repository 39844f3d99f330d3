import Bytes
import Evidence
import Testing

@testable import MemoryParse

struct TypeFileTests {
  /// An ELF file with sections, enough of it for a reader of sections.
  static func elf(_ sections: [(String, [UInt8])]) -> [UInt8] {
    var names: [UInt8] = [0]
    var places: [(name: Int, offset: Int, count: Int)] = []
    var body: [UInt8] = []
    for (name, content) in sections {
      places.append((names.count, 64 + body.count, content.count))
      names += Array(name.utf8) + [0]
      body += content
    }
    places.append((names.count, 64 + body.count, names.count + 10))
    names += Array(".shstrtab".utf8) + [0]
    body += names
    let table = 64 + body.count
    var file: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 57)
    file.replaceSubrange(40..<48, with: littleEndian(UInt64(table)))
    file[58] = 64
    file[60] = UInt8(places.count)
    file[62] = UInt8(places.count - 1)
    file += body
    for place in places {
      var header = [UInt8](repeating: 0, count: 64)
      header.replaceSubrange(0..<4, with: littleEndian32(UInt32(place.name)))
      header.replaceSubrange(24..<32, with: littleEndian(UInt64(place.offset)))
      header.replaceSubrange(32..<40, with: littleEndian(UInt64(place.count)))
      file += header
    }
    return file
  }

  private static func types(listHead: UInt32) -> [UInt8] {
    var builder = BTFBuilder()
    let long = builder.add(.int, "unsigned long", 8, [64])
    _ = builder.structure("list_head", size: listHead, [("next", long, 0), ("prev", long, 64)])
    for number in 0..<8 { _ = builder.structure("filler_\(number)", size: 8, [("a", long, 0)]) }
    return builder.blob
  }

  @Test func readsTypesAsTheyAreAndOutOfPrograms() throws {
    let blob = Self.types(listHead: 16)
    #expect(TypeFile(blob)?.types.size("list_head") == 16)
    #expect(TypeFile(blob)?.banner == nil)
    let text = Array("Linux version %s\0Linux version 6.1.0-x (a@b) #1 SMP\n\0".utf8)
    let file = try #require(TypeFile(Self.elf([(".rodata", text), (".BTF", blob)])))
    #expect(file.types.member("list_head", "prev")?.offset == 8)
    #expect(file.banner == "Linux version 6.1.0-x (a@b) #1 SMP")
  }

  @Test func takesNothingElse() {
    #expect(TypeFile([]) == nil)
    #expect(TypeFile(Array("{\"a\": 1}".utf8)) == nil)
    #expect(TypeFile(Self.elf([(".text", [1, 2, 3])])) == nil)
    #expect(TypeFile(Array(Self.elf([(".BTF", Self.types(listHead: 16))]).prefix(100))) == nil)
    #expect(TypeFile(Array(Self.types(listHead: 16).dropLast())) == nil)
    #expect(TypeFile([0x7F, 0x45, 0x4C, 0x46, 2, 1] + [UInt8](repeating: 0xFF, count: 90)) == nil)
  }

  @Test func readsSymbolFiles() throws {
    let banner = "TGludXggdmVyc2lvbiA2LjEuMCAjMQoA"
    let json = """
      {"base_types": {"int": {"size": 4}}, "user_types": {"pair": {"size": 16, "fields": {
      "a": {"offset": 4, "type": {"kind": "base", "name": "int"}}}}}, "enums": {},
      "symbols": {"linux_banner": {"address": 1, "constant_data": "\(banner)"}}}
      """
    let file = try #require(TypeFile(Array(json.utf8)))
    #expect(file.banner == "Linux version 6.1.0 #1")
    #expect(file.types.member("pair", "a") == Member(offset: 4, size: 4))
  }

  @Test func refusesTypesOfAnotherKernel() throws {
    let file = try #require(
      TypeFile(Self.elf([(".n", Array("Linux version 1 #1\0".utf8)), (".BTF", Self.types(listHead: 16))])))
    let match = TypeFileMatch(file: file)
    #expect(match.refusal(banner: "Linux version 1 #1\n") == nil)
    #expect(match.refusal(banner: "") == nil)
    let reason = try #require(match.refusal(banner: "Linux version 2 #1"))
    #expect(reason.contains("\"Linux version 1 #1\"") && reason.contains("\"Linux version 2 #1\""))
  }

  @Test func refusesBareTypesByWhatTheDumpSaysOfStructures() throws {
    let text =
      "OSRELEASE=6.1.0\nSYMBOL(swapper_pg_dir)=ffffffff80001000\nSIZE(list_head)=16\nOFFSET(list_head.next)=0\n"
      + "OFFSET(list_head.prev)=8\nSIZE(nodemask_t)=8\nOFFSET(nothing)=x\nOFFSET(.)=1\n"
    let info = try #require(Array(text.utf8).withView { VMCoreInfo($0) })
    let same = try #require(TypeFile(Self.types(listHead: 16)))
    #expect(TypeFileMatch(file: same).refusal(info) == nil)
    let other = try #require(TypeFile(Self.types(listHead: 24)))
    #expect(TypeFileMatch(file: other).refusal(info)?.contains("list_head has 24 bytes in the file, and 16") == true)
  }
}

/// On the image of a real kernel.
@Suite(.enabled(if: SharedKernel.isThere, "the kernel images are not beside the project"), .serialized)
struct RealTypeFileTests {
  private func rows(_ typeFile: [UInt8]?) throws -> (MemorySummary, [String: [[UInt8]]]) {
    let sink = CollectingSink()
    var options = MemoryAnalysis.Options(
      artifact: Digest(of: []), views: ["pslist", "lsof", "sockstat", "lsmod", "maps", "kmsg", "mountinfo"])
    options.typeFile = typeFile
    return (MemoryAnalysis.run(try #require(SharedKernel.image), options: options, into: sink), sink.rows)
  }

  @Test func ownSymbolFileShowsTheSame() throws {
    let image = try #require(SharedKernel.image)
    let json = try #require(MemoryAnalysis.symbolFile(of: image).json)
    let (summary, found) = try rows(json)
    #expect(summary.failures.isEmpty && summary.refusal == nil)
    #expect(found == (try rows(nil)).1)
  }

  @Test func ownTypesShowTheSame() throws {
    let image = try #require(SharedKernel.image)
    let kernel = try KernelSearch(memory: PhysicalMemory(image)).open()
    let blob = try #require(kernel.types as? BTF).withBlob { $0.array }
    let (summary, found) = try rows(TypeFileTests.elf([(".BTF", blob)]))
    #expect(summary.failures.isEmpty)
    #expect(found == (try rows(nil)).1)
  }

  @Test func refusesASymbolFileOfAnotherKernel() throws {
    let banner = "TGludXggdmVyc2lvbiA2LjEuMCAjMQoA"
    let json =
      "{\"user_types\": {\"list_head\": {\"size\": 16, \"fields\": {}}}, \"symbols\": {\"linux_banner\": "
      + "{\"constant_data\": \"\(banner)\"}}}"
    let (summary, found) = try rows(Array(json.utf8))
    let reason = try #require(summary.refusal)
    #expect(reason.contains("Linux version 6.1.0 #1") && reason.contains("Linux version 5.10.0-46-cloud-amd64"))
    #expect(found.isEmpty)
    #expect(try rows(Array("no types".utf8)).0.refusal?.contains("neither BTF") == true)
  }
}
