import Evidence

/// The story of one case: what happened, how far the evidence carries it, and what to do.
public struct Incident: Sendable {
  /// The worst that the story tells; nil where nothing was found.
  public var severity: Severity?
  /// Three sentences: what happened, how far it went, what now.
  public var verdict: [Phrase] = []
  /// From the first to the last moment of the attack.
  public var first: Timestamp?
  public var last: Timestamp?
  public var host = HostFacts()
  /// Addresses and names that the attack came from or went to.
  public var attackers: [String] = []
  public var steps: [Step] = []
  public var entities: [StoryEntity] = []
  public var edges: [Edge] = []
  /// All findings, merged, masked, with those that joins made; worst first.
  public var findings: [Finding] = []
  /// Ids of the findings that the story is made of.
  public var storyFindings: Set<String> = []
  public var processes: [ProcessNode] = []
  public var exposures: [Exposure] = []
  /// Credentials that were used by somebody else, each with all that is known of its use.
  public var credentials: [CredentialFacts] = []
  public var skews: [ClockSkew] = []
  public var response: [ResponseAction] = []
  public var sources: [SourceFacts] = []
  /// Limits that were reached while the story was made, in words.
  public var limits: [String] = []
}

/// What is known of the machine.
public struct HostFacts: Hashable, Sendable {
  public var instance: String?
  public var account: String?
  public var region: String?
  public var role: String?
  public var hostname: String?
  public var interface: String?
  public var addresses: [String] = []

  /// The best name there is.
  public var name: String { instance ?? hostname ?? addresses.first ?? "?" }
}

public struct Step: Hashable, Sendable {
  public enum Status: String, Sendable {
    /// Evidence shows the thing itself.
    case observed
    /// Follows from things that evidence shows; `basis` says from which.
    case inferred
    /// The source that would show it is not in the case; `basis` says which.
    case missing
  }

  public var stage: Stage
  public var status: Status
  public var title: Phrase
  public var basis: Phrase?
  public var severity: Severity
  public var first: Timestamp?
  public var last: Timestamp?
  public var facts: [Fact] = []
  /// Ids of findings.
  public var findings: [String] = []
  public var entities: [Entity] = []

  /// Stable within a story: a stage is told once.
  public var id: String { stage.rawValue }

  public var evidence: [EvidenceReference] {
    var seen: Set<EvidenceReference> = []
    return facts.flatMap(\.evidence).filter { seen.insert($0).inserted }
  }
}

/// One thing in a step, with everything that shows it.
public struct Fact: Hashable, Sendable {
  public var time: Timestamp?
  /// In the words of the finding or event.
  public var text: String
  /// Kinds of sources that show it, in order.
  public var sources: [Source]
  public var evidence: [EvidenceReference]
  /// Ids of findings.
  public var findings: [String]
}

public struct StoryEntity: Hashable, Sendable {
  public enum Side: String, Sendable { case attacker, victim, tool, unknown }

  public var entity: Entity
  /// A name beside the value: a process's command, say.
  public var label: String?
  public var side: Side
  public var first: Timestamp?
  public var last: Timestamp?
  public var severity: Severity
  public var findings: [String]
}

/// Two entities tied by what evidence says of both.
public struct Edge: Hashable, Sendable {
  public var from: Entity
  public var to: Entity
  public var relation: Phrase.Key
  /// What both sides had in common: `203.0.113.66:1389`, an access key.
  public var key: String
  /// How far apart in time the two sides may lie to count, in seconds; nil where time plays no part.
  public var tolerance: Double?
  /// How far apart they were, in seconds.
  public var distance: Double?
  public var evidence: [EvidenceReference]
}

/// One process of the host, joined over all sources that list it.
public struct ProcessNode: Hashable, Sendable {
  public var pid: Int64
  public var parent: Int64?
  public var name: String
  public var command: String
  public var user: String?
  public var start: Timestamp?
  public var isAttack: Bool
  public var connections: [String]
  public var sources: [Source]
  public var evidence: [EvidenceReference]
}

/// How far one source's clock runs ahead of another's.
public struct ClockSkew: Hashable, Sendable {
  /// Whose clock it is, where there are names for hosts.
  public var host: String?
  public var source: Source
  public var reference: Source
  /// Median of the source's time minus the reference's, in seconds.
  public var seconds: Double
  /// Half of the pairs lie within this many seconds of the median.
  public var spread: Double
  public var pairs: Int
  public var method: Phrase
  /// Whether the times of this host are told by the reference's clock.
  public var isCorrected = false
  /// What to call them where the kind of source does not tell them apart: `ALB`.
  public var sourceName: String?
  public var referenceName: String?
}

/// What the case has of one kind of source.
public struct SourceFacts: Hashable, Sendable {
  public var source: Source
  public var events: Int
  public var first: Timestamp?
  public var last: Timestamp?
}

/// Something to do, in order.
public struct ResponseAction: Hashable, Sendable {
  public enum Group: String, Sendable, CaseIterable { case preserve, isolate, revoke, rotate, block, recover }

  public var group: Group
  public var title: Phrase
  /// Ready to paste; filled with this incident's names.
  public var commands: [Command]
  public var breaks: Phrase

  public struct Command: Hashable, Sendable {
    public var text: String
    /// The same with the API's own dry run; nil where the API has none.
    public var dryRun: String?
  }
}
