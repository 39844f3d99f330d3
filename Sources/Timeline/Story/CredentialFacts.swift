import Evidence

/// Credentials that somebody else used: whose they are, from where, for what, and what was done about it.
public struct CredentialFacts: Hashable, Sendable {
  /// Where they were used, in the order of first use.
  public struct Place: Hashable, Sendable {
    public var address: String
    public var first: Timestamp?
    public var last: Timestamp?
    public var calls: Int
    public var denied: Int
    /// Not where they belong.
    public var isElsewhere: Bool
  }

  /// Calls of one name that somebody else made.
  public struct Call: Hashable, Sendable {
    /// `s3.amazonaws.com`
    public var service: String
    public var name: String
    public var count: Int
    public var first: Timestamp?
    /// Nil where the call was answered.
    public var error: String?
  }

  /// Something that was done, with what the log says of its effect.
  public struct Measure: Hashable, Sendable {
    public enum Kind: String, Sendable { case revoked, keyDisabled, stopped, started, rebooted, terminated, newKey }
    public var kind: Kind
    public var time: Timestamp?
    /// Who did it, or the key that is new.
    public var subject: String
    public var evidence: EvidenceReference
  }

  public var key: String
  /// `AssumedRole`, `IAMUser` …
  public var type: String?
  public var principal: String?
  public var role: String?
  public var user: String?
  public var instance: String?
  public var account: String?
  /// `1.0` for IMDSv1, `2.0` for IMDSv2.
  public var delivery: String?
  public var places: [Place]
  public var calls: [Call]
  public var measures: [Measure]
  /// The first call with the key that was refused after its sessions were revoked or it was disabled.
  public var firstRefused: Timestamp?
  /// Calls from elsewhere that were answered after that.
  public var answeredAfter: Int
  /// Whether the instance was stopped and started, and so has new credentials; a reboot keeps the old ones.
  public var isRestarted: Bool
  public var isRebooted: Bool

  /// `role web-role`, `user ops.lee`
  public var owner: String { role.map { "role \($0)" } ?? user.map { "user \($0)" } ?? "key \(key)" }
  public var elsewhere: [Place] { places.filter(\.isElsewhere) }
  public var revoked: Measure? { measures.first { $0.kind == .revoked || $0.kind == .keyDisabled } }
  public var first: Timestamp? { elsewhere.compactMap(\.first).min() }
  public var last: Timestamp? { elsewhere.compactMap(\.last).max() }
}
