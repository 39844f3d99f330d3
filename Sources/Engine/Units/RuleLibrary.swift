import Bytes
import Detectors
import Evidence
import Foundation
import Synchronization

/// The rules of one folder (`yara/`, `sigma/`), loaded when they are first needed and then shared.
public final class RuleLibrary: Sendable {
  public let directory: String
  private let loaded = Mutex<Loaded?>(nil)

  /// Rules that compile, and a line for each that does not.
  public struct Loaded: Sendable {
    public let set: RuleSet
    public let keys: RuleKeys
    public let diagnostics: [RuleDiagnostic]
  }

  public init(directory: String) { self.directory = directory }

  /// The rules as they are in the folder now.
  public func load() -> Loaded {
    loaded.withLock { loaded in
      if let loaded { return loaded }
      let (set, diagnostics) = RuleSet.load(directory: directory, cache: RuleCache.standard())
      let made = Loaded(set: set, keys: RuleKeys(set), diagnostics: diagnostics)
      loaded = made
      return made
    }
  }

  /// The whole set or the part of it that the unit names. A part is compiled anew: keep what is made of it.
  ///
  /// - Throws: when the folder holds other rules than the unit names: its result would be filed under the wrong name.
  func load(expecting fingerprint: Digest?) throws(BytesError) -> RuleSet {
    let loaded = load()
    if loaded.set.fingerprint == fingerprint { return loaded.set }
    guard let part = loaded.keys.part(fingerprint) else {
      throw BytesError(.cannotRead, "the rules in \(directory) were changed while the run was on")
    }
    return loaded.set.part(part)
  }

  /// Where the administrator of a machine puts rules that are to be used instead of those that come with the program.
  static let administrators = "/etc/ir-analyze/rules"

  /// Where rules are found when none are named: what the environment says, the administrator's, those beside the program, or
  /// above it in the tree it was built in.
  public static func standard(program: String) -> String? {
    if let named = ProcessInfo.processInfo.environment["IR_ANALYZE_RULES"], !named.isEmpty { return named }
    if FileManager.default.fileExists(atPath: administrators) { return administrators }
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
