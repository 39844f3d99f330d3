import Bytes
import Evidence
import Foundation

/// Immutable objects named by the SHA-256 of their bytes, one file each.
///
/// A new object is written to a temporary name, synced, made read-only and renamed into place, so a name that exists is
/// always whole, whatever the moment of a crash. Several processes may put and read at once. Runs of zeros are holes, so a
/// memory image costs what it holds. An object may be packed later (`ObjectForm`); `open`, `reader` and `stream` are the doors
/// that give its bytes in every form.
public final class ObjectStore: Sendable {
  public let directory: String
  let temporary: String
  let cacheDirectory: String
  let root: String
  let notes: ChecksumNotes

  /// Seconds.
  private static let leftoverAge = 60

  /// Where there is no writing into the store: a folder of this process alone, which goes with it.
  let borrowed: BorrowedFolder?

  /// - Parameters:
  ///   - directory: of the store; must exist.
  ///   - mayWrite: false for a store that is only read: what must be unpacked goes to the folder for temporary files.
  init(directory: String, notes: ChecksumNotes = ChecksumNotes(), mayWrite: Bool = true) throws(StoreError) {
    root = directory
    self.directory = directory + "/objects"
    borrowed = mayWrite ? nil : BorrowedFolder()
    temporary = borrowed?.path ?? directory + "/tmp"
    cacheDirectory = borrowed?.path ?? directory + "/cache"
    self.notes = notes
    guard mayWrite else { return }
    for path in [self.directory, temporary] { try makeDirectory(path) }
  }

  /// What became of a put.
  public struct Stored: Hashable, Sendable {
    public var digest: Digest
    public var byteCount: UInt64
    /// False when the same bytes were there before: nothing was stored.
    public var isNew: Bool
    /// MD5 and SHA-1 of the bytes, where they were asked for.
    public var checksums: Checksums?

    public init(digest: Digest, byteCount: UInt64, isNew: Bool, checksums: Checksums? = nil) {
      self.digest = digest
      self.byteCount = byteCount
      self.isNew = isNew
      self.checksums = checksums
    }
  }

  /// Where the object lies as a file that holds its bytes and nothing else. For a packed object that file is made first, in the
  /// cache; prefer `open`, `reader` and `stream`.
  public func path(of digest: Digest) -> String {
    let plain = place(of: digest, as: .plain)
    guard access(plain, F_OK) != 0, form(of: digest) != nil else { return plain }
    do throws(StoreError) { return try unpack(digest) } catch { return plain }
  }

  public func contains(_ digest: Digest) -> Bool { form(of: digest) != nil }

  /// Length of the object's bytes, whatever form it is kept in.
  public func byteCount(of digest: Digest) -> UInt64? {
    var status = stat()
    // Another form may take the place of a plain file between the look and the question.
    for _ in 0..<2 {
      // Nearly all are plain.
      if stat(place(of: digest, as: .plain), &status) == 0 { return UInt64(max(status.st_size, 0)) }
      switch form(of: digest) {
      case nil: return nil
      case .plain: continue
      case .packed: return (try? packed(digest))?.byteCount
      case .compressed: return (try? compressed(digest))?.byteCount
      }
    }
    return nil
  }

  /// Copies a stream into the store, hashing on the way: one pass, constant memory.
  ///
  /// - Parameters:
  ///   - checksums: whether MD5 and SHA-1 are made too, on a second thread.
  ///   - onProgress: told the number of bytes of each block as it is written.
  public func put(
    _ stream: any ByteStream, durable: Bool = true, checksums: Bool = true, onProgress: (Int) -> Void = { _ in }
  ) throws(StoreError) -> Stored {
    let writer = try newObject(durable: durable, checksums: checksums)
    try copy(stream, to: writer, onProgress)
    return try writer.finish()
  }

  /// The same, with MD5 and SHA-1, for what goes into the store together with others. It is there once the batch is settled.
  func put(
    _ stream: any ByteStream, into batch: ObjectBatch, onProgress: (Int) -> Void
  ) throws(StoreError) -> Stored {
    let writer = try newObject(durable: true, checksums: true)
    try copy(stream, to: writer, onProgress)
    return try writer.finish(into: batch)
  }

