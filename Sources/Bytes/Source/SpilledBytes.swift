import Foundation

/// Bytes that are kept for later and seldom read: beyond a little they wait in a temporary file without a name, which goes away
/// with this, also where the process is killed.
public final class SpilledBytes {
  public struct Place: Hashable, Sendable {
    var offset: UInt64
    var count: UInt32
  }

  private var memory: [UInt8] = []
  /// Bytes in the file, all before those in memory.
  private var filed: UInt64 = 0
  private var descriptor: Int32 = -1
  private let limit: Int

  /// - Parameter limit: bytes kept in memory.
  public init(limit: Int = 1 << 20) { self.limit = limit }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// - Returns: nil where the disk takes no more.
  public func append(_ bytes: UnsafeRawBufferPointer) -> Place? {
    guard let count = UInt32(exactly: bytes.count), memory.count + bytes.count <= limit || flush() else { return nil }
    let place = Place(offset: filed + UInt64(memory.count), count: count)
    memory.append(contentsOf: bytes)
    return place
  }

  /// nil where they cannot be read back.
  public func bytes(_ place: Place) -> [UInt8]? {
    if place.offset >= filed {
      let start = Int(place.offset - filed)
      guard start + Int(place.count) <= memory.count else { return nil }
      return Array(memory[start..<start + Int(place.count)])
    }
    return [UInt8](unsafeUninitializedCapacity: Int(place.count)) { buffer, filled in
      while filled < buffer.count {
        let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...])
        let read = pread(descriptor, rest.baseAddress, rest.count, off_t(clamping: place.offset) + off_t(filled))
        if read < 0, errno == EINTR { continue }
        if read <= 0 { break }
        filled += read
      }
    }.nilUnless { $0.count == Int(place.count) }
  }

  private func flush() -> Bool {
    if descriptor < 0 { descriptor = Self.temporaryFile() }
    guard descriptor >= 0 else { return false }
    let isWritten = memory.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
        let written = pwrite(descriptor, rest.baseAddress, rest.count, off_t(clamping: filed) + off_t(done))
        if written < 0, errno == EINTR { continue }
        guard written > 0 else { return false }
        done += written
      }
      return true
    }
    guard isWritten else { return false }
    filed += UInt64(memory.count)
    memory.removeAll(keepingCapacity: true)
    return true
  }

  private static func temporaryFile() -> Int32 {
    let path = "\(FileManager.default.temporaryDirectory.path)/ir-analyze-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    if descriptor >= 0 { unlink(path) }
    return descriptor
  }
}

extension Array {
  fileprivate func nilUnless(_ holds: (Self) -> Bool) -> Self? { holds(self) ? self : nil }
}
