import Bytes
import CPlatform
import Evidence
import Foundation

/// One object on its way into the store. Goes away without a trace unless `finish` is called.
///
/// What is small waits in memory until its digest is known: most small results are there already (many say nothing), and making a
/// file to remove it again costs more than all else that is done for them.
public final class ObjectWriter {
  /// A file with a temporary name, locked while it is written.
  private struct Draft {
    let path: String
    let descriptor: Int32

    init(in folder: String) throws(StoreError) {
      path = "\(folder)/\(getpid())-\(UInt64.random(in: 0 ... .max))"
      descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
      try check(descriptor, .cannotWrite, "cannot write to the store at \(folder)")
      flock(descriptor, LOCK_EX | LOCK_NB)
    }
  }

  private let store: ObjectStore
  /// nil while all bytes are held.
  private var draft: Draft?
  /// The object's first bytes, where there is no file yet.
  private var held: [UInt8] = []
  private let hash = StreamingHash(.sha256)
  private let side: SideHashes?
  private let durable: Bool
  /// nil for an object that is kept as it is.
  private let frames: FrameWriter?
  /// Of the object.
  private var byteCount: UInt64 = 0
  /// Of the file, where it is compressed.
  private var packedCount: UInt64 = 0
  /// Bytes that are on their way to the disk.
  private var begun: UInt64 = 0

  /// Bytes after which the disk is given work, so that it is not idle while others are hashed.
  private static let writeback: UInt64 = 8 << 20
  /// Holes are made of whole blocks of this size; smaller runs of zeros are written.
  private static let block = 4096
  /// Bytes that are held at most.
  private static let mostHeld = 1 << 16

  /// Fast enough that compressing costs less than writing what it saves.
  private static let level: Int32 = 1

  init(
    store: ObjectStore, durable: Bool, checksums: Bool, compressed: Bool = false
  ) throws(StoreError) {
    self.store = store
    self.durable = durable
    frames = compressed ? try FrameWriter(level: Self.level) : nil
    side = checksums ? SideHashes() : nil
  }

  deinit {
    if let draft {
      close(draft.descriptor)
      unlink(draft.path)
    }
  }

  public func write(_ bytes: UnsafeRawBufferPointer) throws(StoreError) {
    side?.update(bytes)
    hash.update(bytes)
    defer { byteCount += UInt64(bytes.count) }
    if let frames { return try frames.add(bytes, append) }
    if draft == nil, held.count + bytes.count <= Self.mostHeld {
      held.append(contentsOf: bytes)
      return
    }
    try put(bytes, to: file().descriptor, at: byteCount)
  }

  /// The file that the bytes go to, with those that were held.
  private func file() throws(StoreError) -> Draft {
    if let draft { return draft }
    let draft = try Draft(in: store.temporary)
    self.draft = draft
    // withUnsafeBytes cannot carry a typed error, so it is carried by hand.
    var failure: StoreError?
    held.withUnsafeBytes { bytes in
      do throws(StoreError) { try put(bytes, to: draft.descriptor, at: 0) } catch { failure = error }
    }
    if let failure { throw failure }
    held = []
    return draft
  }

  private func put(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at offset: UInt64) throws(StoreError) {
    var place = 0
    while place < bytes.count {
      // A run of blocks that are all zero, or all not, is one seek or one write.
      let zero = isZero(bytes, place)
      var end = min(place + Self.block, bytes.count)
      while end < bytes.count, isZero(bytes, end) == zero { end = min(end + Self.block, bytes.count) }
      if !zero {
        try writeAll(
          descriptor, UnsafeRawBufferPointer(rebasing: bytes[place..<end]), at: offset + UInt64(place),
          "to the store at \(store.directory)")
      }
      place = end
    }
    let end = offset + UInt64(bytes.count)
    if durable, end - begun >= Self.writeback {
      platform_begin_writeback(descriptor, begun, end - begun)
      begun = end
    }
  }

