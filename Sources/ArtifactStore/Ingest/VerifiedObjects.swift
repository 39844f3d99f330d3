import Bytes
import Evidence
import Foundation
import Synchronization

/// Which objects were seen to hold the bytes that their names say, and the state that their files were in at that moment.
///
/// Nothing is analyzed whose bytes were not hashed: when they were written, or since the file's state (`FileStamp`) last changed.
/// So an object that is as it was noted costs one `stat`, a 64 GB dump too, and any other is hashed once, before its first use. What changes bytes below the file system (a rotting medium) leaves no such trace: that
/// is what `ir-analyze verify` reads everything for.
public final class VerifiedObjects: Sendable {
  private struct State {
    var stamps: [Digest: FileStamp] = [:]
    /// Bytes of the file that have been read.
    var offset: UInt64 = 0
  }

  private let path: String
  private let objects: ObjectStore
  private let state = Mutex(State())

  init(directory: String, objects: ObjectStore) {
    path = directory + "/verified"
    self.objects = objects
  }

  /// True where the object is as it was when its bytes were hashed. Costs a `stat`.
  public func isUnchanged(_ digest: Digest) -> Bool {
    guard let now = objects.stamp(of: digest) else { return false }
    return state.withLock { state in
      if state.stamps[digest] == now { return true }
      // Another process may have noted it since.
      read(&state)
      return state.stamps[digest] == now
    }
  }

  /// Notes that an object's bytes have just been hashed: while they were written, or by reading them.
  public func note(_ digests: [Digest]) {
    var text = ""
    state.withLock { state in
      for digest in digests {
        guard let now = objects.stamp(of: digest), state.stamps[digest] != now else { continue }
        state.stamps[digest] = now
        text += "\(digest.hex) \(now.text)\n"
      }
    }
    guard !text.isEmpty else { return }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { return }
    // One write, so that lines of several processes do not mix. A note that is lost costs hashing the object again.
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    close(descriptor)
  }

  /// Makes sure that an object holds what its name says: hashes it unless it is as it was when that was last done.
  ///
  /// - Throws: `integrity`, naming the object, when it is gone or damaged.
  public func require(_ digest: Digest) throws(StoreError) {
    if isUnchanged(digest) { return }
    do throws(StoreError) { try objects.verify(digest) } catch {
      throw StoreError(.integrity, error.reason)
    }
    note([digest])
  }

  /// Puts a damaged object out of the way, so that its bytes can be stored again from where they came from; what is damaged is
  /// kept beside, for whoever wants to know how.
  public func setAside(_ digest: Digest) throws(StoreError) {
    let folder = (path as NSString).deletingLastPathComponent + "/damaged"
    try makeDirectory(folder)
    let place = "\(folder)/\(digest.hex).\(UInt32.random(in: 0 ... .max))"
    for form in ObjectForm.allCases {
      guard rename(objects.place(of: digest, as: form), place + form.rawValue) == 0 || errno == ENOENT else {
        throw StoreError(.cannotWrite, "cannot move the damaged object \(digest.hex): \(systemMessage())")
      }
    }
  }

  /// Reads the lines that were added since the last time. One that a crash cut short is passed over.
  private func read(_ state: inout State) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    lseek(descriptor, off_t(clamping: state.offset), SEEK_SET)
    let lines = LineReader(FileStream(descriptor: descriptor, name: path), limit: 1024)
    while let line = try? lines.next() {
      let words = line.bytes.words(limit: 6)
      guard words.count == 5, let digest = Digest(hex: words[0].string) else { continue }
      if let stamp = FileStamp(words: words[1...]) { state.stamps[digest] = stamp }
    }
    state.offset += lines.offset
  }
}
