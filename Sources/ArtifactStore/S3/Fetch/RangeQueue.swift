import Bytes
import Foundation

/// Fetches the ranges of some objects with several threads, and hands them out in order. At most a window of ranges is fetched or
/// waiting at any time, so the memory is bounded whatever the objects.
///
/// A large object begins on one connection (`ObjectFlow`), and goes on in ranges where that is measured to be slower.
///
/// - Note: `@unchecked`: everything that changes is read and written under `condition`.
final class RangeQueue: @unchecked Sendable {
  struct Item {
    var object: S3Object
    var start: UInt64
  }

  /// Bytes that came. The buffer goes back with `giveBack`.
  struct Range {
    var item: Int
    var facts: S3Facts
    var isLast: Bool
    fileprivate(set) var buffer: UnsafeMutableRawBufferPointer
    fileprivate(set) var count: Int

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffer[..<count]) }
  }

  /// One GET to do.
  struct Work {
    var number: Int
    var item: Int
    var start: UInt64
    var count: Int
    var isLast: Bool
    /// Bytes of the object from `start` on.
    var left: UInt64
  }

  let items: [Item]

  private let client: S3Client
  private let fetcher: RangeFetcher
  private let size: Int
  private let window: Int
  private let threads: Int
  private let flag = StopFlag()
  private let condition = NSCondition()

  // Under the condition:
  private var cursor = (item: 0, start: UInt64(0), number: 0)
  private var reading = 0
  private var results: [Int: Result<Range, StoreError>] = [:]
  private var owners: [Int: Int] = [:]
  private var opened = 0
  private var failed: Set<Int> = []
  /// The item that comes over one connection; nobody else claims meanwhile.
  private var flowing: Int?
  private var outstanding = 0
  private var spare: [UnsafeMutableRawBufferPointer] = []

  init(_ client: S3Client, _ items: [Item]) {
    self.items = items
    self.client = client
    fetcher = RangeFetcher(client)
    size = min(max(client.options.rangeSize, 1 << 16), 64 << 20)
    threads = min(max(client.options.connections, 1), 64)
    window = threads + 2
    cursor.start = items.first?.start ?? 0
  }

  deinit {
    for case .success(let range) in results.values { range.buffer.deallocate() }
    for buffer in spare { buffer.deallocate() }
  }

  func start() {
    var ranges: UInt64 = 0
    for item in items where ranges < UInt64(threads) {
      ranges += 1 + (item.object.byteCount - min(item.start, item.object.byteCount)) / UInt64(size)
    }
    for _ in 0..<min(threads, Int(clamping: ranges)) {
      let thread = Thread { [self] in
        while let work = claim() {
          if flows(work) { flow(work) } else { finish(work) }
        }
      }
      thread.name = "s3"
      thread.start()
    }
  }

  /// Ends the threads; requests under way are cut.
  func stop() {
    flag.set()
    condition.lock()
    condition.broadcast()
    condition.unlock()
  }

  /// The next range of an item. Ranges of earlier items that nobody read are dropped.
  func next(of item: Int) throws(StoreError) -> Range {
    condition.lock()
    defer { condition.unlock() }
    if item > opened {
      opened = item
      condition.broadcast()
    }
    while true {
      while let owner = owners[reading], owner < item, let old = results.removeValue(forKey: reading) {
        if case .success(let range) = old { recycle(range.buffer) }
        owners[reading] = nil
        reading += 1
        condition.broadcast()
      }
      if owners[reading] == item, let result = results.removeValue(forKey: reading) {
        owners[reading] = nil
        reading += 1
        condition.broadcast()
        return try result.get()
      }
      if flag.isSet { throw StoreError(.cannotRead, "stopped") }
      condition.wait()
    }
  }

  func giveBack(_ range: Range) {
    condition.lock()
    recycle(range.buffer)
    condition.broadcast()
    condition.unlock()
  }

  /// Whole buffers are used again: new ones cost a page fault for every 4 KiB.
  private func recycle(_ buffer: UnsafeMutableRawBufferPointer) {
    outstanding -= 1
    if buffer.count == size, spare.count < window { spare.append(buffer) } else { buffer.deallocate() }
  }

  /// The next range to fetch, once the window has room for it.
  ///
  /// - Parameter item: the object that the caller fetches over one connection; its end gives nil.
  private func claim(of item: Int? = nil) -> Work? {
    condition.lock()
    defer { condition.unlock() }
    while true {
      if flag.isSet { return nil }
      while cursor.item < items.count, cursor.item < opened || failed.contains(cursor.item) {
        advance()
      }
      guard cursor.item < items.count, item == nil || item == cursor.item else { return nil }
      if outstanding < window, flowing == item {
        let left = items[cursor.item].object.byteCount - min(cursor.start, items[cursor.item].object.byteCount)
        let count = min(left, UInt64(size))
        let work = Work(
          number: cursor.number, item: cursor.item, start: cursor.start, count: Int(count), isLast: count == left,
          left: left)
        if flows(work) { flowing = work.item }
        owners[work.number] = work.item
        outstanding += 1
        cursor.number += 1
        cursor.start += count
        if work.isLast { advance() }
        return work
      }
      condition.wait()
    }
  }

  /// True where an object is begun, and has enough of itself for one connection to be worth a try.
  private func flows(_ work: Work) -> Bool {
    client.options.isTryingOneConnection && work.start == items[work.item].start && work.left > 2 * UInt64(size)
  }

  /// Fetches an object over one connection, until it is over or more connections are faster.
  private func flow(_ first: Work) {
    let flow = ObjectFlow(client, stop: flag)
    var next: Work? = first
    while let work = next {
      finish(work, through: flow)
      next = flow.isSlower(than: threads, ofBytes: size) ? nil : claim(of: first.item)
    }
    condition.lock()
    flowing = nil
    condition.broadcast()
    condition.unlock()
  }

  private func advance() {
    cursor.item += 1
    cursor.start = cursor.item < items.count ? items[cursor.item].start : 0
  }

  private func finish(_ work: Work, through flow: ObjectFlow? = nil) {
    condition.lock()
    let isWhole = work.count > size / 2
    let buffer =
      (isWhole ? spare.popLast() : nil)
      ?? .allocate(byteCount: isWhole ? size : max(work.count, 1), alignment: 4096)
    condition.unlock()
    let object = items[work.item].object
    let target = UnsafeMutableRawBufferPointer(rebasing: buffer[..<work.count])
    let result: Result<Range, StoreError>
    do throws(StoreError) {
      let facts = try fetcher.fetch(object, from: work.start, into: target, through: flow, stop: flag)
      result = .success(
        Range(item: work.item, facts: facts, isLast: work.isLast, buffer: buffer, count: work.count))
    } catch {
      result = .failure(error)
    }
    condition.lock()
    if case .failure = result {
      recycle(buffer)
      // The rest of a failed object is not worth its bytes.
      failed.insert(work.item)
    }
    results[work.number] = result
    condition.broadcast()
    condition.unlock()
  }
}
