import Bytes
import CPlatform
import Evidence
import Foundation

/// An object kept as the pages in which it differs from another one, and a list of where its bytes are found.
///
/// The file `….packed`: the object's own bytes; a table of extents, 16 bytes each (`u64` offset in the object, `u64` source);
/// a footer of 128 bytes. Numbers are little-endian. A source's two top bits say what it is (0 zeros, 1 own bytes, 2 bytes of
/// the base), the others its offset there. An extent reaches to where the next one begins. The base is always a plain object,
/// so a read is never more than one step away from bytes.
///
/// Footer: `IRPACK1\n`, object's length, offset of the table, number of extents (`u64` each), the base's SHA-256, the object's
/// SHA-256, CRC-32C of the table and of the 100 bytes before it (`u32` each), zeros.
struct PackedFooter: Hashable {
  static let magic: StaticString = "IRPACK1\n"
  static let byteCount = 128
  static let extentByteCount = 16

  var byteCount: UInt64
  var tableOffset: UInt64
  var extentCount: UInt64
  var base: Digest
  var digest: Digest
  var tableSum: UInt32

  var bytes: [UInt8] {
    var out = [UInt8]("IRPACK1\n".utf8)
    for number in [byteCount, tableOffset, extentCount] {
      out += withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }
    out += base.bytes + digest.bytes
    out += withUnsafeBytes(of: tableSum.littleEndian) { Array($0) }
    let sum = out.withUnsafeBytes { platform_crc32c($0.baseAddress, $0.count) }
    out += withUnsafeBytes(of: sum.littleEndian) { Array($0) }
    return out + [UInt8](repeating: 0, count: Self.byteCount - out.count)
  }

  init(byteCount: UInt64, tableOffset: UInt64, extentCount: UInt64, base: Digest, digest: Digest, tableSum: UInt32) {
    self.byteCount = byteCount
    self.tableOffset = tableOffset
    self.extentCount = extentCount
    self.base = base
    self.digest = digest
    self.tableSum = tableSum
  }

  /// - Parameter file: the whole file; nil where its end is no footer that fits it.
  init?(file: ByteView) {
    let footer = file.slice(file.count - Self.byteCount)
    guard footer.count == Self.byteCount, footer.hasPrefix(Self.magic), let byteCount = footer.u64(8),
      let tableOffset = footer.u64(16), let extentCount = footer.u64(24), let tableSum = footer.u32(96),
      footer.u32(100) == platform_crc32c(footer.unsafeBytes.baseAddress, 100),
      let base = Digest(bytes: footer.slice(32, 64).array), let digest = Digest(bytes: footer.slice(64, 96).array),
      byteCount <= UInt64(Int64.max), tableOffset <= UInt64(file.count), extentCount <= UInt64(file.count / 16),
      tableOffset + extentCount * 16 + UInt64(Self.byteCount) == UInt64(file.count)
    else { return nil }
    self.init(
      byteCount: byteCount, tableOffset: tableOffset, extentCount: extentCount, base: base, digest: digest,
      tableSum: tableSum)
  }
}

/// Where an extent's bytes are.
enum ExtentSource: Hashable {
  case zeros
  case own(UInt64)
  case base(UInt64)

  private static let mask: UInt64 = 1 << 62 - 1

  var code: UInt64 {
    switch self {
    case .zeros: 0
    case .own(let offset): 1 << 62 | offset & Self.mask
    case .base(let offset): 2 << 62 | offset & Self.mask
    }
  }

  init?(code: UInt64) {
    switch code >> 62 {
    case 0: self = .zeros
    case 1: self = .own(code & Self.mask)
    case 2: self = .base(code & Self.mask)
    default: return nil
    }
  }
}

/// A packed object, read at any place. Total on any file: what the list does not lead to cannot be read, and nothing else.
final class PackedObject: RandomAccess {
  let footer: PackedFooter
  private let file: MappedFile
  private let base: MappedFile

  var byteCount: UInt64 { footer.byteCount }

  /// - Throws: `integrity` where the file is no packed object.
  init(_ file: MappedFile, base: (Digest) throws(StoreError) -> MappedFile) throws(StoreError) {
    guard let footer = file.withView({ PackedFooter(file: $0) }) else {
      throw StoreError(.integrity, "its packed form is damaged: there is no footer that fits it")
    }
    self.footer = footer
    self.file = file
    do throws(StoreError) { self.base = try base(footer.base) } catch {
      throw StoreError(.integrity, "object \(footer.base.hex), which it shares pages with, is gone or unreadable")
    }
  }

  /// Whether the table is what was written. One pass over it.
  var isTableWhole: Bool {
    file.withView { view in
      let table = view.slice(Int(footer.tableOffset), Int(footer.tableOffset + footer.extentCount * 16))
      return platform_crc32c(table.unsafeBytes.baseAddress, table.count) == footer.tableSum
    }
  }

  func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    guard offset < byteCount, buffer.count > 0 else { return 0 }
    let wanted = Int(min(UInt64(buffer.count), byteCount - offset))
    return file.withView { view in
      var index = find(offset, in: view)
      var done = 0
      while done < wanted, let (start, source) = extent(index, in: view) {
        let here = offset + UInt64(done)
        let end = extent(index + 1, in: view)?.start ?? byteCount
        guard start <= here, here < end else { break }
        let count = min(wanted - done, Int(clamping: end - here))
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + count])
        guard fill(part, from: source, skipping: here - start, in: view) else { break }
        done += part.count
        index += 1
      }
      return done
    }
  }

  private func fill(
    _ part: UnsafeMutableRawBufferPointer, from source: ExtentSource, skipping skip: UInt64, in view: ByteView
  ) -> Bool {
    let bytes: ByteView
    switch source {
    case .zeros:
      part.initializeMemory(as: UInt8.self, repeating: 0)
      return true
    case .own(let offset):
      let start = Int(clamping: offset &+ skip)
      bytes = view.slice(start, min(start.addingReportingOverflow(part.count).partialValue, Int(footer.tableOffset)))
    case .base(let offset): bytes = base.view(at: offset &+ skip, count: part.count)
    }
    guard bytes.count == part.count else { return false }
    part.copyMemory(from: bytes.unsafeBytes)
    return true
  }

  private func extent(_ index: Int, in view: ByteView) -> (start: UInt64, source: ExtentSource)? {
    guard index >= 0, index < Int(footer.extentCount) else { return nil }
    let place = Int(footer.tableOffset) + index * PackedFooter.extentByteCount
    guard let start = view.u64(place), let source = view.u64(place + 8).flatMap(ExtentSource.init(code:)) else {
      return nil
    }
    return (start, source)
  }

  /// The last extent that begins at or before the offset.
  private func find(_ offset: UInt64, in view: ByteView) -> Int {
    let table = Int(footer.tableOffset)
    var low = 0
    var high = Int(footer.extentCount)
    while low < high {
      let middle = (low + high) / 2
      if view.u64(table + middle * PackedFooter.extentByteCount) ?? .max <= offset {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low - 1
  }
}
