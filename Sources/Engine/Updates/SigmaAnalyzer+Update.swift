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
    let old = OlderGroups(try surroundings.store.objects.open(older))
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
      let detector = SigmaDetector(update.rules.sigma, artifact: unit.artifact)
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
  private let file: MappedFile
  private var offset = 0
  /// The number of the group that begins at `offset`, its `at` line having been read.
  private var number: Int?

  init(_ file: MappedFile) { self.file = file }

  /// The next group, when its number is smaller.
  func next(before limit: Int) throws -> (number: Int, findings: [Finding])? {
    try file.withView { view in
      var findings: [Finding] = []
      while offset < view.count {
        let end = view.firstIndex(of: 0x0A, from: offset) ?? view.count
        guard let line = ResultLine.read(view.slice(offset, end)) else {
          throw StoreError(.integrity, "a result is damaged at byte \(offset): run `ir-analyze verify`")
        }
        switch line {
        case .other("at", let json):
          if let number, !findings.isEmpty { return (number, findings) }
          number = Int(clamping: json["event"]?.integer ?? 0)
        case .finding(let finding):
          guard let number, number < limit else { return nil }
          findings.append(finding)
        default: break
        }
        offset = end + 1
      }
      return number.flatMap { findings.isEmpty ? nil : ($0, findings) }
    }
  }
}
