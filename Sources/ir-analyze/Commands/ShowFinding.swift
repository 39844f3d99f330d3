import ArtifactStore
import Bytes
import Engine
import Evidence
import Foundation
import Timeline

/// A finding by its id, from a report or from the results of the store.
struct FoundFinding {
  var head: [String]
  var evidence: [EvidenceReference]

  /// - Parameter id: whole or its beginning.
  /// - Throws: usage, where several findings begin so.
  static func find(_ id: String, report: String?, in store: ArtifactStore) throws -> FoundFinding? {
    let id = id.lowercased()
    if let folder = report ?? (try? ReportFolder.find()) {
      let file = folder + "/findings.jsonl"
      guard report == nil || FileManager.default.fileExists(atPath: file) else {
        throw ExitStatus.Failure(.usage, "there is no findings.jsonl in \(folder)")
      }
      if let found = try inReport(id, file) { return found }
    }
    return try inResults(id, store)
  }

  private static func inReport(_ id: String, _ file: String) throws -> FoundFinding? {
    guard let lines = try? LineReader(FileStream(path: file), limit: 16 << 20) else { return nil }
    var found: [FoundFinding] = []
    while let line = try lines.next() {
      let json = JSONView(line.bytes)
      guard json["id"]?.string?.hasPrefix(id) ?? false else { continue }
      found.append(FoundFinding(json))
    }
    return try only(found, id)
  }

  private init(_ json: JSONView) {
    head = [
      "\(json["severity"]?.string ?? ""): \(json["title"]?.string ?? "")  (\(json["rule"]?.string ?? ""))",
      json["message"]?.string ?? "", json["id"]?.string ?? "",
    ]
    evidence = (json["evidence"]?.elements ?? []).compactMap { place in
      guard let digest = place["artifact"]?.string.flatMap(Digest.init(hex:)),
        let locator = place["locator"]?.string.flatMap(Locator.init(text:))
      else { return nil }
      return EvidenceReference(artifact: digest, path: place["path"]?.string, locator: locator)
    }
  }

  private init(_ finding: Finding) {
    var exposures = ExposureList()
    let masked = SecretMask.mask(finding, into: &exposures)
    head = ["\(masked.severity.rawValue): \(masked.title)  (\(masked.rule))", masked.message, masked.id]
    evidence = masked.evidence
  }

  /// Results are objects like any other; those that hold findings are told by how their lines begin.
  private static func inResults(_ id: String, _ store: ArtifactStore) throws -> FoundFinding? {
    var found: [FoundFinding] = []
    for digest in store.objects.list() {
      let path = store.objects.path(of: digest)
      guard let file = try? FileStream(path: path), startsAsResult(path) else { continue }
      let lines = LineReader(file, limit: 1 << 20)
      while let line = try lines.next() {
        guard line.bytes.hasPrefix("{\"finding\"") else { continue }
        if case .finding(let finding)? = ResultLine.read(line.bytes), finding.id.hasPrefix(id),
          !found.contains(where: { $0.head.last == finding.id })
        {
          found.append(FoundFinding(finding))
        }
      }
    }
    return try only(found, id)
  }

  private static func startsAsResult(_ path: String) -> Bool {
    guard let file = FileHandle(forReadingAtPath: path) else { return false }
    defer { try? file.close() }
    let head = (try? file.read(upToCount: 16)).map { [UInt8]($0) } ?? []
    return head.withView { view in
      ["{\"event\"", "{\"finding\"", "{\"coverage\"", "{\"row\""].contains { view.hasPrefix($0 as StaticString) }
    }
  }

  private static func only(_ found: [FoundFinding], _ id: String) throws -> FoundFinding? {
    guard found.count <= 1 else {
      throw ExitStatus.Failure(.usage, "\(found.count) findings begin with \(id): write more of the id")
    }
    return found.first
  }
}
