import Bytes
import Foundation
import Synchronization

/// Answers lines of standard input on several threads and prints the answers in the order of the lines.
///
/// Lines are handed on a batch at a time, and at once where no further one is at hand: who asks line by line is answered line
/// by line. The batches under way are few, so memory is bounded by the longest lines.
final class LineWork: @unchecked Sendable {
  /// Longest line of input that is taken whole.
  private static let longestLine = 64 << 20
  /// Bytes of lines that are handed on together: what a thread is woken for must be worth it.
  private static let batchSize = 32 << 10

  private struct Batch {
    var number = 0
    var bytes: [UInt8] = []
    var ends: [Int] = []
  }

  private let answer: @Sendable (ByteView, inout [UInt8]) -> Void
  private let threads: Int
  private let output = OrderedOutput()
  private let queue = Mutex<[Batch]>([])
  private let filled = DispatchSemaphore(value: 0)
  private let room: DispatchSemaphore

  /// - Parameter answer: appends what is to be printed for one line, with its line end.
  init(threads: Int, _ answer: @escaping @Sendable (ByteView, inout [UInt8]) -> Void) {
    self.threads = max(threads, 1)
    self.answer = answer
    room = DispatchSemaphore(value: 2 * max(threads, 1))
  }

  func run() throws {
    let ended = DispatchSemaphore(value: 0)
    for _ in 0..<threads {
      startThread { [self] in
        while let batch = take() { work(on: batch) }
        ended.signal()
      }
    }
    // Whatever could be read is answered, also where reading fails further on.
    defer {
      for _ in 0..<threads { filled.signal() }
      for _ in 0..<threads { ended.wait() }
    }
    let reader = LineReader(FileStream(descriptor: dup(0), name: "standard input"), limit: Self.longestLine)
    var batch = Batch()
    while let line = try reader.next() {
      batch.bytes += line.bytes.unsafeBytes
      batch.ends.append(batch.bytes.count)
      if reader.hasLine, batch.bytes.count < Self.batchSize { continue }
      hand(batch)
      batch = Batch(number: batch.number + 1)
    }
  }

  private func hand(_ batch: Batch) {
    room.wait()
    queue.withLock { $0.append(batch) }
    filled.signal()
  }

  /// nil at the end.
  private func take() -> Batch? {
    filled.wait()
    return queue.withLock { $0.isEmpty ? nil : $0.removeFirst() }
  }

  private func work(on batch: Batch) {
    var out: [UInt8] = []
    batch.bytes.withUnsafeBytes { bytes in
      var start = 0
      for end in batch.ends {
        answer(ByteView(UnsafeRawBufferPointer(rebasing: bytes[start..<end])), &out)
        start = end
      }
    }
    out.withUnsafeBytes { output.write($0, of: batch.number) }
    output.finish(batch.number)
    room.signal()
  }
}
