import Evidence
import Foundation
import Synchronization

/// Hands everything on to another sink, in the same order, on a thread of its own: reading a log and judging what was read keep
/// two cores busy. What gives only a few records never starts one.
///
/// `finish` must be called, also where reading failed; the target is used by one thread at a time.
final class PipelinedSink: ResultSink, @unchecked Sendable {
  private enum Item {
    case event(Event)
    case finding(Finding)
    case coverage(Coverage)
    case row(view: String, json: [UInt8])
  }

  /// Handed over together: so many, or records of so many bytes, whatever comes first.
  private static let mostItems = 64
  private static let mostBytes = 1 << 20
  /// Batches on their way: what bounds memory.
  private static let mostBatches = 4

  private let target: any ResultSink
  private var batch: [Item] = []
  private var bytes = 0
  private var isRunning = false
  private let waiting = Mutex<[[Item]]>([])
  /// Batches that were dealt with, to be let go where they were made: memory is returned to the thread that asks for it.
  private let spent = Mutex<[[Item]]>([])
  private let room = DispatchSemaphore(value: 0)
  private let filled = DispatchSemaphore(value: 0)
  private let ended = DispatchSemaphore(value: 0)

  init(_ target: any ResultSink) {
    self.target = target
    // A semaphore made with this value would trap if it were let go with less.
    for _ in 0..<Self.mostBatches { room.signal() }
  }

  func event(_ event: Event) { add(.event(event), bytes: event.locator.length ?? 0) }
  func finding(_ finding: Finding) { add(.finding(finding), bytes: 1024) }
  func coverage(_ coverage: Coverage) { add(.coverage(coverage), bytes: 256) }
  func row(view: String, json: [UInt8]) { add(.row(view: view, json: json), bytes: UInt64(json.count)) }

  private func add(_ item: Item, bytes count: UInt64) {
    batch.append(item)
    bytes += Int(min(count, UInt64(Self.mostBytes)))
    if batch.count >= Self.mostItems || bytes >= Self.mostBytes { hand() }
  }

  private func hand() {
    if !isRunning {
      isRunning = true
      let thread = Thread { [self] in work() }
      // As the main thread has.
      thread.stackSize = 8 << 20
      thread.start()
    }
    room.wait()
    waiting.withLock { $0.append(batch) }
    filled.signal()
    batch = spent.withLock { spent in spent.popLast() ?? [] }
    batch.removeAll(keepingCapacity: true)
    bytes = 0
  }

  /// Waits until the target has everything.
  func finish() {
    guard isRunning else {
      give(batch)
      batch = []
      return
    }
    if !batch.isEmpty { hand() }
    // Nothing in a batch: the end.
    hand()
    ended.wait()
    isRunning = false
  }

  private func work() {
    while true {
      filled.wait()
      let next = waiting.withLock { $0.removeFirst() }
      if next.isEmpty { break }
      give(next)
      spent.withLock { $0.append(next) }
      room.signal()
    }
    ended.signal()
  }

  private func give(_ items: [Item]) {
    for item in items {
      switch item {
      case .event(let event): target.event(event)
      case .finding(let finding): target.finding(finding)
      case .coverage(let coverage): target.coverage(coverage)
      case .row(let view, let json): target.row(view: view, json: json)
      }
    }
  }
}
