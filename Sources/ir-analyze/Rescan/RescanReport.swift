import ArtifactStore
import Bytes
import Engine
import Evidence
import Foundation

/// What a re-scan says: per store the rules and what became of them, per case what differs from its last run, and the proof.
struct RescanReport {
  struct Rules {
    var fingerprint: Digest
    var count: Int
    var news: RuleNews
  }

  struct Audit {
    var seed: UInt64
    var drawn: Int
    var of: Int
    var agreed = 0
    /// Units whose result from nothing is another one.
    var differing: [String] = []
    var failed: [String] = []

    init(seed: UInt64, drawn: Int, of: Int) {
      self.seed = seed
      self.drawn = drawn
      self.of = of
    }
  }

  struct OfCase {
    var name: String
    /// No run of the case is known to compare with.
    var isFirst: Bool
    var outcome: CaseAnalysis.Outcome
    var record: RunRecord
    var diff: FindingDiff
    var audit: Audit?
    /// A path of each artifact.
    var paths: [Digest: String]
  }

  struct OfStore {
    var store: String
    var rules: Rules?
    var refused: [RuleAdmission.Refusal] = []
    var cases: [OfCase] = []
    /// Cases that the time did not suffice for.
    var waiting: [String] = []

    init(store: String) { self.store = store }
  }

  let began: Date
  var stores: [OfStore] = []
  private(set) var status = ExitStatus.finished

  init(began: Date) { self.began = began }

  mutating func end(failLevel: Severity?) {
    let cases = stores.flatMap(\.cases)
    let told = cases.filter { !$0.isFirst }.flatMap { $0.diff.new + $0.diff.changed }
    let isAudited = cases.allSatisfy { $0.audit?.differing.isEmpty ?? true }
    if !isAudited || cases.contains(where: { !$0.outcome.damaged.isEmpty }) {
      status = .integrity
    } else if let failLevel, told.contains(where: { ($0.finding?.severity ?? .informational) >= failLevel }) {
      status = .findings
    } else if stores.contains(where: { !$0.refused.isEmpty || !$0.waiting.isEmpty })
      || cases.contains(where: { !$0.record.isWhole || $0.record.failed > 0 || !($0.audit?.failed.isEmpty ?? true) })
    {
      status = .notCovered
    }
  }

  /// Whether any finding is new, changed or gone, in cases that had an earlier run.
  var differs: Bool { stores.flatMap(\.cases).contains { !$0.isFirst && !$0.diff.isEmpty } }

  /// Somebody should have been told and was not.
  mutating func hookFailed() { if status == .finished { status = .notCovered } }

  /// Findings told of each kind in the text; the JSON has all.
  private static let told = 50

  /// For people: on a terminal, or as Markdown in a file.
  func text(isMarkdown: Bool) -> [UInt8] {
    var lines: [String] = []
    func head(_ text: String, _ level: Int) -> String {
      isMarkdown ? String(repeating: "#", count: level) + " " + text : text
    }
    for store in stores {
      lines.append(head("Re-scan of \(store.store), \(Self.stamp(began))", 1))
      if let rules = store.rules {
        let news = rules.news
        lines.append(
          "rules \(rules.fingerprint.hex.prefix(12)): \(rules.count), of them \(news.new.count) new, "
            + "\(news.changed.count) changed; \(news.removed.count) removed")
      }
      for one in store.refused {
        let fallback = one.keepsEarlier ? "last good version in force" : "not used"
        lines.append("refused (\(fallback)): \(one.path): \(one.reason)")
      }
      for one in store.cases { tell(one, head, &lines) }
      for name in store.waiting {
        lines.append("case \(name): not come to in the time allowed; the next run takes it up")
      }
    }
    return Array((lines.map(Terminal.printable).joined(separator: "\n") + "\n").utf8)
  }

  private func tell(_ one: OfCase, _ head: (String, Int) -> String, _ lines: inout [String]) {
    let diff = one.diff
    let first = one.isFirst ? " (no earlier run to compare with)" : ""
    lines.append(
      head(
        "case \(one.name): \(diff.new.count) findings new, \(diff.gone.count) gone, \(diff.changed.count) changed"
          + first, 2))
    let outcome = one.outcome
    lines.append(
      "  units: \(outcome.computed - outcome.updated) computed, \(outcome.updated) brought up to date, "
        + "\(outcome.reused) reused, \(outcome.failures.count) failed"
        + (outcome.left > 0 ? ", \(outcome.left) or more left for the next run" : ""))
    if let audit = one.audit {
      lines.append(
        "  audit: \(audit.agreed) of \(audit.drawn) results drawn from \(audit.of) are the same from nothing (seed \(audit.seed))"
      )
      for line in audit.differing { lines.append("  AUDIT DIFFERS: \(line)") }
      for line in audit.failed { lines.append("  not audited: \(line)") }
    }
    for failure in outcome.failures.prefix(Self.told) {
      lines.append("  failed: \(failure.unit.analyzer) of \(failure.unit.artifact.hex.prefix(12)): \(failure.reason)")
    }
    for (mark, changes) in [("+", diff.new), ("-", diff.gone), ("~", diff.changed)] {
      for change in changes.prefix(Self.told) {
        guard let finding = change.finding else { continue }
        let place = finding.evidence.first
        let path = place.flatMap { one.paths[$0.artifact] } ?? ""
        lines.append(
          "  \(mark) \(finding.severity.rawValue)  \(finding.title)  [\(finding.rule), \(change.cause.rawValue)]  "
            + "\(path)  \(place?.locator.text ?? "")")
      }
      if changes.count > Self.told {
        lines.append("  \(mark) and \(changes.count - Self.told) more, all in rescan.json")
      }
    }
  }

