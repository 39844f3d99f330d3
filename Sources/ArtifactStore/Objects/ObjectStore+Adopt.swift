import Bytes
import Evidence
import Foundation

extension ObjectStore {
  /// Makes a whole file of the store's own file system an object, without copying it: a large download becomes what it was
  /// downloaded for.
  ///
  /// - Parameters:
  ///   - path: of the file, which is gone from there afterwards.
  ///   - descriptor: open on it for writing; stays open.
  ///   - digest: of its bytes, which the caller has hashed.
  func adopt(
    _ path: String, _ descriptor: Int32, _ digest: Digest, byteCount count: UInt64
  ) throws(StoreError) -> Stored {
    if byteCount(of: digest) == count {
      unlink(path)
      return Stored(digest: digest, byteCount: count, isNew: false)
    }
    try check(ftruncate(descriptor, off_t(clamping: count)), .cannotWrite, "cannot write object \(digest.hex)")
    try settleFile(
      path, descriptor, at: place(of: digest, as: .plain), durable: true, "object \(digest.hex)")
    return Stored(digest: digest, byteCount: count, isNew: true)
  }
}
