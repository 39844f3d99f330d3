import Foundation
import TestSupport

/// A bundle in the collector's layout, small enough for dozens of runs, made of pieces of the real one.
struct SmallBundle {
  let folder: TemporaryFolder
  var path: String { folder.path + "/bundle" }
  var store: String { folder.path + "/store" }
  static let capture = "i-0b7c4e19d2f35a86e/2026-11-25_14:25:29/command"

  init() throws {
    folder = try TemporaryFolder()
    try copy("\(Self.capture)/netstat_output.txt")
    try copy("\(Self.capture)/ps_output.txt")
    try copy("\(Self.capture)/date.txt")
    try copy("disk/i-0b7c4e19d2f35a86e-root-subset.tar.gz")
    let waf = "waf/aws-waf-logs-cumulus/2026/11/25/05"
    for name in try FileManager.default.contentsOfDirectory(atPath: "\(PackageFiles.bundle)/\(waf)")
    where name.contains("05-20-00") {
      try copy("\(waf)/\(name)")
    }
  }

  private func copy(_ name: String) throws {
    let from = try Data(contentsOf: URL(fileURLWithPath: "\(PackageFiles.bundle)/\(name)"))
    let copy = try folder.write("bundle/\(name)", [UInt8](from))
    // Times of files are evidence too: two bundles are the same only with the same times.
    let time = Date(timeIntervalSince1970: 1_795_584_480)
    try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: copy)
  }

  /// `ir-analyze run` on it.
  func run(_ out: String, _ more: [String] = []) throws -> ProgramResult {
    try runProgram(irAnalyze, ["run", path, "-o", "\(folder.path)/\(out)", "--store", store] + more)
  }

  func contents(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\(name)")), as: UTF8.self)
  }

  /// Every file of a report but run.json, which tells of the run itself.
  func outputs(_ out: String) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: "\(folder.path)/\(out)") where name != "run.json" {
      files[name] = FileManager.default.contents(atPath: "\(folder.path)/\(out)/\(name)")
    }
    return files
  }
}
