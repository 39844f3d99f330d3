/// Makes kdump-compressed dumps (header version 6). Pages are packed by the caller.
public struct KdumpBuilder {
  public struct Page {
    public var number: Int
    public var packed: [UInt8]
    /// 1 zlib, 2 LZO, 4 Snappy, 0x20 zstd, 0 as it is.
    public var flags: UInt32
  }

  public var pages: [Page] = []
  public var status: UInt32 = 0
  public var pageByteCount = 4096
  public var pageCount = 64
  public var dumpLevel: UInt32 = 0
  public var notes: [UInt8] = []
  /// Pages of a split dump that are this file's.
  public var ownPages: Range<Int>?

  public init() {}

  public mutating func page(_ number: Int, _ packed: [UInt8], flags: UInt32 = 0) {
    pages.append(Page(number: number, packed: packed, flags: flags))
    status |= flags
  }

  /// Where the table of descriptors begins.
  public var descriptors: Int { pageByteCount * 4 }

  public var bytes: [UInt8] {
    var file: [UInt8] = Array("KDUMP   ".utf8)
    file.put(u32: 6, at: 8)
    for (index, text) in ["Linux", "host", "6.1.0", "#1 SMP", "x86_64", "(none)"].enumerated() {
      file.put(Array(text.utf8), at: 12 + 65 * index)
    }
    file.put(u32: status, at: 424)
    file.put(u32: UInt32(pageByteCount), at: 428)
    file.put(u32: 1, at: 432)
    file.put(u32: 2, at: 436)
    file.put(u32: UInt32(pageCount), at: 440)
    let sub = pageByteCount
    file.put(u64: 0x1_0000_0000, at: sub)
    file.put(u32: dumpLevel, at: sub + 8)
    if let ownPages {
      file.put(u32: 1, at: sub + 12)
      file.put(u64: UInt64(ownPages.lowerBound), at: sub + 80)
      file.put(u64: UInt64(ownPages.upperBound), at: sub + 88)
    }
    file.put(u64: UInt64(sub + 104), at: sub + 48)
    file.put(u64: UInt64(notes.count), at: sub + 56)
    file.put(u64: UInt64(pageCount), at: sub + 96)
    file.put(notes, at: sub + 104)
    var bitmap = [UInt8](repeating: 0, count: pageByteCount)
    for page in pages { bitmap[page.number / 8] |= 1 << UInt8(page.number % 8) }
    file.put(bitmap, at: pageByteCount * 2)
    file.put(bitmap, at: pageByteCount * 3)
    let own = pages.filter { ownPages?.contains($0.number) ?? true }.sorted { $0.number < $1.number }
    var place = descriptors + 24 * own.count
    for (index, page) in own.enumerated() {
      let descriptor = descriptors + 24 * index
      file.put(u64: UInt64(place), at: descriptor)
      file.put(u32: UInt32(page.packed.count), at: descriptor + 8)
      file.put(u32: page.flags, at: descriptor + 12)
      file.put(u64: 0, at: descriptor + 16)
      place += page.packed.count
    }
    return own.reduce(file) { $0 + $1.packed }
  }
}

/// Writes a file as makedumpfile does to a pipe: in records, the order of which is the caller's.
public struct FlattenedBuilder {
  public var bytes: [UInt8]

  public init() {
    bytes = Array("makedumpfile".utf8)
    bytes.put([0, 0, 0, 0], at: 12)
    bytes.append(bigEndian: 1)
    bytes.append(bigEndian: 1)
    bytes.put([0], at: 4095)
  }

  public mutating func record(_ offset: Int, _ contents: [UInt8], claiming count: Int? = nil) {
    bytes.append(bigEndian: UInt64(offset))
    bytes.append(bigEndian: UInt64(count ?? contents.count))
    bytes += contents
  }

  public mutating func end() {
    bytes.append(bigEndian: .max)
    bytes.append(bigEndian: .max)
  }

  /// A whole file in records of a length, the second half first.
  public static func flatten(_ file: [UInt8], by step: Int) -> [UInt8] {
    var builder = FlattenedBuilder()
    let starts = Array(stride(from: 0, to: file.count, by: step))
    for start in starts.suffix(starts.count / 2) + starts.prefix(starts.count - starts.count / 2) {
      builder.record(start, Array(file[start..<min(start + step, file.count)]))
    }
    builder.end()
    return builder.bytes
  }
}
