import Bytes
import Foundation

/// A file under `tmp` that is written front to back and then settled under its name; gone without a trace otherwise.
public final class ScratchFile {
  public let path: String
  let descriptor: Int32
  public private(set) var byteCount: UInt64 = 0
  private var isOpen = true

  init(in folder: String) throws(StoreError) {
    path = "\(folder)/\(getpid())-\(UInt64.random(in: 0 ... .max))"
    descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    try check(descriptor, .cannotWrite, "cannot write to the store at \(folder)")
    flock(descriptor, LOCK_EX | LOCK_NB)
  }

  deinit {
    if isOpen {
      close(descriptor)
      unlink(path)
    }
  }

  public func append(_ bytes: UnsafeRawBufferPointer) throws(StoreError) {
    try writeAll(descriptor, bytes, at: byteCount, path)
    byteCount += UInt64(bytes.count)
  }

  func append(_ bytes: [UInt8]) throws(StoreError) {
    var failure: StoreError?
    bytes.withUnsafeBytes { part in
      do throws(StoreError) { try append(part) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  /// Syncs the file and renames it to its place.
  func settle(at place: String, _ what: @autoclosure () -> String) throws(StoreError) {
    try settleFile(path, descriptor, at: place, durable: true, what())
    isOpen = false
    close(descriptor)
  }
}
