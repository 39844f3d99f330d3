import Detectors
import Evidence

/// Fingerprints of the rules in force, by what a unit's result depends on. A result is filed under the rules that it comes from
/// and no others, so a new Sigma rule does not scan anything anew, nor does a rule about file names what asks for content.
public struct RuleKeys: Hashable, Sendable {
  /// All rules.
  public let whole: Digest
  /// Sigma's rules.
  public let sigma: Digest
  /// All YARA rules.
  public let yara: Digest
  /// YARA rules that ask for content alone.
  public let content: Digest
  /// YARA rules that ask for names and paths; nil where there are none.
  public let path: Digest?

  public init(_ set: RuleSet) {
    whole = set.fingerprint
    sigma = set.fingerprint(of: .sigma)
    yara = set.fingerprint(of: .yara)
    content = set.fingerprint(of: .content)
    path = set.asksForPaths ? set.fingerprint(of: .path) : nil
  }

  /// What a unit of an analyzer with these options depends on.
  public func rules(for analyzer: String, options: [String: String]) -> Digest? {
    switch Self.part(for: analyzer, options: options) {
    case .sigma: sigma
    case .yara: yara
    case .content: content
    case .path: path
    }
  }

  static func part(for analyzer: String, options: [String: String]) -> RuleSet.Part {
    guard analyzer == "yara" else { return .sigma }
    if options["part"] == "path" { return .path }
    // A process's name comes out of the image itself.
    return options["format"] == nil ? .content : .yara
  }

  /// The part of the set that a fingerprint stands for; nil for the whole set, or for other rules.
  func part(_ fingerprint: Digest?) -> RuleSet.Part? {
    guard let fingerprint else { return nil }
    if fingerprint == sigma { return .sigma }
    return fingerprint == content ? .content : fingerprint == path ? .path : fingerprint == yara ? .yara : nil
  }

  /// By name, as a pinned set keeps them.
  public var named: [String: Digest] {
    var named = ["whole": whole, "sigma": sigma, "yara": yara, "content": content]
    named["path"] = path
    return named
  }

  /// Reads what `named` gives.
  public init?(named: [String: Digest]) {
    guard let whole = named["whole"], let sigma = named["sigma"], let yara = named["yara"],
      let content = named["content"]
    else { return nil }
    self.whole = whole
    self.sigma = sigma
    self.yara = yara
    self.content = content
    path = named["path"]
  }
}
