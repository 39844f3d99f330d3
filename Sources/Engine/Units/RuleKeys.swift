import Detectors
import Evidence

/// Fingerprints of the rules in force, by what a unit's result depends on. A result is filed under the rules that it comes from
/// and no others, so a new Sigma rule does not scan anything anew, nor does a rule about file names what asks for content.
public struct RuleKeys: Hashable, Sendable {
  /// All rules.
  public let whole: Digest
  /// All YARA rules.
  public let yara: Digest
  /// YARA rules that ask for content alone.
  public let content: Digest
  /// YARA rules that ask for names and paths; nil where there are none.
  public let path: Digest?

  public init(_ set: RuleSet) {
    whole = set.fingerprint
    yara = set.fingerprint(of: .yara)
    content = set.fingerprint(of: .content)
    path = set.asksForPaths ? set.fingerprint(of: .path) : nil
  }

  /// What a unit of an analyzer with these options depends on.
  public func rules(for analyzer: String, options: [String: String]) -> Digest? {
    guard analyzer == "yara" else { return whole }
    if options["part"] == "path" { return path }
    // A process's name comes out of the image itself.
    return options["format"] == nil ? content : yara
  }

  /// The part of the set that a fingerprint stands for; nil for the whole set, or for other rules.
  func part(_ fingerprint: Digest?) -> RuleSet.Part? {
    guard let fingerprint else { return nil }
    return fingerprint == content ? .content : fingerprint == path ? .path : fingerprint == yara ? .yara : nil
  }
}
