import Bytes
import Evidence
import Foundation

/// Immutable objects named by the SHA-256 of their bytes, one file each.
///
/// A new object is written to a temporary name, synced, made read-only and renamed into place, so a name that exists is
/// always whole, whatever the moment of a crash. Several processes may put and read at once. Runs of zeros are holes, so a
/// memory image costs what it holds.
public final class ObjectStore: Sendable {
  public let directory: String
  private let temporary: String

  /// Seconds.
  private static let leftoverAge = 60

  /// - Parameter directory: of the store; must exist.
  init(directory: String) throws(StoreError) {
    self.directory = directory + "/objects"
    temporary = directory + "/tmp"
    for path in [self.directory, temporary] { try makeDirectory(path) }
  }

  /// What became of a put.
  public struct Stored: Hashable, Sendable {
    public var digest: Digest
    public var byteCount: UInt64
    /// False when the same bytes were there before: nothing was stored.
    public var isNew: Bool
  }

  public func path(of digest: Digest) -> String {
    let hex = digest.hex
    return "\(directory)/\(hex.prefix(2))/\(hex.dropFirst(2))"
  }

  public func contains(_ digest: Digest) -> Bool { access(path(of: digest), F_OK) == 0 }

  public func byteCount(of digest: Digest) -> UInt64? {
    var status = stat()
    return stat(path(of: digest), &status) == 0 ? UInt64(max(status.st_size, 0)) : nil
  }

  /// - Throws: `notFound` where there is no such object.
  public func open(_ digest: Digest) throws(StoreError) -> MappedFile {
    do throws(BytesError) { return try MappedFile(path: path(of: digest)) } catch {
      throw StoreError(.notFound, "the store has no readable object \(digest.hex): \(error.reason)")
    }
  }

