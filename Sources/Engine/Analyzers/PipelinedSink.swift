import Evidence
import Foundation
import Synchronization

/// Hands everything on through steps, each on a thread of its own, in the same order: reading a log and judging and writing what was
/// read keep all cores busy. What gives only a few records never starts one.
///
/// `finish` must be called, also where reading failed. A step is used by one thread at a time, and sees all that the step before
/// it has done.
final class PipelinedSink: ResultSink, @unchecked Sendable {
  enum Item {
    case event(Event)
    case finding(Finding)
    case coverage(Coverage)
    case row(view: String, json: [UInt8])
  }

  /// Items that are handed over together, from one thread to the next.
  final class Batch: @unchecked Sendable {
    fileprivate(set) var items: [Item] = []
    /// What a step found of events, by the place of each among the items.
    private(set) var found: [(place: Int, finding: Finding)] = []
    fileprivate var bytes = 0

    func forEachEvent(_ body: (_ event: Event, _ place: Int) -> Void) {
      for (place, item) in items.enumerated() {
        if case .event(let event) = item { body(event, place) }
      }
    }

    func add(_ finding: Finding, to place: Int) { found.append((place, finding)) }

    /// Everything in its order, what was found of an event behind it.
    func give(to target: any ResultSink) {
      var rest = found[...]
      for (place, item) in items.enumerated() {
        switch item {
        case .event(let event): target.event(event)
        case .finding(let finding): target.finding(finding)
        case .coverage(let coverage): target.coverage(coverage)
        case .row(let view, let json): target.row(view: view, json: json)
        }
        while let next = rest.first, next.place == place {
          target.finding(next.finding)
          rest.removeFirst()
        }
      }
    }

    fileprivate func clear() {
      items.removeAll(keepingCapacity: true)
      found.removeAll(keepingCapacity: true)
      bytes = 0
    }
  }

  /// What one thread does with each batch.
  typealias Step = (Batch) -> Void

  private final class Queue: @unchecked Sendable {
    private let batches = Mutex<[Batch]>([])
    private let filled = DispatchSemaphore(value: 0)

    func append(_ batch: Batch) {
      batches.withLock { $0.append(batch) }
      filled.signal()
    }

    func next() -> Batch {
      filled.wait()
      return batches.withLock { $0.removeFirst() }
    }
  }

  /// Handed over together: so many, or records of so many bytes, whatever comes first.
  private static let mostItems = 64
  private static let mostBytes = 1 << 20
  /// Batches on their way for each step: what bounds memory.
  private static let mostBatches = 4

  private let steps: [Step]
  /// Before each step, and behind the last the batches to be used again: memory is returned to the thread that asks for it.
  private let queues: [Queue]
  private var batch = Batch()
  private var made = 1
  private var isRunning = false

  init(_ steps: [Step]) {
    self.steps = steps
    queues = (0...steps.count).map { _ in Queue() }
  }

  func event(_ event: Event) { add(.event(event), bytes: event.locator.length ?? 0) }
  func finding(_ finding: Finding) { add(.finding(finding), bytes: 1024) }
  func coverage(_ coverage: Coverage) { add(.coverage(coverage), bytes: 256) }
  func row(view: String, json: [UInt8]) { add(.row(view: view, json: json), bytes: UInt64(json.count)) }

  private func add(_ item: Item, bytes count: UInt64) {
    batch.items.append(item)
    batch.bytes += Int(min(count, UInt64(Self.mostBytes)))
    if batch.items.count >= Self.mostItems || batch.bytes >= Self.mostBytes { hand() }
  }

  private func hand() {
    if !isRunning { start() }
    queues[0].append(batch)
    if made < Self.mostBatches * steps.count {
      made += 1
      batch = Batch()
    } else {
      batch = queues[steps.count].next()
      batch.clear()
    }
  }

  private func start() {
    isRunning = true
    for place in steps.indices {
      let thread = Thread { [self] in work(place) }
      // As the main thread has.
      thread.stackSize = 8 << 20
      thread.start()
    }
  }

  /// Waits until every step has had everything.
  func finish() {
    guard isRunning else {
      for step in steps { step(batch) }
      batch.clear()
      return
    }
    if !batch.items.isEmpty { hand() }
    // Nothing in a batch: the end. It comes out behind all others.
    let end = batch
    queues[0].append(end)
    while queues[steps.count].next() !== end {}
    isRunning = false
  }

  private func work(_ place: Int) {
    while true {
      let batch = queues[place].next()
      let isEnd = batch.items.isEmpty
      if !isEnd { steps[place](batch) }
      queues[place + 1].append(batch)
      if isEnd { return }
    }
  }
}
