import ArtifactStore
import Bytes
import Detectors
import Evidence

extension SigmaAnalyzer: UpdatingAnalyzer {
  /// Goes over the events with the changed rules alone, and over the older result beside it: both are in the order of events,
  /// so memory does not grow with either.
  func update(
    _ older: Digest, of unit: Unit, _ update: RuleUpdate, _ surroundings: Surroundings, into result: ResultFile
  ) throws -> Bool {
    let old = OlderGroups(try ObjectLines(of: older, in: surroundings.store.objects))
    var told = 0
    func write(_ findings: [Finding], _ number: Int) {
      Self.write(findings, number, update.change, &told, into: result)
    }
    func flush(before number: Int) throws {
      while let group = try old.next(before: number) {
        write(group.findings.filter(update.change.stands), group.number)
      }
    }
    if !update.change.changed.isEmpty {
      let detector = SigmaDetector(update.rules.sigma, artifact: unit.artifact, scope: .oneOfCase)
      var number = 0
      var findings: [Finding] = []
      func merge() throws {
        if findings.isEmpty { return }
        try flush(before: number)
        let standing = try old.next(before: number + 1)?.findings.filter(update.change.stands) ?? []
        write(standing + findings.filter { !update.change.stands($0) }, number)
        findings = []
      }
      try Self.forEachEvent(of: unit, in: surroundings) { event in
        number += 1
        detector.inspect(event) { findings.append($0) }
        try merge()
      }
      detector.finish { findings.append($0) }
      number += 1
      try merge()
    }
    try flush(before: .max)
    return true
  }
}

/// The findings of an older result, one group for each `at` line.
private final class OlderGroups {
  private let lines: ObjectLines
  /// The number of the group that comes next, its `at` line having been read.
  private var number: Int?
  /// The first finding of that group, where it was read too.
  private var first: Finding?

  init(_ lines: ObjectLines) { self.lines = lines }

  /// The next group, when its number is smaller.
  func next(before limit: Int) throws -> (number: Int, findings: [Finding])? {
    if first != nil, let number, number >= limit { return nil }
    var findings: [Finding] = first.map { [$0] } ?? []
    first = nil
    while true {
      let offset = lines.offset
      guard let text = try lines.next() else {
        defer { number = nil }
        return number.flatMap { findings.isEmpty ? nil : ($0, findings) }
      }
      guard let line = ResultLine.read(text) else {
        throw StoreError(.integrity, "a result is damaged at byte \(offset): run `ir-analyze verify`")
      }
      switch line {
      case .other("at", let json):
        let ended = number
        number = Int(clamping: json["event"]?.integer ?? 0)
        if let ended, !findings.isEmpty { return (ended, findings) }
      case .finding(let finding):
        guard let number else { continue }
        if number >= limit {
          first = finding
          return nil
        }
        findings.append(finding)
      default: break
      }
    }
  }
}
