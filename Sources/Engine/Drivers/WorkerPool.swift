import Bytes
import CPlatform
import Evidence
import Foundation
import HeapModule
import Synchronization

/// Computes units in worker processes on this machine, as many at once as asked for.
///
/// A worker that dies takes its unit with it: the unit is tried once more in a fresh worker (the machine may have been short of
/// memory), then it has failed, and the rest goes on. So does a unit that outlives its time.
public final class WorkerPool: Sendable {
  public enum Outcome: Sendable {
    /// `also`: the result of the job's `also`, where that was computed on the way.
    case result(Digest, also: Digest?)
    case failed(String)
    /// The artifact's object is gone, or its bytes are not what its name says.
    case damaged(String)
    /// The store cannot be written: the disk is full, and every other unit would fail likewise.
    case cannotWrite(String)
  }

  /// One unit to compute.
  public struct Job: Sendable {
    public let unit: Unit
    /// Bytes of the artifact: for the order (most follows from the largest) and the time allowed.
    public let size: UInt64
    /// Bytes that the unit goes over: for progress.
    public var weight: UInt64
    /// An earlier rule set whose result may be brought up to date.
    public var base: Digest?
    /// A unit that asks rules of this one's events: computed with it, they need not be read back.
    public var also: Unit?
    /// Computes the unit from nothing, and leaves what the store has as it is.
    public var isAudit = false
    let cost: UInt64

    public init(unit: Unit, size: UInt64, weight: UInt64, base: Digest? = nil, also: Unit? = nil, isAudit: Bool = false)
    {
      self.unit = unit
      cost = Self.cost(unit, size)
      self.size = size
      self.weight = weight
      self.base = base
      self.also = also
      self.isAudit = isAudit
    }

    /// What the unit takes, as far as its kind and the artifact's size tell: YARA goes over a file many times as fast as a
    /// parser.
    private static func cost(_ unit: Unit, _ size: UInt64) -> UInt64 {
      unit.analyzer == YaraAnalyzer().name && unit.options["format"] == nil ? size / 8 : size
    }

    /// As `Worker` reads it.
    func request(withFollower: Bool, isWide: Bool) -> [UInt8] {
      var out = JSONWriter()
      out.object { out in
        out.key("unit")
        out.raw(unit.json)
        out.field("base", base?.hex)
        if withFollower, let also {
          out.key("also")
          out.raw(also.json)
        }
        if isWide { out.field("wide", true) }
        if isAudit { out.field("audit", true) }
      }
      return out.bytes
    }
  }

  /// A job among those that wait: the dearest first, and of equals always the same one.
  private struct Waiting: Comparable {
    let job: Job

    static func == (left: Self, right: Self) -> Bool { left.job.unit == right.job.unit }
    static func < (left: Self, right: Self) -> Bool {
      (left.job.cost, left.job.unit.key) < (right.job.cost, right.job.unit.key)
    }
  }

  private struct State: ~Copyable {
    var queue = Heap<Waiting>()
    /// Of all in the queue.
    var waiting: UInt64 = 0
    var outcomes: [(Job, Outcome)] = []
    var deadlines: [pid_t: Date] = [:]
    var isStopped = false
  }

  private let command: [String]
  private let state = Mutex(State())
  private let threads: Int
  private let wake = DispatchSemaphore(value: 0)
  private let news = DispatchSemaphore(value: 0)
  private let ended = DispatchGroup()

  /// - Parameters:
  ///   - command: that starts one worker.
  ///   - count: of workers at once.
  public init(command: [String], count: Int) {
    self.command = command
    threads = max(count, 1)
    platform_ignore_sigpipe()
    for _ in 0..<threads {
      ended.enter()
      let thread = Thread { [self] in
        work()
        ended.leave()
      }
      thread.stackSize = 1 << 20
      thread.start()
    }
  }

