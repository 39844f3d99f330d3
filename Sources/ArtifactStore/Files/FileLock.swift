import Bytes
import Foundation
import Synchronization

/// A lock between processes, held on a file that stays. The system lets go of it when its holder dies.
final class FileLock: Sendable {
  enum Kind { case shared, exclusive }

  private let path: String
  private let descriptor: Mutex<Int32>

  /// Waits until the lock is free.
  ///
  /// - Parameter mayWrite: false where nothing can be written, or nothing should be: the file is taken as it is. Where it is not
  ///   there, may not be read, or lies on a file system without locks, there is none, and nobody is kept out.
  init(_ path: String, _ kind: Kind, mayWrite: Bool = true) throws(StoreError) {
    self.path = path
    let opened = Foundation.open(path, mayWrite ? O_RDWR | O_CREAT | O_CLOEXEC : O_RDONLY | O_CLOEXEC, 0o644)
    if mayWrite { try check(opened, .cannotWrite, "cannot open the lock \(path)") }
    descriptor = Mutex(opened)
    while opened >= 0, flock(opened, kind == .shared ? LOCK_SH : LOCK_EX) != 0 {
      if errno == EINTR { continue }
      guard mayWrite else { break }
      throw StoreError(.cannotWrite, "cannot lock \(path): \(systemMessage())")
    }
  }

  deinit { release() }

  func release() {
    descriptor.withLock { descriptor in
      if descriptor >= 0 { close(descriptor) }
      descriptor = -1
    }
  }

  /// Makes a shared lock exclusive.
  ///
  /// - Returns: false where somebody else holds it, and then the lock may have to be taken again with `share`.
  func tryExclusive() -> Bool { descriptor.withLock { flock($0, LOCK_EX | LOCK_NB) == 0 } }

  /// Makes it exclusive, however long that takes. It is let go of meanwhile, so two that wait do not wait for each other.
  func waitExclusive() { descriptor.withLock { while flock($0, LOCK_EX) != 0, errno == EINTR {} } }

  /// Makes it shared (again).
  func share() { descriptor.withLock { while flock($0, LOCK_SH) != 0, errno == EINTR {} } }
}
