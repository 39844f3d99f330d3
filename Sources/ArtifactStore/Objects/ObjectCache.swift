import Bytes
import Evidence
import Foundation

/// Packed objects that somebody reads as one run of bytes, unpacked: plain files with holes under `cache`. Everything in it can
/// be made again, so it may be emptied at any moment, by anybody: whoever has a file mapped keeps it.
///
/// A file was checked against its digest when it was made. Its state then is written beside it (`….state`), so that one which has
/// been touched since is not used; the time of that note is the time of the last use.
extension ObjectStore {
  /// Seconds after which an unpacked object that nobody opened again is removed.
  private static let cacheAge = 3600

  /// The object as a plain file; made, and checked against its digest, when it is not there.
  ///
  /// - Throws: `integrity` where the bytes no longer have that digest.
  func unpack(_ digest: Digest) throws(StoreError) -> String {
    if let borrowed { try borrowed.make() } else { try makeDirectory(cacheDirectory) }
    let path = "\(cacheDirectory)/\(digest.hex)"
    if isUnpacked(path) { return path }
    // One process unpacks, the others wait for it.
    let lock = try FileLock("\(cacheDirectory)/lock", .exclusive)
    defer { lock.release() }
    if isUnpacked(path) { return path }
    unlink(path)
    makeRoom(for: byteCount(of: digest) ?? 0)
    let stream = try self.stream(digest)
    let scratch = try ObjectWriter(store: self, durable: false, checksums: false)
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
    if let state = FileStamp(of: path) {
      _ = FileManager.default.createFile(atPath: "\(path).state", contents: Data(state.text.utf8))
    }
    return path
  }

  /// Removes what was used longest ago while the disk has less room than a tenth of it, and than the object needs twice: a night
  /// over many packed dumps must not fill it.
  private func makeRoom(for byteCount: UInt64) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: cacheDirectory)) ?? []
    var old: [(used: Int, path: String)] = []
    for name in names where name != "lock" && !name.hasSuffix(".state") {
      var status = stat()
      let path = "\(cacheDirectory)/\(name)"
      old.append((stat("\(path).state", &status) == 0 ? Int(status.st_mtim.tv_sec) : 0, path))
    }
    for (_, path) in old.sorted(by: { ($0.used, $0.path) < ($1.used, $1.path) }) {
      var disk = statvfs()
      guard statvfs(cacheDirectory, &disk) == 0 else { return }
      let free = UInt64(disk.f_bavail).multipliedReportingOverflow(by: UInt64(disk.f_frsize)).partialValue
      let tenth = UInt64(disk.f_blocks / 10).multipliedReportingOverflow(by: UInt64(disk.f_frsize)).partialValue
      if free > tenth, free / 2 > byteCount { return }
      unlink(path)
      unlink("\(path).state")
    }
  }

  private func isUnpacked(_ path: String) -> Bool {
    guard let state = FileManager.default.contents(atPath: "\(path).state"), let now = FileStamp(of: path),
      state == Data(now.text.utf8)
    else { return false }
    utimes("\(path).state", nil)
    return true
  }

  /// Removes unpacked objects.
  ///
  /// - Parameter onlyOld: leaves those that were used within the last hour.
  public func emptyCache(onlyOld: Bool = false) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: cacheDirectory)) ?? [] where name != "lock" {
      let path = "\(cacheDirectory)/\(name)"
      var status = stat()
      let state = name.hasSuffix(".state") ? path : "\(path).state"
      guard stat(state, &status) == 0 || stat(path, &status) == 0,
        !onlyOld || time(nil) - status.st_mtim.tv_sec > Self.cacheAge
      else { continue }
      unlink(path)
    }
  }
}
