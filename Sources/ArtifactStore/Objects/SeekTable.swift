import Bytes
import CZstd

/// Where the frames of a compressed object lie: zstd's seekable format, version 0.1.0.
///
/// Frames that can be decoded each by itself, then a skippable frame, which every zstd decoder passes over: magic 0x184D2A5E, its
/// size, for each frame the bytes that it takes and the bytes that it gives, and a footer of the number of frames, a byte of flags
/// (0x80: each entry has a checksum besides) and magic 0x8F92EAB1. Numbers are `u32`, little-endian
/// (zstd, contrib/seekable_format/zstd_seekable_compression_format.md).
struct SeekTable {
  /// Bytes that one frame gives at most: what a reader must hold.
  static let mostUnpacked = 1 << 20

  private static let skippable: UInt32 = 0x184D_2A5E
  private static let magic: UInt32 = 0x8F92_EAB1
  private static let footerCount = 9
  private static let headCount = 8

  /// Where each frame begins, in the file and in the object, and where the last one ends.
  private var offsets: [UInt64] = [0]
  private var starts: [UInt64] = [0]

  init() {}

  /// - Parameter file: the whole file; nil where its end is no table that fits it.
  init?(file: ByteView) {
    let footer = file.slice(file.count - Self.footerCount)
    guard footer.count == Self.footerCount, footer.u32(5) == Self.magic, let count = footer.u32(0),
      footer[4] & 0x7C == 0
    else { return nil }
    let entry = footer[4] & 0x80 == 0 ? 8 : 12
    let length = Int(count) * entry + Self.footerCount
    let table = file.slice(max(file.count - length - Self.headCount, 0))
    guard table.count == length + Self.headCount, table.u32(0) == Self.skippable,
      table.u32(4) == UInt32(clamping: length)
    else { return nil }
    offsets.reserveCapacity(Int(count) + 1)
    starts.reserveCapacity(Int(count) + 1)
    for index in 0..<Int(count) {
      guard let packed = table.u32(Self.headCount + index * entry),
        let unpacked = table.u32(Self.headCount + index * entry + 4), unpacked <= UInt32(Self.mostUnpacked)
      else { return nil }
      add(packed: Int(packed), unpacked: Int(unpacked))
    }
    guard offsets.last == UInt64(file.count - table.count) else { return nil }
  }

  mutating func add(packed: Int, unpacked: Int) {
    offsets.append((offsets.last ?? 0) + UInt64(packed))
    starts.append((starts.last ?? 0) + UInt64(unpacked))
  }

  /// Of the object.
  var byteCount: UInt64 { starts.last ?? 0 }
  var count: Int { starts.count - 1 }

  /// - Parameter index: below `count`.
  subscript(_ index: Int) -> (offset: UInt64, packed: Int, unpacked: Int) {
    (offsets[index], Int(offsets[index + 1] - offsets[index]), Int(starts[index + 1] - starts[index]))
  }

  /// Where in the object a frame begins; its length for what is behind the last.
  func start(of index: Int) -> UInt64 { starts[min(max(index, 0), count)] }

  /// The frame that a place of the object lies in; `count` for what is behind its end.
  func frame(holding place: UInt64) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if starts[middle + 1] <= place { low = middle + 1 } else { high = middle }
    }
    return low
  }

  var bytes: [UInt8] {
    var out: [UInt8] = []
    func add(_ number: Int) { withUnsafeBytes(of: UInt32(clamping: number).littleEndian) { out += $0 } }
    add(Int(Self.skippable))
    add(count * 8 + Self.footerCount)
    for index in 0..<count {
      add(self[index].packed)
      add(self[index].unpacked)
    }
    add(count)
    out.append(0)
    add(Int(Self.magic))
    return out
  }
}

/// Makes frames, and the table of them.
final class FrameWriter {
  private let state: OpaquePointer
  private let buffer: UnsafeMutableRawBufferPointer
  private var seekTable = SeekTable()

  init(level: Int32) throws(StoreError) {
    guard let state = ZSTD_createCCtx() else { throw StoreError(.cannotWrite, "zstd cannot be started: out of memory") }
    self.state = state
    ZSTD_CCtx_setParameter(state, ZSTD_c_compressionLevel, level)
    ZSTD_CCtx_setParameter(state, ZSTD_c_checksumFlag, 1)
    buffer = .allocate(byteCount: ZSTD_compressBound(SeekTable.mostUnpacked), alignment: 64)
  }

  deinit {
    ZSTD_freeCCtx(state)
    buffer.deallocate()
  }

  /// Bytes of the object, in frames of their own: who hands over whole lines can read them back without joining frames.
  ///
  /// - Parameter write: takes each frame, in order.
  func add(_ bytes: UnsafeRawBufferPointer, _ write: (UnsafeRawBufferPointer) throws(StoreError) -> Void)
    throws(StoreError)
  {
    var place = 0
    while place < bytes.count {
      let part = UnsafeRawBufferPointer(rebasing: bytes[place..<min(place + SeekTable.mostUnpacked, bytes.count)])
      let count = ZSTD_compress2(state, buffer.baseAddress, buffer.count, part.baseAddress, part.count)
      guard ZSTD_isError(count) == 0 else { throw StoreError(.cannotWrite, "zstd failed on an object") }
      try write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      seekTable.add(packed: count, unpacked: part.count)
      place += part.count
    }
  }

  /// What stands behind the last frame.
  var table: [UInt8] { seekTable.bytes }
}

/// Undoes single frames.
final class FrameDecoder {
  private let state: OpaquePointer
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: SeekTable.mostUnpacked, alignment: 64)

  init() throws(BytesError) {
    guard let state = ZSTD_createDCtx() else {
      buffer.deallocate()
      throw BytesError(.tooLarge, "zstd cannot be started: out of memory")
    }
    self.state = state
  }

  deinit {
    ZSTD_freeDCtx(state)
    buffer.deallocate()
  }

  /// - Returns: the frame's bytes, valid until the next call.
  func decode(_ frame: ByteView, count: Int) throws(BytesError) -> UnsafeRawBufferPointer {
    let bytes = frame.unsafeBytes
    let given = ZSTD_decompressDCtx(state, buffer.baseAddress, buffer.count, bytes.baseAddress, bytes.count)
    guard ZSTD_isError(given) == 0, given == count else {
      let said = ZSTD_isError(given) == 0 ? nil : ZSTD_getErrorName(given).map { String(cString: $0) }
      throw BytesError(.cannotRead, "its compressed form is damaged: \(said ?? "a frame has another length than said")")
    }
    return UnsafeRawBufferPointer(rebasing: buffer[..<given])
  }
}
