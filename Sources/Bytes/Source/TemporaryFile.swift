import Foundation

/// A file without a name, for what does not fit into memory for a while: it goes away with this, also where the process is killed.
public final class TemporaryFile {
  private let descriptor: Int32
  public private(set) var byteCount: UInt64 = 0

  public init() throws(BytesError) {
    let path = "\(FileManager.default.temporaryDirectory.path)/ir-analyze-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw BytesError(.cannotOpen, "cannot make a temporary file: \(systemMessage())") }
    unlink(path)
  }

  deinit { close(descriptor) }

  /// By which this process can open it once more.
  public var path: String { "/proc/self/fd/\(descriptor)" }

  public func append(_ bytes: UnsafeRawBufferPointer) throws(BytesError) {
    var done = 0
    while done < bytes.count {
      let place = off_t(clamping: byteCount) + off_t(done)
      let written = pwrite(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done, place)
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw BytesError(.cannotRead, "cannot write a temporary file: \(systemMessage())") }
      done += written
    }
    byteCount += UInt64(bytes.count)
  }

  /// - Returns: how many bytes were read.
  public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) -> Int {
    var filled = 0
    while filled < buffer.count {
      let place = off_t(clamping: offset) + off_t(filled)
      let count = pread(descriptor, buffer.baseAddress?.advanced(by: filled), buffer.count - filled, place)
      if count < 0, errno == EINTR { continue }
      if count <= 0 { break }
      filled += count
    }
    return filled
  }

  /// All of it, mapped; what is appended later is not in it.
  public func mapped() throws(BytesError) -> MappedFile {
    try MappedFile(descriptor: descriptor, named: "temporary file")
  }
}
