import Foundation
import Synchronization

/// Reads another stream ahead of whoever asks, on a thread of its own, so that unpacking and parsing keep two cores busy. The thread
/// begins with the first bytes that are asked for, and ends with this.
public final class ReadAheadStream: ByteStream {
  private let ahead: Ahead
  public let encodings: [String]
  private var isRunning = false
  /// The part that is handed out, and how much of it has been.
  private var part: Int?
  private var done = 0
  private var isAtEnd = false

  /// - Parameter stream: used by nobody else from now on.
  public init(_ stream: any ByteStream) {
    encodings = stream.encodings
    ahead = Ahead(stream)
  }

  deinit { if isRunning { ahead.stop() } }

  /// Known at the end.
  public var damage: String? { isAtEnd ? ahead.stream.damage : nil }

  public func read(into buffer: UnsafeMutableRawBufferPointer) throws(BytesError) -> Int {
    if isAtEnd || buffer.isEmpty { return 0 }
    if !isRunning {
      isRunning = true
      ahead.start()
    }
    let place = part ?? ahead.next()
    part = place
    let bytes = try ahead.bytes(place)
    if bytes.isEmpty {
      isAtEnd = true
      return 0
    }
    let count = min(buffer.count, bytes.count - done)
    buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[done..<done + count]))
    done += count
    if done == bytes.count {
      done = 0
      part = nil
      ahead.free()
    }
    return count
  }
}

/// What both threads know. A part belongs to one of them at a time: the semaphores hand it over.
private final class Ahead: @unchecked Sendable {
  private static let partSize = 1 << 18
  private static let partCount = 4

  let stream: any ByteStream
  private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: partSize * partCount, alignment: 64)
  /// Bytes in each part; negative where reading failed.
  private let counts = UnsafeMutableBufferPointer<Int>.allocate(capacity: partCount)
  private var failure: BytesError?
  private let filled = DispatchSemaphore(value: 0)
  private let emptied = DispatchSemaphore(value: 0)
  private let isStopped = Atomic<Bool>(false)
  private var taken = 0

  init(_ stream: any ByteStream) { self.stream = stream }

  deinit {
    memory.deallocate()
    counts.deallocate()
  }

  func start() {
    for _ in 0..<Self.partCount { emptied.signal() }
    startThread { [self] in run() }
  }

  private func run() {
    var place = 0
    while true {
      emptied.wait()
      if isStopped.load(ordering: .acquiring) { return }
      var count = -1
      do throws(BytesError) { count = try fill(memory(place)) } catch { failure = error }
      counts[place] = count
      filled.signal()
      if count <= 0 { return }
      place = (place + 1) % Self.partCount
    }
  }

  private func memory(_ place: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(rebasing: memory[place * Self.partSize..<(place + 1) * Self.partSize])
  }

  /// Decoders give a little at a time, and a part is worth the handing over when it is full.
  private func fill(_ part: UnsafeMutableRawBufferPointer) throws(BytesError) -> Int {
    var count = 0
    while count < part.count / 2 {
      let more = try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: part[count...]))
      if more == 0 { break }
      count += more
    }
    return count
  }

  /// Waits for the part that comes next.
  func next() -> Int {
    filled.wait()
    defer { taken = (taken + 1) % Self.partCount }
    return taken
  }

  func bytes(_ place: Int) throws(BytesError) -> UnsafeRawBufferPointer {
    if counts[place] < 0, let failure { throw failure }
    return UnsafeRawBufferPointer(rebasing: memory(place)[..<max(counts[place], 0)])
  }

  func free() { emptied.signal() }

  func stop() {
    isStopped.store(true, ordering: .releasing)
    emptied.signal()
  }
}