  /// Adds work. What takes longest is begun first, so that no long unit is left for the end.
  public func add(_ jobs: [Job]) {
    state.withLock { state in
      for job in jobs {
        state.queue.insert(Waiting(job: job))
        state.waiting &+= job.cost
      }
    }
    for _ in jobs { wake.signal() }
  }

  /// Takes back what no worker has begun.
  ///
  /// - Returns: how many jobs.
  public func dropWaiting() -> Int {
    state.withLock { state in
      defer {
        state.queue = Heap()
        state.waiting = 0
      }
      return state.queue.count
    }
  }

  /// What has come out since the last call; waits up to a tenth of a second for something. Kills units out of time.
  public func outcomes() -> [(Job, Outcome)] {
    _ = news.wait(timeout: .now() + .milliseconds(100))
    return state.withLock { state in
      let now = Date()
      for (pid, deadline) in state.deadlines where deadline < now { kill(pid, SIGKILL) }
      let out = state.outcomes
      state.outcomes = []
      return out
    }
  }

  /// Ends all workers at once and waits for them. What they were computing is lost, and will be computed again.
  public func stop() {
    state.withLock { state in
      state.isStopped = true
      for pid in state.deadlines.keys { kill(pid, SIGKILL) }
    }
    for _ in 0..<threads { wake.signal() }
    ended.wait()
  }

  /// Longest time that a unit may take: two minutes and a second for each MiB, many times what any takes.
  private static func allowance(_ job: Job) -> Double { 120 + Double(job.size >> 20) }

  private func work() {
    var worker: WorkerProcess?
    while true {
      wake.wait()
      let next: (job: Job?, isWide: Bool)? = state.withLock { state in
        if state.isStopped { return nil }
        guard let job = state.queue.popMax()?.job else { return (nil, false) }
        state.waiting &-= job.cost
        // The others are done with what waits before this one is.
        return (job, state.waiting < job.cost)
      }
      guard let next else { break }
      guard let job = next.job else { continue }
      let outcome = compute(job, isWide: next.isWide, &worker)
      state.withLock { $0.outcomes.append((job, outcome)) }
      news.signal()
    }
    _ = worker?.end()
  }

  private func compute(_ job: Job, isWide: Bool, _ worker: inout WorkerProcess?) -> Outcome {
    let limit = Self.allowance(job)
    for attempt in 1...2 {
      let current: WorkerProcess
      do throws(BytesError) {
        if let worker { current = worker } else { current = try WorkerProcess(command) }
      } catch {
        return .failed(error.reason)
      }
      worker = current
      let deadline = Date().addingTimeInterval(limit)
      let goesOn = state.withLock { state in
        if !state.isStopped { state.deadlines[current.pid] = deadline }
        return !state.isStopped
      }
      guard goesOn else { return .failed("interrupted") }
      // Rules that end a worker must not take the reading of a log with them: the second time it is read without them.
      let answer = current.ask(job.request(withFollower: attempt == 1, isWide: isWide))
      let stopped = state.withLock { state in
        state.deadlines[current.pid] = nil
        return state.isStopped
      }
      if let answer { return Self.read(answer) }
      let how = current.end()
      worker = nil
      if stopped { return .failed("interrupted") }
      if Date() >= deadline { return .failed("took longer than \(Int(limit)) seconds and was ended") }
      if attempt == 2 { return .failed("the worker ended with \(how), twice") }
    }
    return .failed("not computed")
  }

  private static func read(_ answer: [UInt8]) -> Outcome {
    answer.withView { line in
      let json = JSONView(line)
      if let digest = json["result"]?.string.flatMap(Digest.init(hex:)) {
        return .result(digest, also: json["also"]?.string.flatMap(Digest.init(hex:)))
      }
      let reason = json["failed"]?.string ?? "the worker's answer cannot be read"
      if json["full"]?.bool == true { return .cannotWrite(reason) }
      return json["damaged"]?.bool == true ? .damaged(reason) : .failed(reason)
    }
  }
}
