import ArtifactStore
import Bytes
import Engine
import Evidence
import Foundation

/// The folder of one run's report. A fresh one, or one of the same case, which is written anew; never somebody else's.
struct OutputFolder {
  let path: String
  let caseName: String

  private var runFile: String { path + "/run.json" }

  /// - Throws: usage, where the folder holds something else.
  init(_ path: String, case name: String) throws {
    self.path = path
    caseName = name
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return }
    let inside = isFolder.boolValue ? (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] : ["file"]
    // What a run left that was killed in the very moment of claiming the folder is nobody's.
    if inside.allSatisfy({ $0.hasPrefix("run.json.") && $0.hasSuffix(".tmp") }) { return }
    let before = FileManager.default.contents(atPath: runFile).map { [UInt8]($0) } ?? []
    let sameCase = before.withView { JSONView($0)["case"]?.string } == name
    guard sameCase else {
      throw ExitStatus.Failure(
        .usage, "\(path) is not empty and not a report of case \(name): name a fresh folder with -o")
    }
  }

  /// Claims the folder, so that a run that is killed can be resumed into it.
  ///
  /// - Throws: usage, where another run writes there at this very moment.
  func begin(store: String) throws {
    do throws(StoreError) { try makeFolders(path) } catch {
      throw ExitStatus.Failure(
        error.code == .badSource ? .usage : .internalError, "\(error.reason): name another with -o")
    }
    try lock()
    removeLeftovers()
    var out = JSONWriter()
    out.object { out in
      out.field("case", caseName)
      out.field("state", "running")
    }
    out.newline()
    try writeAtomically(out.bytes, to: runFile, durable: false)
  }

  /// On the folder itself, for as long as this process lives: two runs would rename each other's files.
  private func lock() throws {
    let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    // Where a file system knows no locks there is none; nothing else depends on it.
    guard folder >= 0, flock(folder, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK else { return }
    close(folder)
    throw ExitStatus.Failure(
      .usage, "another run is writing its report into \(path): wait for it, or name another folder with -o")
  }

  /// What a killed run was writing: files under their temporary names, and the folder that a timeline is sorted in.
  private func removeLeftovers() {
    for name in (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? [] {
      let last = name.split(separator: "/").last ?? ""
      if last.hasSuffix(".tmp") || last.hasSuffix(".partial") || last.hasPrefix(".timeline-") {
        try? FileManager.default.removeItem(atPath: "\(path)/\(name)")
      }
    }
  }

  /// Writes run.json: what was done, by what, with digests of all that was written. The one file that differs between two runs.
  func finish(
    _ outcome: CaseAnalysis.Outcome, _ report: CaseReport, ingested: Ingest.Summary?, began: Date, status: ExitStatus
  ) throws {
    var out = JSONWriter()
    try out.tryObject { out in
      out.field("case", caseName)
      out.field("state", "finished")
      out.field("exit_code", Int(status.rawValue))
      out.field("version", IRAnalyze.version)
      out.field("rules", object: { out in for (name, digest) in report.ruleDigests { out.field(name, digest) } })
      out.field("started", Self.stamp(began))
      out.field("finished", Self.stamp(Date()))
      out.field("artifacts", outcome.artifacts.count)
      if let ingested {
        out.field(
          "ingested",
          object: { out in
            out.field("files", ingested.files)
            out.field("bytes", ingested.byteCount)
            out.field("objects_new", ingested.stored)
            out.field("not_taken_in", ingested.gaps.count)
          })
      }
      out.field(
        "units",
        object: { out in
          out.field("computed", outcome.computed)
          out.field("reused", outcome.reused)
          out.field("failed", outcome.failures.count)
        })
      if let head = report.custodyHead {
        out.field(
          "custody",
          object: { out in
            out.field("entries", head.count)
            out.field("head", head.digest.hex)
          })
      }
      if !report.verdicts.isEmpty {
        out.field("collectors_hashes", array: { out in for verdict in report.verdicts { verdict.write(to: &out) } })
      }
      out.field(
        "coverage",
        object: { out in
          out.field("parsed_bytes", report.totals.parsed)
          out.field("scanned_bytes", report.totals.scanned)
          out.field("skipped_bytes", report.totals.skipped)
        })
      let outputs = try digests()
      out.field(
        "inputs",
        object: { out in
          for artifact in outcome.artifacts where artifact.parent == nil {
            for path in artifact.paths { out.field(path, artifact.digest.hex) }
          }
        })
      out.field("outputs", object: { out in for (name, digest) in outputs { out.field(name, digest) } })
    }
    out.newline()
    try writeAtomically(out.bytes, to: runFile, durable: false)
  }

  private func digests() throws -> [(String, String)] {
    let names = try FileManager.default.subpathsOfDirectory(atPath: path).sorted()
    return try names.compactMap { name in
      var isFolder: ObjCBool = false
      guard name != "run.json", FileManager.default.fileExists(atPath: "\(path)/\(name)", isDirectory: &isFolder),
        !isFolder.boolValue
      else { return nil }
      let file = try MappedFile(path: "\(path)/\(name)")
      let hash = StreamingHash(.sha256)
      file.forEachPart { hash.update($0.unsafeBytes) }
      return (name, hexadecimal(hash.finish()))
    }
  }

  private static func stamp(_ date: Date) -> String {
    Timestamp(clock: date, precision: .millisecond).description
  }
}

extension JSONWriter {
  fileprivate mutating func tryObject(_ body: (inout JSONWriter) throws -> Void) throws {
    var failure: (any Error)?
    object { out in
      do { try body(&out) } catch { failure = error }
    }
    if let failure { throw failure }
  }
}
