import Bytes
import Detectors
import Evidence
import Foundation
import Synchronization

/// The rules of one folder (`yara/`, `sigma/`), loaded when they are first needed and then shared.
public final class RuleLibrary: Sendable {
  public let directory: String
  private let loaded = Mutex<RuleSet?>(nil)

  public init(directory: String) { self.directory = directory }

  /// The rule set and its fingerprint, as they are in the folder now.
  public func yara() throws -> RuleSet {
    try loaded.withLock { loaded in
      if let loaded { return loaded }
      let made = try RuleSet.load(directory: directory + "/yara")
      loaded = made
      return made
    }
  }

  /// - Throws: when the folder holds other rules than the unit names: its result would be filed under the wrong name.
  func yara(expected: Digest?) throws -> RuleSet {
    let rules = try yara()
    guard rules.fingerprint == expected else {
      throw BytesError(.cannotRead, "the rules in \(directory) were changed while the run was on")
    }
    return rules
  }

  /// Where rules are found when none are named: beside the program, or above it in the tree it was built in.
  public static func standard(program: String) -> String? {
    if let named = ProcessInfo.processInfo.environment["IR_ANALYZE_RULES"], !named.isEmpty { return named }
    var folder = URL(fileURLWithPath: program).resolvingSymlinksInPath().deletingLastPathComponent()
    for _ in 0..<6 {
      for place in ["rules", "share/ir-analyze/rules"] {
        let path = folder.appendingPathComponent(place).path
        if FileManager.default.fileExists(atPath: path + "/yara") { return path }
      }
      folder = folder.deletingLastPathComponent()
    }
    return nil
  }
}
