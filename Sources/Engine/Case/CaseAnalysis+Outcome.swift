import Evidence

/// What an analysis speaks of.
extension CaseAnalysis {
  /// An artifact of the case: taken in, or found inside another.
  public struct Artifact: Hashable, Sendable {
    public var digest: Digest
    /// From the source's root; members of archives as `disk/root.tar.gz!/etc/passwd`.
    public var paths: [String]
    public var byteCount: UInt64
    /// libmagic's word for it; empty for what was found inside another artifact.
    public var type: String
    /// `memory/lime`, `log/aws.waf`, `archive`, `unknown` …, by triage.
    public var kind = ""
    public var parent: Digest?
    public var modified: Int64?
  }

  public struct UnitResult: Hashable, Sendable {
    public var unit: Unit
    public var result: Digest
    public var how = RunRecord.How.reused
  }

  public struct Failure: Hashable, Sendable {
    public var unit: Unit
    public var reason: String
  }

  public struct Outcome: Sendable {
    /// By digest.
    public var artifacts: [Artifact] = []
    /// By artifact, analyzer and key.
    public var results: [UnitResult] = []
    public var failures: [Failure] = []
    /// Artifacts whose objects are gone or damaged: nothing was computed from them. Each has its failure too.
    public var damaged: [Digest] = []
    public var computed = 0
    /// Of those computed, by asking only the rules that changed.
    public var updated = 0
    public var reused = 0
    public var isInterrupted = false
    /// The time allowed is over: what is missing is left to the next run.
    public var isOutOfTime = false
    /// Units not come to.
    public var left = 0
  }

  /// An earlier rule set, whose results may be brought up to date instead of being computed anew.
  public struct RuleBase: Sendable {
    public var set: Digest
    public var keys: RuleKeys

    public init(set: Digest, keys: RuleKeys) {
      self.set = set
      self.keys = keys
    }
  }

  /// For the progress line.
  public struct Progress: Sendable {
    public var unitsDone = 0
    public var units = 0
    public var bytesDone: UInt64 = 0
    public var bytes: UInt64 = 0
  }
}
