import ArtifactStore
import Bytes
import Engine
import Evidence
import Foundation

/// A report that a run has written, as somebody finds it later: whose it is, and of when.
struct ReportFolder {
  let path: String
  let caseName: String
  /// The instance that the evidence names; otherwise the host, otherwise the case.
  let instance: String
  /// When the evidence was collected; where no path says that, when the attack began; otherwise when the report was made.
  let caseTime: Timestamp

  /// - Throws: usage, for a folder that holds no finished report.
  init(_ path: String) throws {
    self.path = path
    let run = Self.contents("\(path)/run.json")
    guard let facts = run.withView({ Run(JSONView($0)) }) else {
      throw ExitStatus.Failure(.usage, "\(path) holds no report (no run.json): name the folder of one with --report")
    }
    guard facts.isFinished else {
      throw ExitStatus.Failure(.usage, "the report in \(path) is not finished: run `ir-analyze run` again first")
    }
    caseName = facts.name
    let incident = Self.contents("\(path)/incident.json")
    let (host, first) = incident.withView { text in
      let json = JSONView(text)
      let host = json["host"]?["instance"]?.string ?? json["host"]?["hostname"]?.string
      return (host, json["first"]?.string.flatMap { Timestamp(iso8601: $0) })
    }
    instance = host ?? facts.name
    caseTime = facts.collected ?? first ?? facts.started
  }

  /// The only folder here (or this one) that holds a report.
  static func find() throws -> String {
    func isReport(_ folder: String) -> Bool {
      FileManager.default.fileExists(atPath: folder + "/run.json")
        && FileManager.default.fileExists(atPath: folder + "/findings.jsonl")
    }
    if isReport(".") { return "." }
    let found = ((try? FileManager.default.contentsOfDirectory(atPath: ".")) ?? []).filter(isReport).sorted()
    guard let only = found.first, found.count == 1 else {
      let said =
        found.isEmpty ? "there is no report here" : "there are several reports here (\(found.joined(separator: ", ")))"
      throw ExitStatus.Failure(.usage, "\(said): name the folder of one, as `run -o` wrote it")
    }
    return only
  }

  private struct Run {
    var name: String
    var isFinished: Bool
    var started: Timestamp
    /// The earliest that a path of the evidence has.
    var collected: Timestamp?

    init?(_ json: JSONView) {
      guard let name = json["case"]?.string, let state = json["state"]?.string else { return nil }
      self.name = name
      isFinished = state == "finished"
      started = json["started"]?.string.flatMap { Timestamp(iso8601: $0) } ?? .now
      var earliest: Timestamp?
      _ = json["inputs"]?.forEachMember { path, _ in
        for part in String(decoding: JSONView.unescape(path), as: UTF8.self).split(separator: "/") {
          guard let time = PathFacts.collectionTime(part) else { continue }
          if earliest.map({ time.nanoseconds < $0.nanoseconds }) ?? true { earliest = time }
        }
        return true
      }
      collected = earliest
    }
  }

  private static func contents(_ path: String) -> [UInt8] {
    FileManager.default.contents(atPath: path).map { [UInt8]($0) } ?? []
  }
}
