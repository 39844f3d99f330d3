import Evidence

/// A place in an artifact, as cheap as can be to look up ten million times.
public struct EvidencePlace: Hashable, Sendable {
  private var artifact: Digest
  private var order: UInt64
  private var line: Int
  /// Only where the locator names the place in another way: a record's number, a row of a view.
  private var other: String

  public init(_ artifact: Digest, _ locator: Locator) {
    self.artifact = artifact
    order = locator.order
    line = locator.line ?? 0
    other = locator.other.isEmpty ? "" : locator.text
  }
}
