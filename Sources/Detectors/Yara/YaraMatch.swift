/// A rule that holds for an object.
public struct YaraMatch: Hashable, Sendable {
  /// Its place in `YaraRules.rules`.
  public var index: Int
  public var rule: YaraRuleInfo
  /// In the order of the rule's strings, each by offset. In fast mode a string that the rule only asks for once is told
  /// once.
  public var strings: [YaraStringMatch]
  /// How many matches there were in all, those beyond the scanner's limit included.
  public var stringCount: Int
}

/// One place where a string of a rule stands.
public struct YaraStringMatch: Hashable, Sendable {
  /// With its `$`.
  public var identifier: String
  /// In the object; in a scan of regions, the virtual address.
  public var offset: UInt64
  public var length: Int
  /// The first bytes of it, up to the scanner's limit.
  public var data: [UInt8]
  public var isHexadecimal: Bool
}
