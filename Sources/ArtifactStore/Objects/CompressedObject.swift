import Bytes
import CZstd
import Evidence
import Foundation

/// An object kept as one zstd frame that says its length: `zstd -dc` gives its bytes. For text that is read from front to back.
final class CompressedObject: ByteStream {
  let byteCount: UInt64
  private let stream: DecodedStream

  init(path: String) throws(StoreError) {
    do throws(BytesError) {
      let file = try MappedFile(path: path)
      let size = file.withView { view in
        ZSTD_getFrameContentSize(view.unsafeBytes.baseAddress, min(view.count, 64))
      }
      // The two highest numbers mean that the length is not said, and that this is no frame.
      guard size < UInt64(Int64.max) else {
        throw BytesError(.cannotRead, "its compressed form is damaged: it begins with no zstd frame")
      }
      byteCount = size
      stream = try DecodedStream(FileStream(path: path))
    } catch {
      throw StoreError(.integrity, error.reason)
    }
  }

  var damage: String? { stream.damage }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(BytesError) -> Int {
    let count = try stream.read(into: buffer)
    if count == 0, let damage = stream.damage { throw BytesError(.cannotRead, damage) }
    return count
  }
}

extension ObjectStore {
  func compressed(_ digest: Digest) throws(StoreError) -> CompressedObject {
    try CompressedObject(path: place(of: digest, as: .compressed))
  }

  /// zstd's level 3 gives text a tenth of its size at several hundred MiB a second; 9 gains a tenth of that for a fifth of the
  /// speed.
  private static let level: Int32 = 3

  /// Keeps a plain object as a zstd frame instead, where that saves a quarter or more.
  ///
  /// - Returns: bytes saved; nil where the object stays as it is: it is not plain, is packed against by others, is compressed in
  ///   itself, or does not get smaller.
  public func compress(_ digest: Digest) throws(StoreError) -> UInt64? {
    let lock = try FileLock(root + "/pack.lock", .exclusive)
    defer { lock.release() }
    guard form(of: digest) == .plain, !bases().contains(digest) else { return nil }
    let before = diskSize(of: digest)
    let file = try open(digest)
    // What is compressed already would be undone twice by whoever reads it back.
    let isCompressed =
      (try? DecodedStream(MemoryStream(file.withView { $0.slice(0, 64).array })).encodings.isEmpty) == false
    guard file.byteCount > 0, !isCompressed else { return nil }
    let scratch = try ScratchFile(in: temporary)
    try compress(file, into: scratch)
    guard scratch.byteCount < file.byteCount / 4 * 3 else { return nil }
    try verify(digest, CompressedObject(path: scratch.path))
    try scratch.settle(at: place(of: digest, as: .compressed), "object \(digest.hex)")
    unlink(place(of: digest, as: .plain))
    let after = diskSize(of: digest)
    return before > after ? before - after : 0
  }

  private func compress(_ file: MappedFile, into scratch: ScratchFile) throws(StoreError) {
    guard let state = ZSTD_createCCtx() else { throw StoreError(.cannotWrite, "zstd cannot be started: out of memory") }
    defer { ZSTD_freeCCtx(state) }
    ZSTD_CCtx_setParameter(state, ZSTD_c_compressionLevel, Self.level)
    ZSTD_CCtx_setParameter(state, ZSTD_c_checksumFlag, 1)
    ZSTD_CCtx_setPledgedSrcSize(state, file.byteCount)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { buffer.deallocate() }
    file.willReadInOrder()
    var place: UInt64 = 0
    while true {
      let part = file.view(at: place, count: 1 << 20)
      let isLast = place + UInt64(part.count) >= file.byteCount
      var input = ZSTD_inBuffer(src: part.unsafeBytes.baseAddress, size: part.count, pos: 0)
      var rest = 1
      while isLast ? rest != 0 : input.pos < input.size {
        var output = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
        rest = ZSTD_compressStream2(state, &output, &input, isLast ? ZSTD_e_end : ZSTD_e_continue)
        if ZSTD_isError(rest) != 0 { throw StoreError(.cannotWrite, "zstd failed on an object") }
        try scratch.append(UnsafeRawBufferPointer(rebasing: buffer[..<output.pos]))
      }
      place += UInt64(part.count)
      if isLast { return }
    }
  }

  /// - Throws: `integrity` where a stream does not give the bytes of that digest.
  func verify(_ digest: Digest, _ stream: any ByteStream) throws(StoreError) {
    let hash = StreamingHash(.sha256)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { buffer.deallocate() }
    while true {
      let count: Int
      do throws(BytesError) { count = try stream.read(into: buffer) } catch {
        throw StoreError(.integrity, "object \(digest.hex) does not read back: \(error.reason)")
      }
      if count == 0 { break }
      hash.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
    guard Digest(bytes: hash.finish()) == digest else {
      throw StoreError(.integrity, "object \(digest.hex) is damaged: its bytes no longer have that SHA-256")
    }
  }
}
