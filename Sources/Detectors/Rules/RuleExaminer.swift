import Bytes
import Evidence

/// Looks a single rule file over before it comes into force: whether it loads, and whether its rules end.
///
/// For files from elsewhere, in a process whose time and memory are limited: a hostile file ends the process, and is known by
/// it.
public struct RuleExaminer: Sendable {
  /// The folder that the file lies in; includes stay below it.
  public let directory: String

  public init(directory: String) { self.directory = directory }

  /// Bytes of text, zeros and numbers that the rules are tried on.
  private static let trialSize = 1 << 20

  public struct Verdict: Sendable {
    /// What is wrong with the file; without an error it may come into force. A rule that merely is slow is a warning.
    public var diagnostics: [RuleDiagnostic]
    /// Whether any of its rules can be used.
    public var isUsable: Bool
  }

  /// - Parameter path: relative to the folder.
  public func examine(_ path: String) -> Verdict {
    let (bytes, problem) = RuleFiles(root: directory).read(path)
    guard let bytes else { return Verdict(diagnostics: problem.map { [$0] } ?? [], isUsable: false) }
    guard RuleFolder.isYara(path) else {
      let (rules, diagnostics) = SigmaRules.load([(path, bytes)])
      return Verdict(diagnostics: diagnostics, isUsable: rules.count > 0)
    }
    let compiled = YaraCompiler(root: directory).compile([YaraSource(path: path, text: bytes)], cache: nil)
    guard compiled.rules != nil else { return Verdict(diagnostics: compiled.diagnostics, isUsable: false) }
    let set = RuleSet(yara: compiled.rules, yaraSources: compiled.sources, sigma: SigmaRules(), root: directory)
    do throws(YaraError) {
      if let detector = try YaraDetector(set) {
        Self.trial.withView { detector.scan($0, artifact: .unnamed, path: "", into: NothingKept()) }
      }
    } catch {
      let failure = RuleDiagnostic(.error, file: path, "\(error)")
      return Verdict(diagnostics: compiled.diagnostics + [failure], isUsable: false)
    }
    return Verdict(diagnostics: compiled.diagnostics, isUsable: true)
  }

  /// Words, the same letter for long, zeros, and bytes without order: what slow expressions are slow on.
  private static let trial: [UInt8] = {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(trialSize)
    while bytes.count < trialSize / 4 { bytes += "GET /index.html?id=1 HTTP/1.1 host=example.org\r\n".utf8 }
    bytes += [UInt8](repeating: 0x61, count: trialSize / 4)
    bytes += [UInt8](repeating: 0, count: trialSize / 4)
    var state: UInt32 = 1
    while bytes.count < trialSize {
      state = state &* 1_664_525 &+ 1_013_904_223
      bytes.append(UInt8(truncatingIfNeeded: state >> 24))
    }
    return bytes
  }()
}

private final class NothingKept: ResultSink {
  func event(_ event: Event) {}
  func finding(_ finding: Finding) {}
  func coverage(_ coverage: Coverage) {}
  func row(view: String, json: [UInt8]) {}
}

/// The rule files of a folder, unread.
public enum RuleFolder {
  public static func isYara(_ path: String) -> Bool {
    ["yar", "yara"].contains(path.split(separator: ".").last?.lowercased() ?? "")
  }

  /// Paths of all rule files, relative to the folder, sorted.
  public static func paths(_ directory: String) -> [String] {
    RuleFiles(root: directory).paths(["yar", "yara", "yml", "yaml"])
  }

  /// The bytes of a rule file; nil where it cannot be read or is too large.
  public static func read(_ path: String, in directory: String) -> [UInt8]? {
    RuleFiles(root: directory).read(path).bytes
  }

  /// Files that a rule file includes, directly or through others, below the folder.
  public static func included(
    by path: String, _ text: [UInt8], in directory: String
  ) -> [(path: String, bytes: [UInt8])] {
    guard isYara(path) else { return [] }
    let includes = YaraIncludes(root: directory)
    let files = RuleFiles(root: directory)
    return includes.paths(from: YaraSource(path: path, text: text)).compactMap { name in
      files.read(name).bytes.map { (name, $0) }
    }
  }
}
