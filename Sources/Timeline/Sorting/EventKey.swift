import Evidence

/// The order of the timeline: by time, then artifact, then place in the artifact.
public struct EventKey: Hashable, Sendable, Comparable {
  public var nanoseconds: Int64
  public var artifact: Digest
  public var place: UInt64

  public init(nanoseconds: Int64, artifact: Digest, place: UInt64) {
    self.nanoseconds = nanoseconds
    self.artifact = artifact
    self.place = place
  }

  public static func < (left: EventKey, right: EventKey) -> Bool {
    if left.nanoseconds != right.nanoseconds { return left.nanoseconds < right.nanoseconds }
    if left.artifact != right.artifact { return left.artifact < right.artifact }
    return left.place < right.place
  }
}

extension Locator {
  /// A number that grows along the artifact: the offset, else the physical address, else the line.
  public var order: UInt64 { offset ?? physical ?? UInt64(max(line ?? 0, 0)) }
}