  /// Behind what is in the file.
  private func append(_ frame: UnsafeRawBufferPointer) throws(StoreError) {
    try writeAll(file().descriptor, frame, at: packedCount, "to the store at \(store.directory)")
    packedCount += UInt64(frame.count)
  }

  private func isZero(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> Bool {
    let count = min(Self.block, bytes.count - start)
    guard count == Self.block, let base = bytes.baseAddress, bytes[start] == 0 else { return false }
    return memcmp(base + start, base + start + 1, count - 1) == 0
  }

  /// Puts the object in its place under its name.
  public func finish() throws(StoreError) -> ObjectStore.Stored { try finish(named: finishHash()) }

  /// The same for bytes that must have a certain digest; nothing is kept where they do not.
  ///
  /// - Parameter source: named in the error.
  func finish(expecting digest: Digest, from source: String) throws(StoreError) -> ObjectStore.Stored {
    guard try finishHash() == digest else {
      throw StoreError(.integrity, "\(source) is damaged: its bytes do not have that SHA-256")
    }
    return try finish(named: digest)
  }

  private func finish(named digest: Digest) throws(StoreError) -> ObjectStore.Stored {
    let checksums = side?.finish()
    if let checksums { store.notes.note(digest, checksums) }
    if store.byteCount(of: digest) == byteCount {
      return ObjectStore.Stored(digest: digest, byteCount: byteCount, isNew: false, checksums: checksums)
    }
    if let frames {
      var failure: StoreError?
      frames.table.withUnsafeBytes { table in
        do throws(StoreError) { try append(table) } catch { failure = error }
      }
      if let failure { throw failure }
    }
    try settle(at: store.place(of: digest, as: frames == nil ? .plain : .compressed), digest)
    return ObjectStore.Stored(digest: digest, byteCount: byteCount, isNew: true, checksums: checksums)
  }

  /// Leaves it to a batch to put the object in its place.
  func finish(into batch: ObjectBatch) throws(StoreError) -> ObjectStore.Stored {
    let digest = try finishHash()
    let checksums = side?.finish()
    if let checksums { store.notes.note(digest, checksums) }
    let isNew = !batch.contains(digest) && store.byteCount(of: digest) != byteCount
    if isNew {
      let draft = try file()
      try check(
        ftruncate(draft.descriptor, off_t(clamping: byteCount)), .cannotWrite, "cannot write object \(digest.hex)")
      try check(fchmod(draft.descriptor, 0o444), .cannotWrite, "cannot write object \(digest.hex)")
      self.draft = nil
      batch.add(draft.path, draft.descriptor, digest, byteCount: byteCount)
    }
    return ObjectStore.Stored(digest: digest, byteCount: byteCount, isNew: isNew, checksums: checksums)
  }

  /// Puts the bytes at a path of the caller's.
  ///
  /// - Throws: `integrity` where they do not have that digest.
  func finish(as digest: Digest, at path: String) throws(StoreError) {
    guard try finishHash() == digest else {
      throw StoreError(.integrity, "object \(digest.hex) is damaged: its bytes no longer have that SHA-256")
    }
    try settle(at: path, digest)
  }

  private func finishHash() throws(StoreError) -> Digest {
    guard let digest = Digest(bytes: hash.finish()) else {
      throw StoreError(.cannotWrite, "SHA-256 is not available from OpenSSL on this machine")
    }
    return digest
  }

  private func settle(at place: String, _ digest: Digest) throws(StoreError) {
    let draft = try file()
    try check(
      ftruncate(draft.descriptor, off_t(clamping: frames == nil ? byteCount : packedCount)), .cannotWrite,
      "cannot write object \(digest.hex)")
    try settleFile(draft.path, draft.descriptor, at: place, durable: durable, "object \(digest.hex)")
    self.draft = nil
    close(draft.descriptor)
  }
}
