/// What one rule says of one place.
public struct Finding: Hashable, Sendable {
  /// Stable name of the rule: `log4shell.jndi-lookup`, `yara:NAME`, a Sigma id.
  public var rule: String
  /// Few words, the same for every finding of the rule.
  public var title: String
  public var severity: Severity
  public var confidence: Confidence
  /// ATT&CK ids: `T1190`, `T1059.004`.
  public var attack: [String]
  public var firstSeen: Timestamp?
  public var lastSeen: Timestamp?
  public var entities: [Entity]
  /// Never empty; the first is the one that the id is made of.
  public var evidence: [EvidenceReference]
  /// What was seen, with the facts in it, in plain sentences.
  public var message: String
  /// Facts as fields: `payload`, `decoded`, `inner_command`, `technique`, `pid`, `remote_host`, `remote_port` …
  public var attributes: [Attribute]

  public init(
    rule: String, title: String, severity: Severity, confidence: Confidence = .high, attack: [String] = [],
    firstSeen: Timestamp? = nil, lastSeen: Timestamp? = nil, entities: [Entity] = [], evidence: [EvidenceReference],
    message: String, attributes: [Attribute] = []
  ) {
    self.rule = rule
    self.title = title
    self.severity = severity
    self.confidence = confidence
    self.attack = attack
    self.firstSeen = firstSeen
    self.lastSeen = lastSeen ?? firstSeen
    self.entities = entities
    self.evidence = evidence
    self.message = message
    self.attributes = attributes
  }

  /// The attribute that says how grave a finding is where other signs of an intrusion stand beside it.
  public static let besideOtherSigns = "severity_beside_other_signs"

  /// UUID version 5 over artifact digest, locator and rule: the same in every run.
  public var id: String {
    let place = evidence.first
    return StableID.uuid(place?.artifact.hex ?? "", place?.locator.text ?? "", rule)
  }
}

/// Where a finding's facts lie.
public struct EvidenceReference: Hashable, Sendable {
  public var artifact: Digest
  /// As the source named it, for readers; the digest is what counts. Filled in when the report is made.
  public var path: String?
  public var locator: Locator

  public init(artifact: Digest, path: String? = nil, locator: Locator) {
    self.artifact = artifact
    self.path = path
    self.locator = locator
  }
}
