import Bytes
import Evidence
import Foundation

/// Runs every rule of a directory against the samples beside it.
public struct RuleTests {
  /// What came of it.
  public struct Report: Sendable {
    /// Samples on which the rule said what it must.
    public var passed = 0
    /// One line each: the sample, and what was wrong.
    public var failures: [String] = []
    /// Rules that lack a hit or a near miss.
    public var untested: [String] = []
    public var diagnostics: [RuleDiagnostic] = []

    public var isPassed: Bool { failures.isEmpty && !diagnostics.contains { $0.level == .error } }
  }

  public static func run(_ directory: String) -> Report {
    let (set, diagnostics) = RuleSet.load(directory: directory)
    var report = Report()
    report.diagnostics = diagnostics
    let samples = RuleSample.all(in: directory)
    var tested: [String: (hit: Bool, miss: Bool)] = [:]
    for sample in samples {
      switch check(sample, set, directory) {
      case nil: report.passed += 1
      case let failure?: report.failures.append("\(sample.path): \(failure)")
      }
      if sample.isHit { tested[sample.rule, default: (false, false)].hit = true }
      if !sample.isHit { tested[sample.rule, default: (false, false)].miss = true }
    }
    let names =
      (set.yara?.rules ?? []).filter { !$0.isPrivate }.map(\.name) + set.sigma.reported.map { $0.name ?? $0.id }
    for name in names {
      let seen = tested[name] ?? (false, false)
      if !seen.hit || !seen.miss {
        report.untested.append("\(name): no \(seen.hit ? "near miss" : seen.miss ? "hit" : "samples")")
      }
    }
    return report
  }

  /// nil where the rule says what it must.
  private static func check(_ sample: RuleSample, _ set: RuleSet, _ directory: String) -> String? {
    if let rule = set.sigma.reported.first(where: { $0.isMeant(by: sample.rule) }) {
      return check(sample, rule, set.sigma, directory)
    }
    guard let yara = set.yara, yara.rules.contains(where: { $0.name == sample.rule }) else {
      return "no rule is called \(sample.rule)"
    }
    guard let data = FileManager.default.contents(atPath: directory + "/" + sample.path) else {
      return "cannot be read"
    }
    var bytes = [UInt8](data)
    if sample.isHexadecimal {
      guard let decoded = bytes.withView({ RuleSample.decodeHexadecimal($0) }) else { return "not hexadecimal" }
      bytes = decoded
    }
    do {
      let scanner = try YaraScanner(yara)
      let name = sample.suffix.isEmpty ? sample.path : sample.suffix
      let result = try bytes.withView { try scanner.scan($0, YaraScanner.Externals(path: name)) }
      let holds = result.matches.contains { $0.rule.name == sample.rule }
      return verdict(holds, sample)
    } catch {
      return "\(error)"
    }
  }

  private static func check(_ sample: RuleSample, _ rule: SigmaHeader, _ rules: SigmaRules, _ directory: String)
    -> String?
  {
    guard let data = FileManager.default.contents(atPath: directory + "/" + sample.path) else {
      return "cannot be read"
    }
    let (events, broken) = [UInt8](data).withView { SigmaSamples.events($0) }
    if let broken { return "line \(broken) is no event" }
    return verdict(SigmaSamples.speaks(rule.id, rules, events), sample)
  }

  private static func verdict(_ holds: Bool, _ sample: RuleSample) -> String? {
    holds == sample.isHit ? nil : sample.isHit ? "the rule does not hold" : "the rule holds, and must not"
  }
}
