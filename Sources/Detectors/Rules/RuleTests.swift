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
    for rule in set.yara?.rules ?? [] where !rule.isPrivate {
      let seen = tested[rule.name] ?? (false, false)
      if !seen.hit || !seen.miss {
        report.untested.append("\(rule.name): no \(seen.hit ? "near miss" : seen.miss ? "hit" : "samples")")
      }
    }
    return report
  }

  /// nil where the rule says what it must.
  private static func check(_ sample: RuleSample, _ set: RuleSet, _ directory: String) -> String? {
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
      return holds == sample.isHit ? nil : sample.isHit ? "the rule does not hold" : "the rule holds, and must not"
    } catch {
      return "\(error)"
    }
  }
}
