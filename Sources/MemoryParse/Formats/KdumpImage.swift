import Bytes
import CSnappy
import CZlib
import CZstd

/// A kdump-compressed image, flattened or not, read where it lies: a page at a time, by the bitmap and its descriptor.
///
/// Keeps the counts of the bitmap (8 bytes for 4 MiB of memory) and at most 256 decoded pages. A page that cannot be
/// decoded is missing and told in `damageFound`.
final class KdumpImage: SelfCheckingImage {
  let format = "kdump"
  let runs: [PhysicalRun]
  private let header: KdumpHeader
  private let pages: KdumpPages
  private let source: FlattenedFile
  private let decoded = DecodedParts(capacity: 256)
  private let damage = DamageLog()

  init(_ header: KdumpHeader, _ pages: KdumpPages, _ source: FlattenedFile, held: [Range<UInt64>]) {
    self.header = header
    self.pages = pages
    self.source = source
    let size = UInt64(header.pageByteCount)
    runs = held.map { PhysicalRun(start: $0.lowerBound * size, end: $0.upperBound * size, fileOffset: nil) }
  }

  var damageFound: [String] { damage.sentences }

  func view(physical: UInt64, count: Int) -> ByteView? { nil }

  func read(physical: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let size = UInt64(header.pageByteCount)
    var done = 0
    while done < buffer.count {
      let (place, over) = physical.addingReportingOverflow(UInt64(done))
      if over { break }
      let within = Int(place % size)
      let wanted = min(Int(size) - within, buffer.count - done)
      let part = UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + wanted])
      guard read(page: place / size, from: within, into: part) else { break }
      done += wanted
    }
    return done
  }

  /// Reads a part of one page; false where the page is missing.
  private func read(page: UInt64, from within: Int, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
    guard let number = pages.descriptor(of: page) else { return false }
    let part: DecodedParts.Part
    if let known = decoded.find(page) {
      part = known
    } else if buffer.count == header.pageByteCount {
      return decode(page, number, into: buffer)
    } else {
      let made = DecodedParts.Part(capacity: header.pageByteCount) { whole in
        decode(page, number, into: whole) ? whole.count : 0
      }
      part = decoded.add(page, made)
    }
    guard part.count >= within + buffer.count else { return false }
    buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: part.bytes[within..<within + buffer.count]))
    return true
  }

  private func decode(_ page: UInt64, _ number: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
    guard let descriptor = KdumpDescriptor(source, header, number) else {
      note(page, "has no descriptor in the file")
      return false
    }
    let decoded = source.withBytes(at: descriptor.offset, count: descriptor.byteCount) { bytes in
      descriptor.decode(bytes, into: buffer) ? true : nil
    }
    if decoded == nil {
      note(page, descriptor.isWhole(in: source) ? "cannot be decoded" : "lies behind the end of the file")
    }
    return decoded ?? false
  }

  private func note(_ page: UInt64, _ what: String) {
    let physical = page * UInt64(header.pageByteCount)
    damage.note(at: physical) { "The page at \(hex(physical)) \(what)." }
  }
}

/// Where a page's bytes lie, and how they are packed.
struct KdumpDescriptor {
  var offset: UInt64
  var byteCount: Int
  var flags: UInt32

  /// The descriptor of a number; nil where the file ends before it.
  init?(_ source: FlattenedFile, _ header: KdumpHeader, _ number: UInt64) {
    let place = header.descriptors + number * KdumpHeader.descriptorByteCount
    let fields = source.withBytes(at: place, count: 16) { view in
      (view.u64(0) ?? 0, view.u32(8) ?? 0, view.u32(12) ?? 0)
    }
    guard let fields, fields.1 > 0, fields.1 <= header.pageByteCount else { return nil }
    offset = fields.0
    byteCount = Int(fields.1)
    flags = fields.2
  }

  func isWhole(in source: FlattenedFile) -> Bool {
    offset <= source.byteCount && UInt64(byteCount) <= source.byteCount - offset
  }

  /// Unpacks a page; true where it came to exactly the buffer's length.
  func decode(_ bytes: ByteView, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
    guard let from = bytes.unsafeBytes.baseAddress, let into = buffer.baseAddress else { return false }
    if flags & KdumpHeader.Compression.zlib != 0 {
      var count = uLong(buffer.count)
      let status = uncompress(
        into.assumingMemoryBound(to: UInt8.self), &count, from.assumingMemoryBound(to: UInt8.self),
        uLong(bytes.count))
      return status == Z_OK && count == uLong(buffer.count)
    }
    if flags & KdumpHeader.Compression.lzo != 0 { return LZO.decode(bytes, into: buffer) == buffer.count }
    if flags & KdumpHeader.Compression.snappy != 0 {
      var count = buffer.count
      let status = snappy_uncompress(
        from.assumingMemoryBound(to: CChar.self), bytes.count, into.assumingMemoryBound(to: CChar.self), &count)
      return status == SNAPPY_OK && count == buffer.count
    }
    if flags & KdumpHeader.Compression.zstd != 0 {
      return ZSTD_decompress(into, buffer.count, from, bytes.count) == buffer.count
    }
    guard bytes.count == buffer.count else { return false }
    buffer.copyMemory(from: bytes.unsafeBytes)
    return true
  }
}
