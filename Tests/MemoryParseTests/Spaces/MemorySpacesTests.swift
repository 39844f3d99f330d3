import Bytes
import Evidence
import Testing

@testable import MemoryParse

/// On the image of a real kernel, as it is and with a text written over the border of two pages.
@Suite(.enabled(if: SharedKernel.isThere, "the kernel images are not beside the project"), .serialized)
struct MemorySpacesTests {
  private func text(_ space: MemorySpace, _ piece: MemoryPiece) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: piece.byteCount) { buffer, count in
      space.read(piece.address, into: UnsafeMutableRawBufferPointer(buffer))
      count = piece.byteCount
    }
  }

  @Test func everyPageIsInOneSpace() throws {
    let image = try #require(SharedKernel.image)
    let spaces = MemorySpaces(image)
    #expect(spaces.failure == nil)
    var own: UInt64 = 0
    var owners: [MemorySpace.Owner] = []
    spaces.forEach(overlap: 4096) { space in
      owners.append(space.owner)
      own += space.pieces.reduce(0) { $0 + UInt64($1.own.count) }
    }
    let whole = image.runs.reduce(UInt64(0)) { $0 + $1.byteCount }
    #expect(owners.last == .rest)
    #expect(Set(owners).count == owners.count)
    #expect(owners.contains { if case .file = $0 { true } else { false } })
    // What lies between new pages comes along twice; a few hundredths at most.
    #expect(own >= whole && own < whole + whole / 20)
  }

  /// Two pages that follow each other in a process and not in the machine's memory.
  private func scattered(_ snapshot: Snapshot) throws -> (process: Process, virtual: UInt64, UInt64, UInt64) {
    for process in snapshot.processes {
      guard let memory = process.memory, !memory.heap.isEmpty else { continue }
      for virtual in stride(from: memory.heap.lowerBound, to: memory.heap.upperBound - 8192, by: 4096).prefix(4096) {
        let page = virtual & ~4095
        guard let first = memory.space.physical(page), let second = memory.space.physical(page + 4096),
          second != first + 4096
        else { continue }
        return (process, page, first, second)
      }
    }
    Issue.record("no process has two scattered pages")
    throw KernelSearch.Failure(sentence: "none")
  }

  @Test func aTextOverScatteredPagesIsWholeAndHasItsOwner() throws {
    let base = try #require(SharedKernel.image)
    let snapshot = Snapshot(try KernelSearch(memory: PhysicalMemory(base)).open())
    let (process, virtual, first, second) = try scattered(snapshot)
    let needle = Array("0123456789ABCDEF".utf8)
    let image = TamperedImage(base)
    image.write(first + 4088, u64: needle[0..<8].reversed().reduce(0) { $0 << 8 | UInt64($1) })
    image.write(second, u64: needle[8..<16].reversed().reduce(0) { $0 << 8 | UInt64($1) })
    var found: [Locator] = []
    MemorySpaces(image).forEach(overlap: 4096) { space in
      for piece in space.pieces {
        text(space, piece).withView { bytes in
          var from = 0
          while let place = needle.withView({ bytes.firstIndex(of: $0, from: from) }) {
            from = place + 1
            if piece.tells(place..<place + 16) { found.append(space.locator(piece.address + UInt64(place))) }
          }
        }
      }
    }
    #expect(found.count == 1)
    let place = try #require(found.first)
    #expect(place.pid == Int64(process.pid) && place.virtual == virtual + 4088 && place.physical == first + 4088)
    #expect(place.mapping == "[heap]")
    #expect(MemorySpaces(image).bytes(at: place, count: 16) == needle)
    var other = place
    other.physical = second
    #expect(MemorySpaces(image).bytes(at: other, count: 16) == nil)
  }

  @Test func restIsTheKernelsOrFree() throws {
    let image = try #require(SharedKernel.image)
    let kernel = try KernelSearch(memory: PhysicalMemory(image)).open()
    let task = try #require(kernel.space.physical(kernel.initTask))
    var rest: MemorySpace?
    let spaces = MemorySpaces(image)
    spaces.forEach(overlap: 0) { if $0.owner == .rest { rest = $0 } }
    let space = try #require(rest)
    let place = space.locator(task)
    #expect(place.mapping == "kernel" && place.virtual == kernel.initTask && place.pid == nil)
    var counts: [String: Int] = [:]
    for piece in space.pieces.prefix(5000) { counts[space.locator(piece.address).mapping ?? "", default: 0] += 1 }
    #expect(counts["unallocated", default: 0] > 0)
    #expect(counts["kernel", default: 0] > 0)
  }

  @Test func sharersOfALibraryAreMany() throws {
    let image = try #require(SharedKernel.image)
    let snapshot = Snapshot(try KernelSearch(memory: PhysicalMemory(image)).open())
    let process = try #require(snapshot.processes.first { $0.memory != nil && $0.pid > 1 })
    let library = try #require(process.mappings.first { process.name(of: $0).contains("/libc") })
    let memory = try #require(process.memory)
    let page = try #require(
      stride(from: library.start, to: library.end, by: 4096).lazy.compactMap { memory.space.physical($0) }.first)
    let spaces = MemorySpaces(image)
    #expect((spaces.sharers(of: [page])[page]?.count ?? 0) > 1)
    #expect(spaces.sharers(of: []).isEmpty)
    #expect(spaces.sharers(of: [.max])[.max & ~4095] == [])
  }
}

/// Without a kernel everything is one space, and nobody's.
struct MemoryWithoutKernelTests {
  @Test func isReadAllTheSame() {
    let image = SparseImage()
    image.write(0x1000, Array("some text".utf8))
    image.write(0x9000, [1])
    let spaces = MemorySpaces(image)
    #expect(spaces.failure?.isEmpty == false)
    var pieces: [MemoryPiece] = []
    spaces.forEach(overlap: 64) { space in
      #expect(space.owner == .rest)
      pieces += space.pieces
      let place = space.locator(0x1004)
      #expect(place.physical == 0x1004 && place.pid == nil && place.mapping == nil)
    }
    #expect(pieces.map(\.address) == [0x1000, 0x9000])
    #expect(spaces.bytes(at: .whole, count: 4) == nil)
  }
}
