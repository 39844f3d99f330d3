import Testing

@testable import MemoryParse

/// Writes the tables of kallsyms in each of their orders. Every token is the one character of its number.
struct KallsymsBuilder {
  enum Order { case a, b, c }
  var names: [String]
  var addresses: [UInt64]
  let base: UInt64 = 0xFFFF_FFFF_9A00_0000

  /// 20,000 symbols, as many as the search for markers needs.
  static let sample = KallsymsBuilder(
    names: (0..<20000).map { $0 == 300 ? "Dinit_task" : "tfunction_number_\($0)" },
    addresses: (0..<20000).map { 0xFFFF_FFFF_9A00_0000 + UInt64($0) * 16 })

  func write(_ order: Order, to image: SparseImage, at start: UInt64) -> UInt64 {
    var place = (start + 7) & ~7
    func put(_ bytes: [UInt8], align: UInt64 = 8) -> UInt64 {
      place = (place + align - 1) & ~(align - 1)
      let at = place
      image.write(at, bytes)
      place += UInt64(bytes.count)
      return at
    }
    var encoded: [UInt8] = []
    var markers: [UInt32] = []
    for (index, name) in names.enumerated() {
      if index % 256 == 0 { markers.append(UInt32(encoded.count)) }
      encoded += [UInt8(name.utf8.count)] + Array(name.utf8)
    }
    var tokens: [UInt8] = []
    var index: [UInt8] = []
    for token in 0..<256 {
      index += [UInt8(truncatingIfNeeded: tokens.count), UInt8(tokens.count >> 8)]
      tokens += (token == 0 ? [] : [UInt8(token)]) + [0]
    }
    let relative = addresses.flatMap { littleEndian32(UInt32(truncatingIfNeeded: $0 &- base)) }
    let perCPU = addresses.flatMap { littleEndian32(UInt32(truncatingIfNeeded: base &- 1 &- $0)) }
    if order == .a {
      _ = put(perCPU)
      _ = put(littleEndian(base))
    }
    _ = put(littleEndian32(UInt32(names.count)), align: order == .c ? 4 : 8)
    _ = put(encoded, align: order == .c ? 4 : 8)
    _ = put(markers.flatMap { littleEndian32($0) }, align: order == .c ? 4 : 8)
    let table = put(tokens, align: order == .c ? 4 : 8)
    _ = put(index, align: order == .c ? 4 : 8)
    if order == .b {
      _ = put(relative)
      _ = put(littleEndian(base))
    }
    if order == .c {
      place = (place + 3) & ~3
      let first = place
      // Physically the image lies at 0x100000, so that is what places come out as.
      let bytes = addresses.enumerated().flatMap { index, address in
        littleEndian32(UInt32(truncatingIfNeeded: (address &- base &+ 0x10_0000) &- (first + UInt64(4 * index))))
      }
      _ = put(bytes, align: 4)
    }
    return table
  }
}

@Suite struct KallsymsTests {
  @Test(arguments: [KallsymsBuilder.Order.a, .b, .c]) func findsEachOrder(_ order: KallsymsBuilder.Order) throws {
    let image = SparseImage()
    let sample = KallsymsBuilder.sample
    let table = sample.write(order, to: image, at: 0x40_0000)
    let memory = PhysicalMemory(image)
    let found = try #require(KallsymsSearch(memory: memory).tables(aroundDigitsAt: table + 2 * 0x30 - 1))
    #expect(found.place.tokenTable == table)
    #expect(found.kallsyms.names.count == 20000)
    #expect(found.kallsyms.names.lostCount == 0)
    let offset: UInt64 = order == .c ? sample.base &- 0x10_0000 : 0
    #expect(found.kallsyms["init_task"].map { $0 &+ offset } == sample.addresses[300])
    #expect(found.kallsyms["function_number_19999"].map { $0 &+ offset } == sample.addresses[19999])
    #expect(found.kallsyms["absent"] == nil)
    #expect(found.kallsyms.isPhysical == (order == .c))
    #expect(found.kallsyms.moved(by: offset)["init_task"] == sample.addresses[300] || order != .c)
  }

  @Test func losesOnlyTheBlockWithAHole() throws {
    let image = SparseImage()
    let table = KallsymsBuilder.sample.write(.b, to: image, at: 0x40_0000)
    let holed = TamperedImage(image) { $0 == 0x40_8000 }
    let found = try #require(
      KallsymsSearch(memory: PhysicalMemory(holed)).tables(aroundDigitsAt: table + 2 * 0x30 - 1))
    #expect((1...600).contains(found.kallsyms.names.lostCount))
    #expect(found.kallsyms["function_number_19000"] == KallsymsBuilder.sample.addresses[19000])
  }

  @Test func refusesDigitsThatAreNoTable() {
    let image = SparseImage()
    image.write(0x5000, KallsymsSearch.needle)
    #expect(KallsymsSearch(memory: PhysicalMemory(image)).tables(aroundDigitsAt: 0x5000) == nil)
    #expect(KallsymsSearch(memory: PhysicalMemory(image)).tables(aroundDigitsAt: 0x10) == nil)
  }

  @Test func refusesLyingCounts() {
    let image = SparseImage()
    let table = KallsymsBuilder.sample.write(.b, to: image, at: 0x40_0000)
    let search = KallsymsSearch(memory: PhysicalMemory(image))
    for count in [0, 4_000_001, Int(UInt32.max)] {
      let hint = KallsymsSearch.Hint(tokenTable: table, names: 0x40_0008, count: count, offsets: 0, relativeBase: 0)
      #expect(search.tables(at: hint) == nil)
    }
    let far = KallsymsSearch.Hint(tokenTable: table, names: table + 8, count: 20000, offsets: 0, relativeBase: 0)
    #expect(search.tables(at: far) == nil)
  }
}
