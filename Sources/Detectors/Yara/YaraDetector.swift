import Bytes
import Evidence

/// Runs YARA rules over an artifact and tells each rule that holds as one finding.
public final class YaraDetector {
  /// Part of every result's key: raised whenever the same matches would be told otherwise.
  public static let version = 4

  /// Places told of one finding; the message says how many there were.
  public static let maximumEvidence = 8

  public let engine: YaraEngine

  /// - Parameter timeout: seconds for one pass over an artifact; 0 for no limit. Rules that take longer are named in the
  ///   artifact's coverage.
  /// - Returns: nil where the set has no YARA rules.
  public init?(_ rules: RuleSet, timeout: Int = 0) throws(YaraError) {
    var options = YaraScanner.Options()
    options.timeout = timeout
    options.isFast = true
    options.maximumStrings = Self.maximumEvidence
    options.maximumData = 64
    guard let engine = try YaraEngine(rules, options) else { return nil }
    self.engine = engine
  }

  /// A finding of a text shows the line around what was found, up to this many bytes to either side.
  public static let shownLine = 512

  /// Scans a whole artifact (map it: a scan needs no memory that grows with it).
  ///
  /// A scan that fails becomes a coverage gap, never an error.
  ///
  /// - Parameters:
  ///   - path: as the source named it. Rules may ask for its name and extension, so where they do it belongs to the result's
  ///     key, and to what is told: other files may have the same bytes under other names.
  ///   - isUndecided: `YaraEngine.look` has shown already that rules can hold.
  public func scan(
    _ view: ByteView, artifact: Digest, path: String, into sink: any ResultSink, isUndecided: Bool = false
  ) {
    do {
      let result = try engine.scan(view, YaraScanner.Externals(path: path), isUndecided: isUndecided)
      tell(result, byteCount: UInt64(view.count), artifact: artifact, path: path, into: sink)
    } catch {
      sink.coverage(Coverage(.skipped, 0..<UInt64(view.count), reason: "YARA: \(error)"))
    }
  }

  /// What a scan of an artifact of so many bytes gave.
  public func tell(
    _ result: YaraScanner.Result, byteCount: UInt64, artifact: Digest, path: String = "", into sink: any ResultSink
  ) {
    for match in result.matches {
      var finding = Self.finding(match, artifact: artifact)
      if !path.isEmpty {
        finding.message += " The file is \(path)."
        finding.attributes.append(Attribute("path", path))
      }
      sink.finding(finding)
    }
    var gaps: [String] = []
    if !result.overflowed.isEmpty { gaps.append("YARA stopped counting matches of \(Self.list(result.overflowed))") }
    if !result.tooSlow.isEmpty { gaps.append("YARA gave up the rules \(Self.list(result.tooSlow)): too slow") }
    sink.coverage(Coverage(.scanned, 0..<byteCount, reason: gaps.isEmpty ? nil : gaps.joined(separator: "; ")))
  }

  private static func list(_ names: [String]) -> String {
    names.prefix(16).joined(separator: ", ") + (names.count > 16 ? " and \(names.count - 16) more" : "")
  }

  /// A match as a finding: what the rule says of itself in its metas, and the first places where its strings stand.
  public static func finding(
    _ match: YaraMatch, artifact: Digest, locate: (YaraStringMatch) -> Locator = YaraDetector.place
  ) -> Finding {
    let words = YaraRuleWords(match.rule)
    let shown = match.strings.prefix(maximumEvidence)
    var evidence = shown.map { EvidenceReference(artifact: artifact, locator: locate($0)) }
    if evidence.isEmpty { evidence.append(EvidenceReference(artifact: artifact, locator: .whole)) }
    var message = "YARA rule \(match.rule.name) holds"
    if let first = shown.first {
      let places = match.stringCount == 1 ? "" : " and \(match.stringCount - 1) more"
      message += ": \(first.identifier) at offset \(first.offset)\(places)"
    }
    message += "."
    if let description = words.description { message += " " + description }
    var attributes: [Attribute] = [Attribute("yara_namespace", match.rule.namespace)]
    attributes.add("tags", match.rule.tags)
    attributes.add("author", words.author)
    attributes.add("license", words.license)
    attributes.add("references", words.references)
    attributes.add("strings", shown.map { "\($0.identifier)=\(Self.printable($0.data))" })
    return Finding(
      rule: "yara:\(match.rule.name)", title: words.title, severity: words.severity, confidence: words.confidence,
      attack: words.attack, evidence: evidence, message: message, attributes: attributes)
  }

  /// Offset and length in the artifact.
  public static func place(_ match: YaraStringMatch) -> Locator {
    Locator(offset: match.offset, length: UInt64(max(match.length, 0)))
  }

  /// Bytes as the `yara` command prints them: what is not printable ASCII as `\xHH`.
  static func printable(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    let digits = Array("0123456789ABCDEF".utf8)
    for byte in bytes {
      if (0x20...0x7E).contains(byte) {
        text.append(byte)
      } else {
        text.append(contentsOf: [0x5C, 0x78, digits[Int(byte >> 4)], digits[Int(byte & 15)]])
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
