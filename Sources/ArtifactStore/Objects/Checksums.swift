import Bytes
import Evidence
import Foundation
import Synchronization

/// The two older digests that collections and courts still carry, beside the SHA-256 that names an object. Lower-case
/// hexadecimal; nil where OpenSSL refuses one (MD5 under a FIPS policy). They identify; they prove nothing.
public struct Checksums: Hashable, Sendable {
  public var md5: String?
  public var sha1: String?

  public init(md5: String?, sha1: String?) {
    self.md5 = md5
    self.sha1 = sha1
  }

  /// By one pass over bytes at hand.
  public init(of bytes: ByteView) {
    let md5 = StreamingHash(.md5)
    let sha1 = StreamingHash(.sha1)
    md5.update(bytes.unsafeBytes)
    sha1.update(bytes.unsafeBytes)
    self.init(md5: md5, sha1: sha1)
  }

  init(md5: StreamingHash, sha1: StreamingHash) {
    func text(_ hash: StreamingHash) -> String? {
      let bytes = hash.finish()
      return bytes.isEmpty ? nil : hexadecimal(bytes)
    }
    self.init(md5: text(md5), sha1: text(sha1))
  }
}

/// MD5 and SHA-1 of a stream, made on a thread of its own: MD5 alone takes longer than everything else that ingest does to a
/// byte. Small objects never start the thread.
final class SideHashes {
  private let md5 = StreamingHash(.md5)
  private let sha1 = StreamingHash(.sha1)
  private var worker: HashThread?

  /// Objects up to this size are hashed where they are: a thread costs more.
  private static let smallSize = 1 << 18
  private var seen = 0

  /// - Parameter bytes: copied where the thread has them to do.
  func update(_ bytes: UnsafeRawBufferPointer) {
    seen = seen.addingReportingOverflow(bytes.count).partialValue
    if worker == nil, seen > Self.smallSize { worker = HashThread(md5, sha1) }
    if let worker {
      worker.add(bytes)
    } else {
      md5.update(bytes)
      sha1.update(bytes)
    }
  }

  func finish() -> Checksums {
    worker?.finish()
    return Checksums(md5: md5, sha1: sha1)
  }

  deinit { worker?.finish() }
}

/// One thread that hashes blocks in order; at most `capacity` of them wait.
private final class HashThread: @unchecked Sendable {
  private let condition = NSCondition()
  private var waiting: [[UInt8]] = []
  private var spare: [[UInt8]] = []
  private var isEnding = false
  private var hasEnded = false

  private static let capacity = 8

  init(_ md5: StreamingHash, _ sha1: StreamingHash) {
    // Both hashes belong to the thread until `finish` returns.
    nonisolated(unsafe) let hashes = (md5, sha1)
    let thread = Thread { [self] in
      while let block = next() {
        block.withUnsafeBytes {
          hashes.0.update($0)
          hashes.1.update($0)
        }
        giveBack(block)
      }
      condition.withLock {
        hasEnded = true
        condition.broadcast()
      }
    }
    thread.start()
  }

  func add(_ bytes: UnsafeRawBufferPointer) {
    var block: [UInt8] = condition.withLock {
      while waiting.count >= Self.capacity { condition.wait() }
      return spare.popLast() ?? []
    }
    block.removeAll(keepingCapacity: true)
    block.append(contentsOf: bytes)
    condition.withLock {
      waiting.append(block)
      condition.broadcast()
    }
  }

  private func next() -> [UInt8]? {
    condition.withLock {
      while waiting.isEmpty, !isEnding { condition.wait() }
      guard !waiting.isEmpty else { return nil }
      let block = waiting.removeFirst()
      condition.broadcast()
      return block
    }
  }

  private func giveBack(_ block: [UInt8]) {
    condition.withLock { if spare.count < Self.capacity { spare.append(block) } }
  }

  /// Returns when every block is hashed.
  func finish() {
    condition.withLock {
      isEnding = true
      condition.broadcast()
      while !hasEnded { condition.wait() }
    }
  }
}

/// Checksums made while objects came in, until the case database takes them.
final class ChecksumNotes: Sendable {
  private let notes = Mutex<[Digest: Checksums]>([:])

  /// Objects of other kinds (results, members of archives) are put too and never asked for.
  private static let capacity = 1 << 18

  func note(_ digest: Digest, _ checksums: Checksums) {
    notes.withLock { if $0.count < Self.capacity { $0[digest] = checksums } }
  }

  subscript(_ digest: Digest) -> Checksums? { notes.withLock { $0[digest] } }
}
