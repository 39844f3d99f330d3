import Bytes
import CZstd
import Evidence
import Foundation

/// An object kept as zstd frames (`SeekTable`): `zstd -dc` gives its bytes. For text that is read from front to back.
///
/// One frame that says its length, as earlier versions wrote it, is read too.
final class CompressedObject: ByteStream {
  let byteCount: UInt64
  private let file: MappedFile
  /// nil where there is a single frame.
  private let frames: SeekTable?
  private let single: DecodedStream?
  private let decoder: FrameDecoder
  private var index = 0
  /// Bytes of the current frame that were not handed out yet.
  private var rest: UnsafeRawBufferPointer

  /// - Parameter start: nothing before the frame that this place of the object lies in is handed out.
  init(path: String, from start: UInt64 = 0) throws(StoreError) {
    do throws(BytesError) {
      let file = try MappedFile(path: path)
      self.file = file
      decoder = try FrameDecoder()
      rest = UnsafeRawBufferPointer(start: nil, count: 0)
      frames = file.withView { SeekTable(file: $0) }
      if let frames {
        byteCount = frames.byteCount
        single = nil
        index = frames.frame(holding: start)
        return
      }
      let (size, end) = file.withView { view in
        let bytes = view.unsafeBytes
        return (
          ZSTD_getFrameContentSize(bytes.baseAddress, bytes.count),
          ZSTD_findFrameCompressedSize(bytes.baseAddress, bytes.count)
        )
      }
      // The two highest numbers mean that the length is not said, and that this is no frame.
      guard size < UInt64(Int64.max), UInt64(end) == file.byteCount else {
        throw BytesError(.cannotRead, "its compressed form is damaged: it has no table of frames, and is not one frame")
      }
      byteCount = size
      single = try DecodedStream(FileStream(path: path))
    } catch {
      throw StoreError(.integrity, error.reason)
    }
  }

  /// Where in the object `nextPart` begins next.
  var place: UInt64 { frames.map { $0.start(of: index) } ?? 0 }

  /// The next frame's bytes, valid until the next call; nil at the end. Only for objects of many frames.
  func nextPart() throws(BytesError) -> UnsafeRawBufferPointer? {
    guard let frames, index < frames.count else { return nil }
    let frame = frames[index]
    index += 1
    return try withExtendedLifetime(file) { () throws(BytesError) in
      try decoder.decode(file.view(at: frame.offset, count: frame.packed), count: frame.unpacked)
    }
  }

  var isOfManyFrames: Bool { frames != nil }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(BytesError) -> Int {
    if let single {
      let count = try single.read(into: buffer)
      if count == 0, let damage = single.damage { throw BytesError(.cannotRead, damage) }
      return count
    }
    while rest.isEmpty {
      guard let next = try nextPart() else { return 0 }
      rest = next
    }
    let count = min(rest.count, buffer.count)
    buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<count]))
    rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    return count
  }
}

extension ObjectStore {
  func compressed(_ digest: Digest, from start: UInt64 = 0) throws(StoreError) -> CompressedObject {
    try CompressedObject(path: place(of: digest, as: .compressed), from: start)
  }

  /// zstd's level 3 gives text a tenth of its size at several hundred MiB a second; 9 gains a tenth of that for a fifth of the
  /// speed.
  private static let level: Int32 = 3

  /// Keeps a plain object as zstd frames instead, where that saves a quarter or more.
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
    let frames = try FrameWriter(level: Self.level)
    file.willReadInOrder()
    var place: UInt64 = 0
    while place < file.byteCount {
      let part = file.view(at: place, count: SeekTable.mostUnpacked)
      try frames.add(part.unsafeBytes, scratch.append)
      place += UInt64(part.count)
    }
    try scratch.append(frames.table)
    guard scratch.byteCount < file.byteCount / 4 * 3 else { return nil }
    try verify(digest, CompressedObject(path: scratch.path))
    try scratch.settle(at: self.place(of: digest, as: .compressed), "object \(digest.hex)")
    unlink(self.place(of: digest, as: .plain))
    let after = diskSize(of: digest)
    return before > after ? before - after : 0
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