  /// Copies a stream into the store, hashing on the way: one pass, constant memory.
  ///
  /// - Parameter onProgress: told the number of bytes of each block as it is written.
  public func put(
    _ stream: any ByteStream, durable: Bool = true, onProgress: (Int) -> Void = { _ in }
  ) throws(StoreError) -> Stored {
    let writer = try newObject(durable: durable)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
    defer { buffer.deallocate() }
    while true {
      var filled = 0
      // Whole blocks, so that runs of zeros are seen on block borders whatever sizes the stream hands out.
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
      if filled == 0 { return try writer.finish() }
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

  /// - Parameter durable: false for results, which can be computed again: they are not synced to the disk one by one.
  public func newObject(durable: Bool) throws(StoreError) -> ObjectWriter {
    try ObjectWriter(store: self, temporary: temporary, durable: durable)
  }

  /// Reads an object whole and compares its digest with its name.
  public func verify(_ digest: Digest) throws(StoreError) {
    let file = try open(digest)
    file.willReadInOrder()
    let hash = StreamingHash(.sha256)
    file.withView { hash.update($0.unsafeBytes) }
    guard Digest(bytes: hash.finish()) == digest else {
      throw StoreError(.integrity, "object \(digest.hex) is damaged: its bytes no longer have that SHA-256")
    }
  }

  /// Every object's digest, in order.
  public func list() -> [Digest] {
    var all: [Digest] = []
    let shards = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    for shard in shards.sorted() where shard.count == 2 {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(directory)/\(shard)")) ?? []
      all += names.sorted().compactMap { Digest(hex: shard + $0) }
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

/// One object on its way into the store. Goes away without a trace unless `finish` is called.
public final class ObjectWriter {
  private let store: ObjectStore
  private let path: String
  private let descriptor: Int32
  private let hash = StreamingHash(.sha256)
  private let durable: Bool
  private var byteCount: UInt64 = 0
  private var isOpen = true

  /// Holes are made of whole blocks of this size; smaller runs of zeros are written.
  private static let block = 4096

  init(store: ObjectStore, temporary: String, durable: Bool) throws(StoreError) {
    self.store = store
    self.durable = durable
    path = "\(temporary)/\(getpid())-\(UInt64.random(in: 0 ... .max))"
    descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    try check(descriptor, .cannotWrite, "cannot write to the store at \(temporary)")
    flock(descriptor, LOCK_EX | LOCK_NB)
  }

  deinit {
    if isOpen {
      close(descriptor)
      unlink(path)
    }
  }

  public func write(_ bytes: UnsafeRawBufferPointer) throws(StoreError) {
    hash.update(bytes)
    var place = 0
    while place < bytes.count {
      // A run of blocks that are all zero, or all not, is one seek or one write.
      let zero = isZero(bytes, place)
      var end = min(place + Self.block, bytes.count)
      while end < bytes.count, isZero(bytes, end) == zero { end = min(end + Self.block, bytes.count) }
      if !zero { try writeAll(UnsafeRawBufferPointer(rebasing: bytes[place..<end]), at: byteCount + UInt64(place)) }
      place = end
    }
    byteCount += UInt64(bytes.count)
  }

  private func isZero(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> Bool {
    let count = min(Self.block, bytes.count - start)
    guard count == Self.block, let base = bytes.baseAddress, bytes[start] == 0 else { return false }
    return memcmp(base + start, base + start + 1, count - 1) == 0
  }

  private func writeAll(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(StoreError) {
    var done = 0
    while done < bytes.count {
      let count = pwrite(
        descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done, off_t(offset) + off_t(done))
      if count < 0, errno == EINTR { continue }
      try check(count, .cannotWrite, "cannot write to the store at \(store.directory)")
      done += count
    }
  }

  /// Puts the object in its place under its name.
  public func finish() throws(StoreError) -> ObjectStore.Stored {
    guard let digest = Digest(bytes: hash.finish()) else {
      throw StoreError(.cannotWrite, "SHA-256 is not available from OpenSSL on this machine")
    }
    let place = store.path(of: digest)
    if store.byteCount(of: digest) == byteCount {
      return ObjectStore.Stored(digest: digest, byteCount: byteCount, isNew: false)
    }
    try check(ftruncate(descriptor, off_t(byteCount)), .cannotWrite, "cannot write object \(digest.hex)")
    try check(fchmod(descriptor, 0o444), .cannotWrite, "cannot write object \(digest.hex)")
    if durable { try check(fsync(descriptor), .cannotWrite, "cannot sync object \(digest.hex)") }
    let shard = (place as NSString).deletingLastPathComponent
    try makeDirectory(shard)
    try check(rename(path, place), .cannotWrite, "cannot name object \(digest.hex)")
    isOpen = false
    close(descriptor)
    if durable { try syncDirectory(shard) }
    return ObjectStore.Stored(digest: digest, byteCount: byteCount, isNew: true)
  }
}

func makeDirectory(_ path: String) throws(StoreError) {
  if mkdir(path, 0o755) == 0 || errno == EEXIST { return }
  throw StoreError(.cannotWrite, "cannot make the folder \(path): \(systemMessage())")
}

/// A rename is only on the disk once its folder is.
func syncDirectory(_ path: String) throws(StoreError) {
  let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  try check(descriptor, .cannotWrite, "cannot open the folder \(path)")
  defer { close(descriptor) }
  try check(fsync(descriptor), .cannotWrite, "cannot sync the folder \(path)")
}

/// Writes a small file whole or not at all.
public func writeAtomically(_ bytes: [UInt8], to path: String, durable: Bool) throws(StoreError) {
  let temporary = "\(path).\(getpid()).\(UInt32.random(in: 0 ... .max)).tmp"
  let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
  try check(descriptor, .cannotWrite, "cannot write \(path)")
  var works = false
  defer {
    close(descriptor)
    if !works { unlink(temporary) }
  }
  var done = 0
  while done < bytes.count {
    let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress?.advanced(by: done), bytes.count - done) }
    if count < 0, errno == EINTR { continue }
    try check(count, .cannotWrite, "cannot write \(path)")
    done += count
  }
  if durable { try check(fsync(descriptor), .cannotWrite, "cannot sync \(path)") }
  try check(rename(temporary, path), .cannotWrite, "cannot write \(path)")
  works = true
}