  /// For machines: everything.
  var json: [UInt8] {
    var out = JSONWriter()
    out.object { out in
      out.field("began", Self.stamp(began))
      out.field("version", IRAnalyze.version)
      out.field("exit_code", Int(status.rawValue))
      out.field(
        "stores",
        array: { out in
          for store in stores { out.object { Self.write(store, to: &$0) } }
        })
    }
    out.newline()
    return out.bytes
  }

  private static func write(_ store: OfStore, to out: inout JSONWriter) {
    out.field("store", store.store)
    if let rules = store.rules {
      out.field(
        "rules",
        object: { out in
          out.field("fingerprint", rules.fingerprint.hex)
          out.field("count", rules.count)
          out.field("new", rules.news.new.sorted())
          out.field("changed", rules.news.changed.sorted())
          out.field("removed", rules.news.removed.sorted())
        })
    }
    out.field(
      "refused",
      array: { out in
        for one in store.refused {
          out.object { out in
            out.field("path", one.path)
            out.field("reason", one.reason)
            out.field("keeps_earlier", one.keepsEarlier)
          }
        }
      })
    out.field("not_come_to", store.waiting)
    out.field(
      "cases",
      array: { out in
        for one in store.cases { out.object { write(one, to: &$0) } }
      })
  }

  private static func write(_ one: OfCase, to out: inout JSONWriter) {
    out.field("case", one.name)
    out.field("is_first", one.isFirst)
    out.field("is_whole", one.record.isWhole)
    out.field(
      "units",
      object: { out in
        out.field("computed", one.outcome.computed - one.outcome.updated)
        out.field("updated", one.outcome.updated)
        out.field("reused", one.outcome.reused)
        out.field("failed", one.outcome.failures.count)
        out.field("left", one.outcome.left)
      })
    if let audit = one.audit {
      out.field(
        "audit",
        object: { out in
          out.field("seed", String(audit.seed))
          out.field("drawn", audit.drawn)
          out.field("of", audit.of)
          out.field("agreed", audit.agreed)
          out.field("differing", audit.differing)
          out.field("failed", audit.failed)
        })
    }
    for (name, changes) in [("new", one.diff.new), ("gone", one.diff.gone), ("changed", one.diff.changed)] {
      out.field(
        name,
        array: { out in
          for change in changes { out.object { write(change, one, to: &$0) } }
        })
    }
  }

  private static func write(_ change: FindingDiff.Change, _ one: OfCase, to out: inout JSONWriter) {
    guard let finding = change.finding else { return }
    out.field("id", finding.id)
    out.field("cause", change.cause.rawValue)
    out.field("rule", finding.rule)
    out.field("title", finding.title)
    out.field("severity", finding.severity.rawValue)
    if let before = change.before, change.now != nil { out.field("severity_before", before.severity.rawValue) }
    out.field("message", finding.message)
    if let place = finding.evidence.first {
      out.field("artifact", place.artifact.hex)
      out.field("path", one.paths[place.artifact])
      out.field("locator", place.locator.text)
    }
  }

  /// Writes rescan.md, rescan.json, and `records/STORE-CASE.jsonl`: evidence × rules with digests, computed or reused.
  func write(to folder: String) throws {
    let records = folder + "/records"
    try makeFolders(records)
    try writeAtomically(text(isMarkdown: true), to: folder + "/rescan.md", durable: false)
    try writeAtomically(json, to: folder + "/rescan.json", durable: false)
    for (number, store) in stores.enumerated() {
      for one in store.cases {
        let name = stores.count == 1 ? one.name : "\(number + 1)-\(one.name)"
        try writeAtomically(one.record.lines, to: "\(records)/\(name).jsonl", durable: false)
      }
    }
  }

  private static func stamp(_ date: Date) -> String {
    Timestamp(clock: date, precision: .second).description
  }
}
