import Bytes
import Evidence
import Foundation
import Synchronization

/// Hands everything on through steps, each on a thread of its own, in the same order: reading a log and judging and writing what was
/// read keep all cores busy. What gives only a few records never starts one.
///
/// `finish` must be called, also where reading failed. A step is used by one thread at a time, and sees all that the step before
/// it has done.
final class PipelinedSink: ResultSink, @unchecked Sendable {
  fileprivate enum Other {
    case finding(Finding)
    case coverage(Coverage)
    case row(view: String, json: [UInt8])
  }

  /// What is handed over together, from one thread to the next.
  final class Batch: @unchecked Sendable {
    /// Behind the first `eventCount` are those of an earlier round, whose parts new ones are made of.
    private var events: [Event] = []
    private var eventCount = 0
    /// What came between them, each with the number of events before it.
    private var others: [(place: Int, other: Other)] = []
    /// What a step found of events, by the place of each among them.
    private var found: [(place: Int, finding: Finding)] = []
    fileprivate var bytes = 0

    fileprivate var count: Int { eventCount + others.count }

    fileprivate func exchange(_ event: inout Event) {
      if eventCount < events.count { swap(&events[eventCount], &event) } else { events.append(event) }
      eventCount += 1
    }

    fileprivate func add(_ other: Other) { others.append((eventCount, other)) }

    func add(_ finding: Finding, to place: Int) { found.append((place, finding)) }

    /// Takes each event out of its place and puts it back: a copy counts a use of each of its parts, in memory where the other
    /// threads count uses at the same time.
    func forEachEvent(_ body: (_ event: Event, _ place: Int) -> Void) {
      events.withUnsafeMutableBufferPointer { events in
        guard let base = events.baseAddress else { return }
        for place in 0..<eventCount {
          let event = (base + place).move()
          body(event, place)
          (base + place).initialize(to: event)
        }
      }
    }

    /// Everything in its order, what was found of an event behind it.
    func give(to target: any ResultSink) {
      var nextOther = 0
      var nextFound = 0
      func giveOthers(before place: Int) {
        while nextOther < others.count, others[nextOther].place <= place {
          switch others[nextOther].other {
          case .finding(let finding): target.finding(finding)
          case .coverage(let coverage): target.coverage(coverage)
          case .row(let view, let json): target.row(view: view, json: json)
          }
          nextOther += 1
        }
      }
      forEachEvent { event, place in
        giveOthers(before: place)
        target.event(event)
        while nextFound < found.count, found[nextFound].place == place {
          target.finding(found[nextFound].finding)
          nextFound += 1
        }
      }
      giveOthers(before: eventCount)
    }

    fileprivate func clear() {
      eventCount = 0
      others.removeAll(keepingCapacity: true)
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
  private static let mostItems = 256
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

  func event(_ event: Event) {
    var event = event
    exchange(&event)
  }

  func exchange(_ event: inout Event) {
    let count = event.locator.length ?? 0
    batch.exchange(&event)
    added(bytes: count)
  }

  func finding(_ finding: Finding) { add(.finding(finding), bytes: 1024) }
  func coverage(_ coverage: Coverage) { add(.coverage(coverage), bytes: 256) }
  func row(view: String, json: [UInt8]) { add(.row(view: view, json: json), bytes: UInt64(json.count)) }

  private func add(_ other: Other, bytes count: UInt64) {
    batch.add(other)
    added(bytes: count)
  }

  private func added(bytes count: UInt64) {
    batch.bytes += Int(min(count, UInt64(Self.mostBytes)))
    if batch.count >= Self.mostItems || batch.bytes >= Self.mostBytes { hand() }
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
    for place in steps.indices { startThread { [self] in work(place) } }
  }

  /// Waits until every step has had everything.
  func finish() {
    guard isRunning else {
      for step in steps { step(batch) }
      batch.clear()
      return
    }
    if batch.count > 0 { hand() }
    // Nothing in a batch: the end. It comes out behind all others.
    let end = batch
    queues[0].append(end)
    while queues[steps.count].next() !== end {}
    isRunning = false
  }

  private func work(_ place: Int) {
    while true {
      let batch = queues[place].next()
      let isEnd = batch.count == 0
      if !isEnd { steps[place](batch) }
      queues[place + 1].append(batch)
      if isEnd { return }
    }
  }
}
