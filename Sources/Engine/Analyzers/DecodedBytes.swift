import Bytes
import Foundation

/// A decoded stream as bytes in one piece, so that whole-object conditions (`filesize`, offsets) stay exact: in memory while it
/// is small, else in a mapped file without a name, so that memory does not grow with it.
final class DecodedBytes {
  /// What is held in memory; a worker has one of these at a time.
  private static let mostInMemory = 128 << 20

  private let memory: UnsafeMutableRawBufferPointer
  private var count = 0
  private var file: MappedFile?

  init(_ stream: any ByteStream) throws {
    // Pages are given as they are written to.
    guard
      let base = mmap(
        nil, Self.mostInMemory, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
      base != MAP_FAILED
    else { throw BytesError(.tooLarge, "cannot have \(Self.mostInMemory >> 20) MiB of memory: \(systemMessage())") }
    memory = UnsafeMutableRawBufferPointer(start: base, count: Self.mostInMemory)
    madvise(base, Self.mostInMemory, MADV_HUGEPAGE)
    while count < memory.count {
      let read = try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: memory[count...]))
      if read == 0 { return }
      count += read
    }
    file = try Self.file(beginning: UnsafeRawBufferPointer(memory), stream)
    // All of it is in the file now.
    madvise(base, memory.count, MADV_DONTNEED)
  }

  deinit { munmap(memory.baseAddress, memory.count) }

  /// All bytes, valid inside the closure.
  func withView<Result>(_ body: (ByteView) throws -> Result) rethrows -> Result {
    if let file { return try file.withView(body) }
    return try withExtendedLifetime(self) {
      try body(ByteView(UnsafeRawBufferPointer(rebasing: memory[..<count])))
    }
  }

  private static func file(beginning: UnsafeRawBufferPointer, _ stream: any ByteStream) throws -> MappedFile {
    let path = "\(FileManager.default.temporaryDirectory.path)/ir-analyze-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw BytesError(.cannotOpen, "cannot make a temporary file: \(systemMessage())") }
    defer {
      close(descriptor)
      unlink(path)
    }
    try write(beginning, to: descriptor)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { buffer.deallocate() }
    while true {
      let read = try stream.read(into: buffer)
      if read == 0 { break }
      try write(UnsafeRawBufferPointer(rebasing: buffer[..<read]), to: descriptor)
    }
    return try MappedFile(path: path)
  }

  private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws {
    var done = 0
    while done < bytes.count {
      let written = Foundation.write(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done)
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw BytesError(.cannotRead, "cannot write a temporary file: \(systemMessage())") }
      done += written
    }
  }
}
