import Bytes
import CPlatform
import Evidence
import Foundation

/// Small objects on their way into the store together: bringing each to the disk by itself costs far more than reading it.
///
/// Each is whole under a temporary name, and locked, when it is added. `settle` brings all of them to the disk by one call and only
/// then gives them their names, so that a name which exists is always whole, as it is for an object that comes alone.
final class ObjectBatch {
  private struct Waiting {
    let path: String
    let descriptor: Int32
    let place: String
  }

  private let store: ObjectStore
  private var waiting: [Waiting] = []
  private var digests: Set<Digest> = []
  private var byteCount: UInt64 = 0

  /// Bytes of a file that waits for others; the time of a larger one goes into reading it.
  static let largestFile: UInt64 = 1 << 16
  private static let mostBytes: UInt64 = 8 << 20
  /// Each holds a descriptor; some are left for everything else.
  private static let mostFiles: Int = {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 64 }
    return Int(min(256, limit.rlim_cur / 4))
  }()

  init(_ store: ObjectStore) { self.store = store }

  deinit { drop() }

  /// Whether it is time to settle.
  var isFull: Bool { waiting.count >= Self.mostFiles || byteCount >= Self.mostBytes }

  func contains(_ digest: Digest) -> Bool { digests.contains(digest) }

  /// Takes over a file that is written whole and read-only.
  func add(_ path: String, _ descriptor: Int32, _ digest: Digest, byteCount count: UInt64) {
    waiting.append(Waiting(path: path, descriptor: descriptor, place: store.place(of: digest, as: .plain)))
    digests.insert(digest)
    byteCount += count
  }

  /// - Throws: `cannotWrite`; what has no name by then never gets one.
  func settle() throws(StoreError) {
    defer { drop() }
    guard !waiting.isEmpty else { return }
    try sync()
    while let next = waiting.last {
      if rename(next.path, next.place) != 0 {
        try makeDirectory((next.place as NSString).deletingLastPathComponent)
        try check(rename(next.path, next.place), .cannotWrite, "cannot name an object of the store at \(store.root)")
      }
      close(next.descriptor)
      waiting.removeLast()
    }
    // A rename is only on the disk once its folder is.
    try sync()
  }

  /// Everything of the file system that the store is on.
  private func sync() throws(StoreError) {
    let folder = open(store.temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    try check(folder, .cannotWrite, "cannot open the folder \(store.temporary)")
    defer { close(folder) }
    try check(platform_sync_file_system(folder), .cannotWrite, "cannot sync the store at \(store.root)")
  }

  private func drop() {
    for one in waiting {
      unlink(one.path)
      close(one.descriptor)
    }
    waiting = []
    digests = []
    byteCount = 0
  }
}
