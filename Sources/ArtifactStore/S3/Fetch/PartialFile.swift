import Bytes
import CPlatform
import Evidence
import Foundation

/// A large object on its way from S3 into the store, in `tmp/s3`. It is written front to back; a journal beside it has a line for
/// each range that is written, with its CRC-32C. When the run ends early, the next one hashes what is there, checks it against the
/// journal, and goes on behind it. When it is whole, the file itself becomes the object.
final class PartialFile {
  private let path: String
  private let journal: String
  private let descriptor: Int32
  private let lines: Int32
  private let hash = StreamingHash(.sha256)
  private var end: UInt64 = 0
  private var synced: UInt64 = 0
  private var isDone = false

  /// Bytes between two syncs: what a power failure may cost. A kill costs nothing, since the system keeps what was
  /// written; and writing begins with each range.
  private static let syncEvery: UInt64 = 1 << 30
  /// Holes are made of whole blocks of this size, as elsewhere in the store.
  private static let block = 4096
  /// Seconds after which a part that nobody came back for is removed.
  private static let keep = 14 * 86400

  /// Bytes that are in the file.
  var byteCount: UInt64 { end }

  /// True where an earlier run left something of an object.
  static func exists(in folder: String, _ identity: Digest) -> Bool {
    access("\(folder)/\(identity.hex).part", F_OK) == 0
  }

  /// Opens the part of an object, with what an earlier run left of it.
  ///
  /// - Parameters:
  ///   - folder: `tmp/s3` of the store.
  ///   - identity: of bucket, key and version: another version is another file.
  ///   - onBytes: told the bytes taken over from the earlier run.
  /// - Returns: nil while another process writes it.
  init?(in folder: String, _ identity: Digest, onBytes: (Int) -> Void = { _ in }) throws(StoreError) {
    try makeDirectory(folder)
    path = "\(folder)/\(identity.hex).part"
    journal = "\(folder)/\(identity.hex).journal"
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    try check(descriptor, .cannotWrite, "cannot write to the store at \(folder)")
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      return nil
    }
    lines = open(journal, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    if lines < 0 {
      let reason = systemMessage()
      close(descriptor)
      throw StoreError(.cannotWrite, "cannot write to the store at \(folder): \(reason)")
    }
    try takeOver(onBytes)
  }

  deinit {
    close(lines)
    close(descriptor)
  }

