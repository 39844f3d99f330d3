import Bytes
import CLZ4
import Evidence

/// Objects of a systemd journal file, as systemd's JOURNAL_FILE_FORMAT describes them: a header of 16 bytes (type, flags,
/// size), aligned to eight.
struct JournalObject {
  enum Kind: UInt8 { case unused, data, field, entry, dataHashTable, fieldHashTable, entryArray, tag }

  static let headerSize = 16

  var kind: Kind
  var flags: UInt8
  /// With the header, without the padding behind.
  var byteCount: UInt64

  init?(_ view: ByteView) {
    // What is reserved is zero, which tells an object from the middle of another.
    guard view.count >= Self.headerSize, let kind = Kind(rawValue: view[0]), kind != .unused, view[1] & ~7 == 0,
      view.u16(2) == 0, view.u32(4) == 0, let size = view.u64(8), size >= 16, size < 1 << 40
    else { return nil }
    self.kind = kind
    flags = view[1]
    byteCount = size
  }

  /// With the padding behind.
  var span: UInt64 { (byteCount + 7) & ~7 }
}

/// The header of a journal file.
struct JournalHeader {
  /// The most of it that is looked at.
  static let byteCount = 272

  var headerSize: UInt64
  var arenaSize: UInt64
  /// Entries name their data by 32 bits.
  var isCompact: Bool
  /// Bits that no known version sets.
  var unknownFlags: UInt32

  init?(_ view: ByteView) {
    guard view.hasPrefix("LPKSHHRH"), let flags = view.u32(12), let size = view.u64(88), let arena = view.u64(96),
      (208...4096).contains(size)
    else { return nil }
    headerSize = size
    arenaSize = arena
    isCompact = flags & 16 != 0
    unknownFlags = flags & ~31
  }

  /// Where an object's payload begins.
  var dataPayload: Int { isCompact ? 72 : 64 }
  var entryItems: Int { 64 }
  var itemSize: Int { isCompact ? 4 : 16 }
}

/// The bytes of a data object, with its compression undone.
enum JournalPayload {
  /// The longest that is decoded; fields beyond it are cut.
  static let limit = 1 << 18

  /// - Returns: nil where it cannot be decoded.
  static func decoded(_ bytes: ByteView, flags: UInt8) -> [UInt8]? {
    switch flags & 7 {
    case 0: return bytes.slice(0, limit).array
    case 2: return lz4(bytes)
    case 1, 4: return stream(bytes)
    default: return nil
    }
  }

  /// Eight bytes of length, then a block of LZ4.
  private static func lz4(_ bytes: ByteView) -> [UInt8]? {
    guard let length = bytes.u64(0), length > 0, length <= 1 << 28, bytes.count > 8, bytes.count < 1 << 28 else {
      return nil
    }
    let wanted = Int(min(length, UInt64(limit)))
    let source = bytes.slice(8).unsafeBytes
    let made = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
      let found = LZ4_decompress_safe_partial(
        source.baseAddress?.assumingMemoryBound(to: CChar.self),
        UnsafeMutableRawPointer(buffer.baseAddress)?.assumingMemoryBound(to: CChar.self), Int32(clamping: source.count),
        Int32(clamping: wanted), Int32(clamping: wanted))
      count = max(0, min(Int(found), wanted))
    }
    return made.isEmpty ? nil : made
  }

  /// A whole stream of xz or zstd.
  private static func stream(_ bytes: ByteView) -> [UInt8]? {
    var made = [UInt8](repeating: 0, count: 1 << 16)
    var filled = 0
    guard let decoder = try? DecodedStream(MemoryStream(bytes.array)), !decoder.encodings.isEmpty else { return nil }
    while filled < limit {
      if filled == made.count { made += [UInt8](repeating: 0, count: filled) }
      let count = made.withUnsafeMutableBytes { buffer in
        (try? decoder.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))) ?? 0
      }
      if count <= 0 { break }
      filled += count
    }
    return filled == 0 ? nil : Array(made.prefix(filled))
  }
}
