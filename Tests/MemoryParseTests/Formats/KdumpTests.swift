import Bytes
import CSnappy
import CZlib
import CZstd
import Foundation
import MemoryParse
import TestSupport
import Testing

struct KdumpTests {
  /// The packings of makedumpfile: flag and packer.
  enum Packing: UInt32, CaseIterable {
    case plain = 0
    case zlib = 1
    case lzo = 2
    case snappy = 4
    case zstd = 0x20
  }

  /// - Parameter page: for LZO, which has no packer here, `text` or `zeros`.
  static func packed(_ page: [UInt8], _ packing: Packing) -> [UInt8] {
    var out = [UInt8](repeating: 0, count: 2 * page.count + 64)
    switch packing {
    case .plain: return page
    case .lzo: return page == LZOTests.text ? LZOTests.packedText : LZOTests.packedZeros
    case .zlib:
      var count = uLong(out.count)
      compress2(&out, &count, page, uLong(page.count), 1)
      return Array(out[0..<Int(count)])
    case .snappy:
      var count = out.count
      page.withUnsafeBytes { from in
        out.withUnsafeMutableBytes { into in
          if let from = from.baseAddress, let into = into.baseAddress {
            snappy_compress(
              from.assumingMemoryBound(to: CChar.self), page.count, into.assumingMemoryBound(to: CChar.self), &count)
          }
        }
      }
      return Array(out[0..<count])
    case .zstd:
      let count = ZSTD_compress(&out, out.count, page, page.count, 3)
      return Array(out[0..<count])
    }
  }

  static let text = LZOTests.text
  static let zeros = [UInt8](repeating: 0, count: 4096)

  func dump(_ packing: Packing) -> KdumpBuilder {
    var kdump = KdumpBuilder()
    for number in [1, 2, 3, 40, 63] {
      kdump.page(number, Self.packed(number == 2 ? Self.zeros : Self.text, packing), flags: packing.rawValue)
    }
    kdump.notes = ELFCoreBuilder.note("VMCOREINFO", type: 0, Array("PAGESIZE=4096\n".utf8))
    return kdump
  }

  @Test(arguments: Packing.allCases) func pagesOfEachPacking(_ packing: Packing) throws {
    let file = try mapped(dump(packing).bytes)
    let (image, report) = try MemoryImages.open(file)
    #expect(image.format == "kdump")
    #expect(report.version == "6")
    #expect(report.machine == "x86_64")
    #expect(report.compression == (packing == .plain ? nil : "\(packing)"))
    #expect(report.vmcoreinfo == Array("PAGESIZE=4096\n".utf8))
    #expect(image.runs.map { [$0.start / 4096, $0.end / 4096] } == [[1, 4], [40, 41], [63, 64]])
    #expect(bytes(image, 0x1000, 4096 * 3) == Self.text + Self.zeros + Self.text)
    #expect(bytes(image, 0x1F00, 0x200) == Array(Self.text[0xF00...]) + [UInt8](repeating: 0, count: 0x100))
    #expect(contents(image, 0xFFF, 1) == [nil])
    #expect(contents(image, UInt64(63 * 4096 + 4095), 2) == [Self.text.last, nil])
    #expect(report.damage.isEmpty && report.skipped.isEmpty)
    #expect((image as? any SelfCheckingImage)?.damageFound == [])
    expectWholeAccount(report, file.byteCount)
  }

  @Test func pagesOfSixtyFourKiB() throws {
    var kdump = KdumpBuilder()
    kdump.pageByteCount = 65536
    let page = noise(65536)
    kdump.page(5, page)
    let text = Array((0..<16).map { _ in Self.text }.joined())
    kdump.page(6, Self.packed(text, .zlib), flags: 1)
    let image = try MemoryImages.open(mapped(kdump.bytes)).0
    #expect(image.runs == [PhysicalRun(start: 5 * 65536, end: 7 * 65536, fileOffset: nil)])
    #expect(bytes(image, 5 * 65536, 2 * 65536) == page + text)
  }

