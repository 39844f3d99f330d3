import Bytes
import Foundation
import Synchronization

/// A decoded stream as bytes in one piece, so that whole-object conditions (`filesize`, offsets) stay exact: in memory while it
/// is small, else in a mapped file without a name, so that memory does not grow with it.
final class DecodedBytes {
  /// What is held in memory; a worker has one of these at a time.
  private static let mostInMemory = 128 << 20

  /// Of that, what is kept for the next: most files are small, and pages given anew are zeroed first, which takes longer than
  /// decoding into them.
  private static let mostKept = 32 << 20
  private static let kept = Mutex<Memory?>(nil)

  private struct Memory: @unchecked Sendable { var bytes: UnsafeMutableRawBufferPointer }

  private let memory: UnsafeMutableRawBufferPointer
  private var count = 0
  private var file: MappedFile?

  init(_ stream: any ByteStream) throws {
    memory = try Self.takeMemory()
    let base = memory.baseAddress
    while count < memory.count {
      let read = try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: memory[count...]))
      if read == 0 { return }
      count += read
    }
    file = try Self.file(beginning: UnsafeRawBufferPointer(memory), stream)
    // All of it is in the file now.
    madvise(base, memory.count, MADV_DONTNEED)
  }

  deinit {
    if count > Self.mostKept {
      madvise(memory.baseAddress?.advanced(by: Self.mostKept), memory.count - Self.mostKept, MADV_DONTNEED)
    }
    let isKept = Self.kept.withLock { [memory] kept in
      guard kept == nil else { return false }
      kept = Memory(bytes: memory)
      return true
    }
    if !isKept { munmap(memory.baseAddress, memory.count) }
  }

  private static func takeMemory() throws -> UnsafeMutableRawBufferPointer {
    let known = kept.withLock { kept in
      defer { kept = nil }
      return kept
    }
    if let known { return known.bytes }
    // Pages are given as they are written to.
    guard
      let base = mmap(nil, mostInMemory, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
      base != MAP_FAILED
    else { throw BytesError(.tooLarge, "cannot have \(mostInMemory >> 20) MiB of memory: \(systemMessage())") }
    madvise(base, mostInMemory, MADV_HUGEPAGE)
    return UnsafeMutableRawBufferPointer(start: base, count: mostInMemory)
  }

  /// All bytes, valid inside the closure.
  func withView<Result>(_ body: (ByteView) throws -> Result) rethrows -> Result {
    if let file { return try file.withView(body) }
    return try withExtendedLifetime(self) {
      try body(ByteView(UnsafeRawBufferPointer(rebasing: memory[..<count])))
    }
  }

  private static func file(beginning: UnsafeRawBufferPointer, _ stream: any ByteStream) throws -> MappedFile {
    let file = try TemporaryFile()
    try file.append(beginning)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { buffer.deallocate() }
    while true {
      let read = try stream.read(into: buffer)
      if read == 0 { return try file.mapped() }
      try file.append(UnsafeRawBufferPointer(rebasing: buffer[..<read]))
    }
  }
}
