import Bytes
import MemoryParse
import TestSupport
import Testing

struct NeedleScannerTests {
  struct Hit: Hashable {
    var needle: Int
    var place: UInt64
  }

  func hits(_ image: any MemoryImage, _ needles: [String]) -> [Hit] {
    var hits: [Hit] = []
    NeedleScanner.scan(image, needles: needles.map { Array($0.utf8) }) { needle, physical in
      hits.append(Hit(needle: needle, place: physical))
      return true
    }
    return hits
  }

  func memory(_ count: Int, _ texts: [Int: String]) -> [UInt8] {
    var memory = [UInt8](repeating: 0, count: count)
    for (place, text) in texts { memory.put(Array(text.utf8), at: place) }
    return memory
  }

  @Test func everyOccurrenceInOrderOfAddress() throws {
    var lime = LiMEBuilder()
    lime.range(0x10_0000, memory(5 << 20, [0: "needle", 1_048_573: "needle", 3_000_000: "hay", 5_242_874: "needle"]))
    lime.range(0x1000, memory(8192, [8189: "hay"]))
    let image = try MemoryImages.open(mapped(lime.bytes)).0
    #expect(
      hits(image, ["needle", "hay", "absent"]) == [
        Hit(needle: 1, place: 0x1000 + 8189), Hit(needle: 0, place: 0x10_0000),
        Hit(needle: 0, place: 0x10_0000 + 1_048_573), Hit(needle: 1, place: 0x10_0000 + 3_000_000),
        Hit(needle: 0, place: 0x10_0000 + 5_242_874),
      ])
  }

  @Test func acrossRunsThatFollowEachOther() throws {
    var lime = LiMEBuilder()
    lime.range(0x1000, memory(4096, [4093: "nee"]))
    lime.range(0x2000, memory(4096, [0: "dle", 4094: "ne"]))
    lime.range(0x4000, memory(4096, [0: "edle"]))
    let image = try MemoryImages.open(mapped(lime.bytes)).0
    // The second one is broken by a hole.
    #expect(hits(image, ["needle"]) == [Hit(needle: 0, place: 0x1000 + 4093)])
  }

  @Test func compressedImagesAndTheirMissingChunks() throws {
    var avml = AVMLBuilder()
    avml.block(0x1000, memory(200_000, [65533: "needle", 150_000: "needle"]))
    let sound = try MemoryImages.open(mapped(avml.bytes)).0
    #expect(hits(sound, ["needle"]).map(\.place) == [0x1000 + 65533, 0x1000 + 150_000])
    var data = avml.bytes
    data[avml.streams[0] + 10] = 0x55
    let broken = try MemoryImages.open(mapped(data)).0
    #expect(hits(broken, ["needle"]).map(\.place) == [0x1000 + 150_000])
  }

  @Test func theBodyCanStop() throws {
    var lime = LiMEBuilder()
    lime.range(0x1000, memory(8192, [0: "xx", 100: "xx", 5000: "xx"]))
    let image = try MemoryImages.open(mapped(lime.bytes)).0
    var count = 0
    let finished = NeedleScanner([Array("xx".utf8)]).scan(image) { _, _ in
      count += 1
      return count < 2
    }
    #expect(!finished && count == 2)
  }

  @Test func windowsCoverEachByteOnce() throws {
    var lime = LiMEBuilder()
    let first = noise(300_000, seed: 1)
    let second = noise(100_000, seed: 2)
    lime.range(0x1000, first)
    lime.range(0x1000 + 300_000, second)
    lime.range(0x100_0000, second)
    let image = try MemoryImages.open(mapped(lime.bytes)).0
    var seen: [UInt8] = []
    image.forEachWindow(byteCount: 65536, overlap: 99) { window in
      seen += window.bytes.slice(0, window.ownByteCount).array
      let own = bytes(image, window.physical, window.bytes.count)
      #expect(window.bytes.array == own)
      #expect(window.overlap <= 99)
      return true
    }
    #expect(seen == first + second + second)
  }

  @Test func windowsOfUnreasonableSizes() throws {
    var lime = LiMEBuilder()
    lime.range(0x1000, noise(10_000))
    let image = try MemoryImages.open(mapped(lime.bytes)).0
    for (size, overlap) in [(0, 0), (-5, -5), (.max, .max), (1, 1)] {
      var count = 0
      #expect(
        image.forEachWindow(byteCount: size, overlap: overlap) { window in
          count += window.ownByteCount
          return true
        })
      #expect(count == 10_000)
    }
  }
}
