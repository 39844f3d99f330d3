import Bytes
import Evidence

/// The unit of work: one analyzer over one artifact, with the rules and options that its result depends on, and nothing else.
///
/// Its key names the result for ever: whoever computes it, wherever and whenever, gets the same bytes.
public struct Unit: Hashable, Sendable {
  public let artifact: Digest
  /// `log`, `yara` …: a name in `Analyzers.all`.
  public let analyzer: String
  /// Of the analyzer and everything built into it (formats, detectors).
  public let version: String
  /// Fingerprint of the rule set, for analyzers that use one.
  public let rules: Digest?
  /// What else the result depends on: format, path's end, time zone. Sorted by name when written.
  public let options: [String: String]
  /// SHA-256 of `json`. Made once: it is asked for wherever the unit is filed, looked up or put in order.
  public let key: Digest

  public init(
    artifact: Digest, analyzer: String, version: String, rules: Digest? = nil, options: [String: String] = [:]
  ) {
    self.artifact = artifact
    self.analyzer = analyzer
    self.version = version
    self.rules = rules
    self.options = options
    key = Digest(of: Self.json(artifact, analyzer, version, rules, options))
  }

  /// Canonical JSON: keys sorted, nothing optional written when absent.
  public var json: [UInt8] { Self.json(artifact, analyzer, version, rules, options) }

  private static func json(
    _ artifact: Digest, _ analyzer: String, _ version: String, _ rules: Digest?, _ options: [String: String]
  ) -> [UInt8] {
    var out = JSONWriter()
    out.object { out in
      out.field("analyzer", analyzer)
      out.field("artifact", artifact.hex)
      if !options.isEmpty {
        out.field(
          "options",
          object: { out in
            for (name, value) in options.sorted(by: { $0.key < $1.key }) { out.field(name, value) }
          })
      }
      out.field("rules", rules?.hex)
      out.field("version", version)
    }
    return out.bytes
  }

  /// The same work under another rule set.
  func under(_ rules: Digest?) -> Unit {
    Unit(artifact: artifact, analyzer: analyzer, version: version, rules: rules, options: options)
  }

  public static func == (left: Unit, right: Unit) -> Bool { left.key == right.key }
  public func hash(into hasher: inout Hasher) { hasher.combine(key) }

  /// Reads what `json` writes.
  public init?(json: JSONView) {
    guard let artifact = json["artifact"]?.string.flatMap(Digest.init(hex:)), let analyzer = json["analyzer"]?.string,
      let version = json["version"]?.string
    else { return nil }
    var options: [String: String] = [:]
    json["options"]?.forEachMember { name, value in
      options[name.string] = value.string
      return true
    }
    self.init(
      artifact: artifact, analyzer: analyzer, version: version, rules: json["rules"]?.string.flatMap(Digest.init(hex:)),
      options: options)
  }
}
