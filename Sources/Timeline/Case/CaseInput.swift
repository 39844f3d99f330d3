import Evidence

/// Everything that a report tells, as the engine hands it over for one case.
public struct CaseInput {
  /// The case's own name: a number, the instance, the bundle.
  public var title: String
  public var artifacts: [ArtifactRecord]
  /// Pulled once, from its first event to its last.
  public var events: any EventSource
  public var findings: [Finding]
  public var coverage: [CoverageRecord]
  /// What the source named and could not be taken in.
  public var gaps: [SourceGap]
  public var tool: ToolFacts
  /// Events and findings are told by it.
  public var clocks: ClockCorrection
  public var custody: CustodyFacts
  /// What could not be looked at whole, a sentence each.
  public var limits: [String]

  public init(
    title: String, artifacts: [ArtifactRecord], events: any EventSource, findings: [Finding],
    coverage: [CoverageRecord] = [], gaps: [SourceGap] = [], tool: ToolFacts = ToolFacts(version: ""),
    clocks: ClockCorrection = .none, custody: CustodyFacts = CustodyFacts(), limits: [String] = []
  ) {
    self.title = title
    self.artifacts = artifacts
    self.events = events
    self.findings = findings
    self.coverage = coverage
    self.gaps = gaps
    self.tool = tool
    self.clocks = clocks
    self.custody = custody
    self.limits = limits
  }
}

/// One piece of evidence, as it lies in the store.
public struct ArtifactRecord: Hashable, Sendable {
  public var digest: Digest
  /// Where the sources named it; the same bytes may have several.
  public var paths: [String]
  /// In bytes.
  public var size: UInt64
  /// What it is, in a few words: libmagic's or the name of the format that read it.
  public var kind: String
  /// The archive or image it was taken from.
  public var parent: Digest?
  /// Times that the source's file system or archive had for it.
  public var times: [FileTime]
  /// Other digests, by name of the algorithm in lower case (`md5`, `sha1`).
  public var digests: [String: String]
  /// Of the object in S3 that it was read from, where its bucket keeps versions.
  public var version: String?

  public init(
    digest: Digest, paths: [String], size: UInt64, kind: String = "", parent: Digest? = nil, times: [FileTime] = [],
    digests: [String: String] = [:], version: String? = nil
  ) {
    self.digest = digest
    self.paths = paths
    self.size = size
    self.kind = kind
    self.parent = parent
    self.times = times
    self.digests = digests
    self.version = version
  }

  /// The name to show: the first path in order, or the digest's beginning.
  public var name: String { paths.min() ?? String(digest.hex.prefix(12)) }
}

public struct FileTime: Hashable, Sendable {
  public var meaning: TimeMeaning
  public var time: Timestamp

  public init(_ meaning: TimeMeaning, _ time: Timestamp) {
    self.meaning = meaning
    self.time = time
  }
}

/// What one analyzer did with a range of one artifact.
public struct CoverageRecord: Hashable, Sendable {
  public var artifact: Digest
  public var coverage: Coverage
  /// Name of the analyzer: `aws.waf`, `yara`.
  public var analyzer: String

  public init(artifact: Digest, coverage: Coverage, analyzer: String) {
    self.artifact = artifact
    self.coverage = coverage
    self.analyzer = analyzer
  }
}

/// What vouches for the artifacts. Nothing of who took them in and when: two runs over the same evidence say the same.
public struct CustodyFacts: Hashable, Sendable {
  /// One hash or signature that the collectors left, compared with what is here.
  public struct Check: Hashable, Sendable {
    public var isMatch: Bool
    /// `matched`, `mismatch`, `missing`, `unlisted`, `unchecked`
    public var verdict: String
    public var sentence: String

    public init(isMatch: Bool, verdict: String, sentence: String) {
      self.isMatch = isMatch
      self.verdict = verdict
      self.sentence = sentence
    }
  }

  public var checks: [Check]
  /// SHA-256 of the public keys that signed the custody log's entries about the artifacts.
  public var signers: [String]
  /// Artifacts whose entry nobody signed.
  public var unsigned: Int

  public init(checks: [Check] = [], signers: [String] = [], unsigned: Int = 0) {
    self.checks = checks
    self.signers = signers
    self.unsigned = unsigned
  }
}

/// A path of the source that has no artifact, or not a whole one, and why.
public struct SourceGap: Hashable, Sendable {
  public var path: String
  public var reason: String

  public init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }
}

/// What made the results. Nothing in here may differ between two runs over the same evidence.
public struct ToolFacts: Hashable, Sendable {
  public var version: String
  /// Fingerprint by name of the rule set.
  public var rules: [String: String]

  public init(version: String, rules: [String: String] = [:]) {
    self.version = version
    self.rules = rules
  }
}
