import Bytes
import Evidence
import Foundation

/// Compares what a parser gives with a file of result lines that a person has looked at.
///
/// With `UPDATE_GOLDEN=1` in the environment the file is written instead: run, read `git diff`, keep it if it is right.
public enum GoldenEvents {
  /// Folders under `fixtures/` that hold an input (`in.*`), sorted.
  public static func cases(_ folder: String) -> [String] {
    let base = URL(fileURLWithPath: PackageFiles.fixtures).appending(path: folder)
    let all = FileManager.default.enumerator(atPath: base.path)?.compactMap { $0 as? String } ?? []
    return all.filter { $0.split(separator: "/").last?.hasPrefix("in.") == true }
      .map { folder + "/" + $0.split(separator: "/").dropLast().joined(separator: "/") }.sorted()
  }

  /// The input file of a case.
  public static func input(of folder: String) -> URL? {
    let base = URL(fileURLWithPath: PackageFiles.fixtures).appending(path: folder)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: base.path)) ?? []
    return names.first { $0.hasPrefix("in.") }.map { base.appending(path: $0) }
  }

  /// All of a sink as result lines: events, findings, coverage.
  public static func lines(_ sink: CollectingSink) -> String {
    var writer = JSONWriter()
    for event in sink.events { ResultLine.write(event, to: &writer) }
    for finding in sink.findings { ResultLine.write(finding, to: &writer) }
    for coverage in sink.coverages { ResultLine.write(coverage, to: &writer) }
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  /// The lines in which the sink and the case's `out.jsonl` differ; none when they agree.
  public static func differences(_ sink: CollectingSink, _ folder: String) throws -> [String] {
    let file = URL(fileURLWithPath: PackageFiles.fixtures).appending(path: "\(folder)/out.jsonl")
    let found = lines(sink)
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
      try Data(found.utf8).write(to: file)
      return []
    }
    let expected = try String(decoding: Data(contentsOf: file), as: UTF8.self)
    if expected == found { return [] }
    let old = expected.split(separator: "\n")
    let new = found.split(separator: "\n")
    var differences: [String] = []
    for index in 0..<max(old.count, new.count) {
      let was = index < old.count ? old[index] : "nothing"
      let now = index < new.count ? new[index] : "nothing"
      if was != now { differences.append("line \(index + 1): expected \(was)\nfound \(now)") }
    }
    return differences
  }
}