  @Test func oneFileOfASplitDump() throws {
    var kdump = dump(.zlib)
    kdump.ownPages = 3..<64
    let image = try MemoryImages.open(mapped(kdump.bytes)).0
    #expect(image.runs.map { $0.start / 4096 } == [3, 40, 63])
    #expect(bytes(image, 40 * 4096, 4096) == Self.text)
    #expect(contents(image, 0x1000, 1) == [nil])
  }

  @Test func excludedPagesAreHolesAndSaidToBe() throws {
    var kdump = dump(.zlib)
    kdump.dumpLevel = 31
    let report = try MemoryImages.open(mapped(kdump.bytes)).1
    #expect(report.facts.contains { $0.name == "left out" && $0.value.contains("31") })
  }

  // MARK: Damage

  @Test func aCutDumpLosesItsLastPages() throws {
    let whole = dump(.plain).bytes
    let file = try mapped(Array(whole.dropLast(4096 + 100)))
    let (image, report) = try MemoryImages.open(file)
    #expect(image.runs.map { [$0.start / 4096, $0.end / 4096] } == [[1, 4]])
    #expect(report.damageText.contains("2 of 5 pages are missing"))
    expectWholeAccount(report, file.byteCount)
  }

  @Test func aDumpCutInItsDescriptors() throws {
    let kdump = dump(.plain)
    #expect(throws: MemoryImageError(.damaged, "")) {
      try MemoryImages.open(mapped(Array(kdump.bytes.prefix(kdump.descriptors + 20))))
    }
  }

  @Test(arguments: [Packing.zlib, .lzo, .snappy, .zstd]) func aBrokenPageIsMissing(_ packing: Packing) throws {
    var kdump = dump(packing)
    kdump.pages[0].packed.replaceSubrange(0..<20, with: [UInt8](repeating: 0xFF, count: 20))
    let image = try MemoryImages.open(mapped(kdump.bytes)).0
    #expect(contents(image, 0x1000, 1) == [nil])
    #expect(bytes(image, 0x2000, 8192) == Self.zeros + Self.text)
    #expect((image as? any SelfCheckingImage)?.damageFound == ["The page at 0x1000 cannot be decoded."])
  }

  @Test func aPageThatUnpacksToAnotherLengthIsMissing() throws {
    var kdump = KdumpBuilder()
    kdump.page(1, Self.packed(Self.zeros + Self.zeros, .zlib), flags: 1)
    kdump.page(2, Self.packed(Array(Self.zeros.dropLast()), .zlib), flags: 1)
    kdump.page(3, Self.zeros.dropLast(), flags: 0)
    kdump.page(4, Self.zeros)
    let image = try MemoryImages.open(mapped(kdump.bytes)).0
    for page in 1...3 { #expect(contents(image, UInt64(page) << 12, 1) == [nil]) }
    #expect(bytes(image, 0x4000, 4096) == Self.zeros)
  }

  @Test func headersThatLie() throws {
    let sound = dump(.zlib).bytes
    for (offset, values) in [
      (428, [0, 1, 4095, 0x8000_0000, UInt32.max]), (432, [0, 7, .max]), (436, [0, 1, .max]), (440, [0, .max]),
    ] {
      for value in values {
        var data = sound
        data.put(u32: value, at: offset)
        let file = try mapped(data)
        do throws(MemoryImageError) {
          let (_, report) = try MemoryImages.open(file)
          expectWholeAccount(report, file.byteCount)
        } catch {
          #expect(error.code == .damaged)
        }
      }
    }
    for offset in [32, 40, 48, 56, 64, 72, 80, 88, 96] {
      var data = sound
      data.put(u64: .max, at: 4096 + offset)
      data.put(u32: 1, at: 4096 + 12)
      let file = try mapped(data)
      do throws(MemoryImageError) {
        let (_, report) = try MemoryImages.open(file)
        expectWholeAccount(report, file.byteCount)
      } catch {
        #expect(error.code == .damaged)
      }
    }
  }

  @Test func aHeaderAlone() throws {
    for count in [8, 463, 464, 4096, 8192] {
      #expect(throws: MemoryImageError(.damaged, "")) {
        try MemoryImages.open(mapped(Array(dump(.zlib).bytes.prefix(count))))
      }
    }
  }
}
