import Bytes
import Evidence
import Foundation

/// What Sigma rules cost: how many events a second they can be asked of, and which of them speak.
public struct SigmaMeasure: Sendable {
  public var events = 0
  /// On the clock, and on all processors together.
  public var seconds = 0.0
  public var processorSeconds = 0.0
  /// Titles of rules and how often they spoke, most often first.
  public var findings: [(title: String, count: Int)] = []

  /// - Parameters:
  ///   - text: events as JSON Lines: a rule's samples, or the `timeline.jsonl` of a run.
  ///   - repeats: how often to go through them.
  ///   - workers: threads, each with a part of the events.
  /// - Returns: nil with the number of the line that is no event.
  public static func run(
    _ rules: SigmaRules, _ text: ByteView, repeats: Int, workers: Int
  ) -> (measure: SigmaMeasure?, brokenLine: Int?) {
    let (events, broken) = SigmaSamples.events(text)
    if let broken { return (nil, broken) }
    let count = max(1, min(workers, events.count))
    let parts = (0..<count).map { events[(events.count * $0 / count)..<(events.count * ($0 + 1) / count)] }
    var measure = SigmaMeasure()
    let start = (clock(CLOCK_MONOTONIC), clock(CLOCK_PROCESS_CPUTIME_ID))
    let found = Parallel.map(parts, workers: count) { part in
      var found: [String: Int] = [:]
      for _ in 0..<max(repeats, 1) { found.merge(Self.findings(rules, part)) { $0 + $1 } }
      return found
    }
    measure.seconds = clock(CLOCK_MONOTONIC) - start.0
    measure.processorSeconds = clock(CLOCK_PROCESS_CPUTIME_ID) - start.1
    measure.events = events.count * max(repeats, 1)
    var all: [String: Int] = [:]
    for part in found { all.merge(part) { $0 + $1 } }
    if count > 1, !rules.correlations.isEmpty {
      // A part of the events says nothing of what they come to together.
      all = Self.findings(rules, events[...]).mapValues { $0 * max(repeats, 1) }
    }
    measure.findings = all.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) }
    return (measure, nil)
  }

  private static func findings(_ rules: SigmaRules, _ events: ArraySlice<Event>) -> [String: Int] {
    var found: [String: Int] = [:]
    let detector = SigmaDetector(rules, artifact: Digest(of: []))
    for event in events { detector.inspect(event) { found[$0.title, default: 0] += 1 } }
    detector.finish { found[$0.title, default: 0] += 1 }
    return found
  }

  private static func clock(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
