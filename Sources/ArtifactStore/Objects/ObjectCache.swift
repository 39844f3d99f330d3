import Bytes
import Evidence
import Foundation

/// Packed objects that somebody reads as one run of bytes, unpacked: plain files with holes under `cache`. Everything in it can
/// be made again, so it may be emptied at any moment, by anybody: whoever has a file mapped keeps it.
extension ObjectStore {
  /// Seconds after which an unpacked object that nobody opened again is removed.
  private static let cacheAge = 3600

  /// The object as a plain file; made, and checked against its digest, when it is not there.
  ///
  /// - Throws: `integrity` where the bytes no longer have that digest.
  func unpack(_ digest: Digest) throws(StoreError) -> String {
    try makeDirectory(cacheDirectory)
    let path = "\(cacheDirectory)/\(digest.hex)"
    if access(path, F_OK) == 0 {
      // Its age counts from the last use.
      utimes(path, nil)
      return path
    }
    // One process unpacks, the others wait for it.
    let lock = try FileLock("\(cacheDirectory)/lock", .exclusive)
    defer { lock.release() }
    if access(path, F_OK) == 0 { return path }
    let stream = try self.stream(digest)
    let scratch = try ObjectWriter(store: self, temporary: temporary, durable: false, checksums: false)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
    defer { buffer.deallocate() }
    while true {
      let count: Int
      do throws(BytesError) { count = try stream.read(into: buffer) } catch {
        throw StoreError(.integrity, "object \(digest.hex) is damaged: \(error.reason)")
      }
      if count == 0 { break }
      try scratch.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
    try scratch.finish(as: digest, at: path)
    return path
  }

  /// Removes unpacked objects.
  ///
  /// - Parameter onlyOld: leaves those that were used within the last hour.
  public func emptyCache(onlyOld: Bool = false) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: cacheDirectory)) ?? [] where name != "lock" {
      let path = "\(cacheDirectory)/\(name)"
      var status = stat()
      guard stat(path, &status) == 0, !onlyOld || time(nil) - status.st_mtim.tv_sec > Self.cacheAge else { continue }
      unlink(path)
    }
  }
}
