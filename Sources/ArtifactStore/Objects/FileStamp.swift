import Bytes
import Evidence
import Foundation

/// The state of a file, or of two: what cannot be written, cut or replaced without a change here, since the kernel sets the
/// status-change time and no call sets it back.
struct FileStamp: Hashable {
  private var inode: UInt64
  private var byteCount: UInt64
  private var modified: Int64
  private var changed: Int64

  /// - Returns: nil where there is no such file.
  init?(of path: String) {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    inode = UInt64(status.st_ino)
    byteCount = UInt64(max(status.st_size, 0))
    modified = Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
    changed = Int64(status.st_ctim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_ctim.tv_nsec)
  }

  /// Reads the four numbers that `text` writes.
  init?(words: ArraySlice<ByteView>) {
    let numbers = words.compactMap(\.integer)
    guard numbers.count == 4 else { return nil }
    inode = UInt64(bitPattern: numbers[0])
    byteCount = UInt64(bitPattern: numbers[1])
    modified = numbers[2]
    changed = numbers[3]
  }

  var text: String { "\(Int64(bitPattern: inode)) \(Int64(bitPattern: byteCount)) \(modified) \(changed)" }

  /// This file and another: a change of either changes what comes of it.
  func with(_ other: FileStamp) -> FileStamp {
    var both = self
    both.inode = inode &* 31 &+ other.inode
    both.byteCount = byteCount &+ other.byteCount
    both.modified = max(modified, other.modified)
    both.changed = max(changed, other.changed)
    return both
  }
}

extension ObjectStore {
  /// The state of the files that an object's bytes come from; nil where one is not there.
  func stamp(of digest: Digest) -> FileStamp? {
    // Nearly all are plain: no look first.
    if let stamp = FileStamp(of: place(of: digest, as: .plain)) { return stamp }
    guard let form = form(of: digest), let stamp = FileStamp(of: place(of: digest, as: form)) else { return nil }
    guard form == .packed else { return stamp }
    return base(of: digest).flatMap { FileStamp(of: place(of: $0, as: .plain)) }.map(stamp.with)
  }
}