  private func copy(
    _ stream: any ByteStream, to writer: ObjectWriter, _ onProgress: (Int) -> Void
  ) throws(StoreError) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
    defer { buffer.deallocate() }
    while true {
      // Whole blocks, so that runs of zeros are seen on block borders whatever sizes the stream hands out.
      let filled = try fill(buffer, from: stream)
      if filled == 0 { return }
      try writer.write(UnsafeRawBufferPointer(rebasing: buffer[..<filled]))
      onProgress(filled)
    }
  }

  public func put(_ bytes: [UInt8], durable: Bool = true) throws(StoreError) -> Stored {
    let writer = try newObject(durable: durable)
    // withUnsafeBytes cannot carry a typed error, so it is carried by hand.
    var failure: StoreError?
    bytes.withUnsafeBytes { part in
      do throws(StoreError) { try writer.write(part) } catch { failure = error }
    }
    if let failure { throw failure }
    return try writer.finish()
  }

  /// - Parameters:
  ///   - durable: false for results, which can be computed again: they are not synced to the disk one by one.
  ///   - checksums: whether MD5 and SHA-1 are made too.
  ///   - compressed: keeps it as zstd frames, for large text; each write that is a frame of its own is best 256 KiB or more.
  public func newObject(
    durable: Bool, checksums: Bool = false, compressed: Bool = false
  ) throws(StoreError) -> ObjectWriter {
    try ObjectWriter(store: self, durable: durable, checksums: checksums, compressed: compressed)
  }

  /// A file for what does not fit into memory for a while; gone when it is let go.
  public func scratchFile() throws(StoreError) -> ScratchFile { try ScratchFile(in: temporary) }

  /// Reads an object whole and compares its digest with its name. Constant memory.
  ///
  /// - Parameters:
  ///   - onProgress: told the number of bytes of each block.
  /// - Returns: MD5 and SHA-1 too, when asked for.
  /// - Throws: `integrity`, naming the object and what is wrong.
  @discardableResult
  public func verify(
    _ digest: Digest, checksums: Bool = false, onProgress: (Int) -> Void = { _ in }
  ) throws(StoreError) -> Checksums? {
    let stream: any ByteStream
    do throws(StoreError) { stream = try self.stream(digest) } catch {
      guard error.code == .integrity else { throw error }
      throw StoreError(.integrity, "object \(digest.hex) is damaged: \(error.reason)")
    }
    let hash = StreamingHash(.sha256)
    let side = checksums ? SideHashes() : nil
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
    defer { buffer.deallocate() }
    var seen: UInt64 = 0
    while true {
      let filled: Int
      do throws(StoreError) { filled = try fill(buffer, from: stream) } catch {
        throw StoreError(.integrity, "object \(digest.hex) is damaged: \(error.reason)")
      }
      if filled == 0 { break }
      let part = UnsafeRawBufferPointer(rebasing: buffer[..<filled])
      hash.update(part)
      side?.update(part)
      seen += UInt64(filled)
      onProgress(filled)
    }
    guard Digest(bytes: hash.finish()) == digest else {
      throw StoreError(.integrity, "object \(digest.hex) is damaged: its \(seen) bytes no longer have that SHA-256")
    }
    return side?.finish()
  }

  /// Fills the buffer as far as the stream goes.
  private func fill(_ buffer: UnsafeMutableRawBufferPointer, from stream: any ByteStream) throws(StoreError) -> Int {
    var filled = 0
    while filled < buffer.count {
      let count: Int
      do throws(BytesError) {
        count = try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
      } catch {
        throw StoreError(.cannotRead, error.reason)
      }
      if count == 0 { break }
      filled += count
    }
    return filled
  }

  /// Every object's digest, in order.
  public func list() -> [Digest] {
    var all: [Digest] = []
    let shards = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    for shard in shards.sorted() where shard.count == 2 {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(directory)/\(shard)")) ?? []
      let bare = Set(names.map { name in name.firstIndex(of: ".").map { String(name[..<$0]) } ?? name })
      all += bare.sorted().compactMap { Digest(hex: shard + $0) }
    }
    return all
  }

  /// Removes what a killed process left in `tmp`. A file that is still being written is locked, and stays; so does one so
  /// young that its writer may not have come to lock it yet.
  func removeLeftovers() {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: temporary)) ?? [] {
      let path = "\(temporary)/\(name)"
      let descriptor = Foundation.open(path, O_RDWR | O_CLOEXEC)
      guard descriptor >= 0 else { continue }
      var status = stat()
      let isOld = fstat(descriptor, &status) == 0 && time(nil) - status.st_mtim.tv_sec > Self.leftoverAge
      if isOld, flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(path) }
      close(descriptor)
    }
  }
}
