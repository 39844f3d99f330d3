import Foundation
import Testing

@testable import LogParse

/// Pairs of an input and what comes of it: `fixtures/logparse/<group>/in/PATH` and `…/out/PATH.events`. The path below
/// `in` is what the format sees. UPDATE_GOLDEN=1 rewrites the second of each pair; read the difference before it is kept.
struct GoldenFixtures {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  static let isUpdating = ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1"

  /// Paths below `in`, in order.
  static func inputs(_ group: String) -> [String] {
    let folder = root.appendingPathComponent("fixtures/logparse/\(group)/in").path
    let found = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    return found.filter { path in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: "\(folder)/\(path)", isDirectory: &isFolder) && !isFolder.boolValue
    }.sorted()
  }

  static func check(_ group: String, _ path: String) throws {
    let folder = root.appendingPathComponent("fixtures/logparse/\(group)")
    let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent("in/\(path)")))
    let made = try EventDump(bytes, path: path).text
    let golden = folder.appendingPathComponent("out/\(path).events")
    if isUpdating {
      try FileManager.default.createDirectory(
        at: golden.deletingLastPathComponent(), withIntermediateDirectories: true)
      try made.write(to: golden, atomically: true, encoding: .utf8)
    }
    let kept = try String(contentsOf: golden, encoding: .utf8)
    #expect(made == kept, "\(path) gives other events than before")
  }
}

@Suite struct GoldenTests {
  @Test(arguments: GoldenFixtures.inputs("captures")) func captures(_ path: String) throws {
    try GoldenFixtures.check("captures", path)
  }

  @Test(arguments: GoldenFixtures.inputs("linux")) func linux(_ path: String) throws {
    try GoldenFixtures.check("linux", path)
  }

  @Test func fixturesAreThere() {
    #expect(GoldenFixtures.inputs("captures").count > 30)
    #expect(GoldenFixtures.inputs("linux").count > 30)
  }
}