  /// Reads the ranges that the journal names, in order, as far as they are what they were.
  private func takeOver(_ onBytes: (Int) -> Void) throws(StoreError) {
    var good = 0
    let text = FileManager.default.contents(atPath: journal).map { [UInt8]($0) } ?? []
    var ranges: [(count: Int, sum: UInt64)] = []
    text.withView { view in
      for line in view.split(0x0A, limit: .max) {
        let words = line.words(limit: 4)
        guard words.count == 3, words[2] == ".", let count = words[0].integer, (1...(64 << 20)).contains(count),
          let sum = words[1].hexadecimal
        else { break }
        ranges.append((Int(count), sum))
      }
    }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 20, alignment: 4096)
    defer { buffer.deallocate() }
    for range in ranges {
      let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<range.count])
      guard readAll(part, at: end), UInt64(platform_crc32c(part.baseAddress, part.count)) == range.sum else { break }
      hash.update(UnsafeRawBufferPointer(part))
      end += UInt64(range.count)
      good += 1
      onBytes(range.count)
    }
    // What lies behind is not known to be good, and holes must read as zeros.
    try check(ftruncate(descriptor, off_t(clamping: end)), .cannotWrite, "cannot write \(path)")
    if good < ranges.count || text.last.map({ $0 != 0x0A }) ?? false {
      try check(ftruncate(lines, 0), .cannotWrite, "cannot write \(journal)")
      var all: [UInt8] = []
      for range in ranges.prefix(good) { all += Self.line(range.count, range.sum) }
      try writeAll(lines, all, journal)
    }
    synced = end
  }

  private static func line(_ count: Int, _ sum: UInt64) -> [UInt8] {
    Array("\(count) \(String(sum, radix: 16)) .\n".utf8)
  }

  private func readAll(_ buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) -> Bool {
    var done = 0
    while done < buffer.count {
      let count = pread(
        descriptor, buffer.baseAddress?.advanced(by: done), buffer.count - done, off_t(clamping: offset + UInt64(done)))
      if count < 0, errno == EINTR { continue }
      if count <= 0 { return false }
      done += count
    }
    return true
  }

  /// Adds a range that follows what is there. It is hashed while it is written.
  func append(_ bytes: UnsafeRawBufferPointer) throws(StoreError) {
    let hashing = Hashing(hash, bytes)
    DispatchQueue.global().async(execute: hashing.run)
    // The caller's bytes must not go away under the other thread, whatever fails here.
    defer { hashing.done.wait() }
    var place = 0
    while place < bytes.count {
      let zero = isZero(bytes, place)
      var stop = min(place + Self.block, bytes.count)
      while stop < bytes.count, isZero(bytes, stop) == zero { stop = min(stop + Self.block, bytes.count) }
      if !zero { try write(UnsafeRawBufferPointer(rebasing: bytes[place..<stop]), at: end + UInt64(place)) }
      place = stop
    }
    platform_begin_writeback(descriptor, end, UInt64(bytes.count))
    end += UInt64(bytes.count)
    // The file is as long as its ranges, whatever they end in.
    try check(ftruncate(descriptor, off_t(clamping: end)), .cannotWrite, "cannot write \(path)")
    if end - synced >= Self.syncEvery {
      try check(fdatasync(descriptor), .cannotWrite, "cannot sync \(path)")
      synced = end
    }
    try writeAll(lines, Self.line(bytes.count, UInt64(platform_crc32c(bytes.baseAddress, bytes.count))), journal)
    if synced == end { try check(fdatasync(lines), .cannotWrite, "cannot sync \(journal)") }
  }

  /// One range for the hash, on another thread.
  ///
  /// - Note: `@unchecked`: `append` waits for `done` before it returns, and touches the hash nowhere else meanwhile.
  private final class Hashing: @unchecked Sendable {
    let done = DispatchSemaphore(value: 0)
    private let hash: StreamingHash
    private let bytes: UnsafeRawBufferPointer

    init(_ hash: StreamingHash, _ bytes: UnsafeRawBufferPointer) {
      self.hash = hash
      self.bytes = bytes
    }

    @Sendable func run() {
      hash.update(bytes)
      done.signal()
    }
  }

  private func isZero(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> Bool {
    let count = min(Self.block, bytes.count - start)
    guard count == Self.block, let base = bytes.baseAddress, bytes[start] == 0 else { return false }
    return memcmp(base + start, base + start + 1, count - 1) == 0
  }

  private func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(StoreError) {
    var done = 0
    while done < bytes.count {
      let count = pwrite(
        descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done, off_t(clamping: offset + UInt64(done)))
      if count < 0, errno == EINTR { continue }
      try check(count, .cannotWrite, "cannot write to the store at \(path)")
      done += count
    }
  }

  private func writeAll(_ descriptor: Int32, _ bytes: [UInt8], _ name: String) throws(StoreError) {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        Foundation.write(descriptor, $0.baseAddress?.advanced(by: done), bytes.count - done)
      }
      if count < 0, errno == EINTR { continue }
      try check(count, .cannotWrite, "cannot write \(name)")
      done += count
    }
  }

  /// Makes the whole file an object.
  func finish(into objects: ObjectStore) throws(StoreError) -> ObjectStore.Stored {
    guard let digest = Digest(bytes: hash.finish()) else {
      throw StoreError(.cannotWrite, "SHA-256 is not available from OpenSSL on this machine")
    }
    let stored = try objects.adopt(path, descriptor, digest, byteCount: end)
    unlink(journal)
    return stored
  }

  /// Forgets what is there: the object's version is gone.
  func discard() {
    unlink(path)
    unlink(journal)
  }

  /// Removes parts that nobody has added to for two weeks.
  static func removeStale(in folder: String) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
      var status = stat()
      let file = "\(folder)/\(name)"
      guard stat(file, &status) == 0, time(nil) - status.st_mtim.tv_sec > keep else { continue }
      unlink(file)
    }
  }
}
