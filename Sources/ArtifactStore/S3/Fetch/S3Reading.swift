import Bytes
import Foundation

/// Objects read one after the other through a bounded window of ranges in flight. The owner of the threads that fetch: when it
/// goes, they end.
final class S3Reading {
  private let queue: RangeQueue

  init(_ client: S3Client, _ objects: [(object: S3Object, start: UInt64)]) {
    queue = RangeQueue(client, objects.map { RangeQueue.Item(object: $0.object, start: $0.start) })
    queue.start()
  }

  deinit { queue.stop() }

  /// The object of that number, which must not be before one that was opened already. Waits for its first bytes.
  func open(_ index: Int) throws(StoreError) -> S3ObjectStream {
    let first = try queue.next(of: index)
    return S3ObjectStream(self, queue, index, first)
  }
}

/// One object of S3 as a stream, whole or failed: a stream that ends has given every byte of the version that was listed.
public final class S3ObjectStream: ByteStream {
  public let object: S3Object
  public let facts: S3Facts
  /// Of the first byte handed out, in the object.
  public let start: UInt64

  private let reading: S3Reading
  private let queue: RangeQueue
  private let index: Int
  private var range: RangeQueue.Range?
  private var place = 0
  private var failure: StoreError?

  init(_ reading: S3Reading, _ queue: RangeQueue, _ index: Int, _ first: RangeQueue.Range) {
    self.reading = reading
    self.queue = queue
    self.index = index
    range = first
    object = queue.items[index].object
    start = queue.items[index].start
    facts = first.facts
  }

  deinit { if let range { queue.giveBack(range) } }

  public func read(into buffer: UnsafeMutableRawBufferPointer) throws(BytesError) -> Int {
    do throws(StoreError) {
      guard let bytes = try rest() else { return 0 }
      let count = min(buffer.count, bytes.count)
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
      place += count
      return count
    } catch {
      throw BytesError(.cannotRead, error.reason)
    }
  }

  /// What follows, without a copy; nil at the end. Valid until the next call.
  func nextBytes() throws(StoreError) -> UnsafeRawBufferPointer? {
    guard let bytes = try rest() else { return nil }
    place += bytes.count
    return bytes
  }

  private func rest() throws(StoreError) -> UnsafeRawBufferPointer? {
    while let range {
      if place < range.bytes.count { return UnsafeRawBufferPointer(rebasing: range.bytes[place...]) }
      self.range = nil
      place = 0
      let isLast = range.isLast
      queue.giveBack(range)
      if isLast { return nil }
      do throws(StoreError) { self.range = try queue.next(of: index) } catch { failure = error }
    }
    if let failure { throw failure }
    return nil
  }
}
