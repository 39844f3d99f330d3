import Testing

@testable import MemoryParse

/// Writes type information of a few structures.
struct BTFBuilder {
  private var types: [UInt8] = []
  private var strings: [UInt8] = [0]
  private(set) var count: UInt32 = 0

  mutating func name(_ text: String) -> UInt32 {
    if text.isEmpty { return 0 }
    defer { strings += Array(text.utf8) + [0] }
    return UInt32(strings.count)
  }

  @discardableResult
  mutating func add(
    _ kind: BTF.Kind, _ name: String, count vlen: Int = 0, flag: Bool = false, _ size: UInt32, _ extra: [UInt32] = []
  )
    -> UInt32
  {
    let offset = self.name(name)
    types += littleEndian32(offset)
    types += littleEndian32(UInt32(vlen) | UInt32(kind.rawValue) << 24 | (flag ? 1 << 31 : 0))
    types += littleEndian32(size)
    for word in extra { types += littleEndian32(word) }
    count += 1
    return count
  }

  mutating func structure(
    _ name: String, size: UInt32, kind: BTF.Kind = .structure, flag: Bool = false, _ members: [(String, UInt32, UInt32)]
  ) -> UInt32 {
    let extra = members.flatMap { [self.name($0.0), $0.1, $0.2] }
    return add(kind, name, count: members.count, flag: flag, size, extra)
  }

  var blob: [UInt8] { blob(typeLength: UInt32(types.count), stringLength: UInt32(strings.count)) }

  func blob(typeLength: UInt32, stringLength: UInt32) -> [UInt8] {
    var bytes: [UInt8] = [0x9F, 0xEB, 1, 0]
    for word in [24, 0, typeLength, typeLength, stringLength] as [UInt32] { bytes += littleEndian32(word) }
    return bytes + types + strings
  }
}

@Suite struct BTFTests {
  private func sample() -> BTFBuilder {
    var builder = BTFBuilder()
    let int = builder.add(.int, "unsigned int", 4, [32])
    let long = builder.add(.int, "unsigned long", 8, [64])
    let alias = builder.add(.typedef, "u64", long)
    let array = builder.add(.array, "", 0, [alias, int, 3])
    let inner = builder.structure("", size: 8, kind: .union, [("low", int, 0), ("whole", alias, 0)])
    _ = builder.structure(
      "outer", size: 48, flag: true,
      [("first", int, 0), ("", inner, 64), ("table", array, 128), ("bits", int, 5 << 24 | 327)])
    _ = builder.add(.enumeration, "colours", count: 2, 4, [builder.name("red"), 1, builder.name("green"), 0xFFFF_FFFE])
    return builder
  }

  @Test func looksThroughAnonymousMembersAndTypedefs() throws {
    let types = try #require(BTF(sample().blob))
    #expect(types.size("outer") == 48)
    #expect(types.member("outer", "whole") == Member(offset: 8, size: 8))
    #expect(types.member("outer", "table[2]") == Member(offset: 32, size: 8))
    #expect(types.member("outer", "table") == Member(offset: 16, size: 24, elementCount: 3, elementSize: 8))
    #expect(types.member("outer", "bits") == Member(offset: 40, size: 4, bitOffset: 7, bitCount: 5))
    #expect(types.enumerator("green") == -2)
  }

  @Test func hasNothingForWhatIsNotThere() throws {
    let types = try #require(BTF(sample().blob))
    #expect(types.member("outer", "absent") == nil)
    #expect(types.member("nobody", "first") == nil)
    #expect(types.member("outer", "first.deeper") == nil)
    #expect(types.member("outer", "first[1]") == nil)
    #expect(types.enumerator("blue") == nil)
  }

  @Test func endsOnCyclesOfTypedefsAndOfStructures() throws {
    var builder = BTFBuilder()
    builder.add(.typedef, "a", 2)
    builder.add(.typedef, "b", 1)
    _ = builder.structure("loop", size: 8, [("", 3, 0), ("x", 1, 0)])
    for _ in 0..<4 { builder.add(.int, "padding of the section", 4, [32]) }
    let types = try #require(BTF(builder.blob))
    #expect(types.member("loop", "y") == nil)
    #expect(types.member("loop", "x")?.size == 0)
  }

  @Test func refusesLyingSizes() {
    let builder = sample()
    #expect(BTF(builder.blob(typeLength: 0xFFFF_FFF0, stringLength: 100)) == nil)
    #expect(BTF(builder.blob(typeLength: 4096, stringLength: 4096)) == nil)
    #expect(BTF([]) == nil)
    #expect(BTF(Array(builder.blob.prefix(60))) == nil)
  }

  @Test func keepsTheTypesBeforeAnUnknownKind() throws {
    var builder = sample()
    let blob = builder.blob
    _ = blob
    _ = builder.add(BTF.Kind.enumeration64, "later", count: 0, 8)
    var bytes = builder.blob
    // The last record gets a kind that no kernel has yet.
    let last = 24 + Int(builder.blob.withView { $0.u32(12) } ?? 0) - 12
    bytes[last + 7] = 0x1F
    let types = try #require(BTF(bytes))
    #expect(types.unreadBytes == 12)
    #expect(types.member("outer", "first") != nil)
  }
}
