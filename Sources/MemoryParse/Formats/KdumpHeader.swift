import Bytes

/// The headers of a kdump-compressed dump (makedumpfile, diskdump): what they say and where the rest lies.
///
/// In blocks of `block_size`: the main header; `sub_hdr_size` blocks of sub header; two bitmaps of a bit a page in
/// `bitmap_blocks` (pages that exist; pages that are in the dump); a descriptor of 24 bytes for each page in the dump,
/// `{u64 offset, u32 size, u32 flags, u64 page flags}`; the pages. Source: diskdump_mod.h of makedumpfile.
struct KdumpHeader {
  enum Compression {
    static let zlib: UInt32 = 1
    static let lzo: UInt32 = 2
    static let snappy: UInt32 = 4
    static let zstd: UInt32 = 0x20
  }

  static let descriptorByteCount: UInt64 = 24

  let version: Int
  let system: [String]
  let status: UInt32
  let pageByteCount: Int
  /// Offsets in the (ordered) file.
  let subHeader: UInt64
  let bitmaps: UInt64
  /// Of one of the two.
  let bitmapByteCount: UInt64
  let descriptors: UInt64
  /// Bits in a bitmap that mean a page.
  let pageCount: UInt64

  // Of the sub header; each since some version.
  let physicalBase: Int64
  let dumpLevel: Int
  /// Of one file of a split dump: the pages that are its own.
  let ownPages: Range<UInt64>?
  let vmcoreinfo: (offset: UInt64, count: UInt64)
  let notes: (offset: UInt64, count: UInt64)
  let eraseInfo: (offset: UInt64, count: UInt64)

  static func recognizes(_ head: ByteView) -> Bool { head.hasPrefix("KDUMP   ") }

  init(_ source: any RandomAccess) throws(MemoryImageError) {
    let main = source.bytes(at: 0, count: 464)
    guard main.count == 464, main.withView({ Self.recognizes($0) }) else {
      throw MemoryImageError(.damaged, "the file is too short for a kdump header")
    }
    version = Int(main.withView { $0.u32(8) } ?? 0)
    system = main.withView { view in
      (0..<6).map { index in
        let field = view.slice(12 + 65 * index, 12 + 65 * (index + 1))
        return field.slice(0, field.firstIndex(of: 0) ?? field.count).string
      }
    }
    func field(_ offset: Int) -> UInt64 { main.withView { UInt64($0.u32(offset) ?? 0) } }
    status = UInt32(field(424))
    let block = field(428)
    guard [4096, 8192, 16384, 32768, 65536].contains(block) else {
      throw MemoryImageError(.damaged, "the kdump header claims pages of \(block) bytes")
    }
    pageByteCount = Int(block)
    // All of these are 32-bit numbers, so none of the products and sums overflows.
    subHeader = block
    bitmaps = block * (1 + field(432))
    let bitmapBlocks = field(436)
    descriptors = bitmaps + block * bitmapBlocks
    bitmapByteCount = block * (bitmapBlocks / 2)

    let sub = source.bytes(at: subHeader, count: field(432) > 0 ? 104 : 0)
    func wide(_ offset: Int) -> UInt64 { sub.withView { $0.u64(offset) ?? 0 } }
    physicalBase = Int64(bitPattern: wide(0))
    dumpLevel = Int(sub.withView { $0.u32(8) ?? 0 })
    let split = sub.withView { $0.u32(12) ?? 0 } != 0
    let bounds = version >= 6 ? (wide(80), wide(88)) : (wide(16), wide(24))
    ownPages = split && version >= 2 && bounds.0 <= bounds.1 ? bounds.0..<bounds.1 : nil
    vmcoreinfo = version >= 3 ? (wide(32), wide(40)) : (0, 0)
    notes = version >= 4 ? (wide(48), wide(56)) : (0, 0)
    eraseInfo = version >= 5 ? (wide(64), wide(72)) : (0, 0)
    // max_mapnr of the main header has 32 bits; version 6 has one of 64.
    let claimed = version >= 6 ? wide(96) : field(440)
    pageCount = min(claimed, bitmapByteCount * 8, RunTable.addressLimit / block)
  }

  var compressions: String? {
    let known: [(UInt32, String)] = [
      (Compression.zlib, "zlib"), (Compression.lzo, "lzo"), (Compression.snappy, "snappy"), (Compression.zstd, "zstd"),
    ]
    let used = known.filter { status & $0.0 != 0 }.map(\.1)
    return used.isEmpty ? nil : used.joined(separator: ", ")
  }

  /// The writer could not finish (disk full): pages at the end are missing.
  var isIncomplete: Bool { status & 8 != 0 }
}
