import Evidence

/// Tells the same record in two files of a case, such as a login that syslog writes to `auth.log` and to `messages`: it happened
/// once. Records that are alike within one file are several, and as often they are in its copy.
struct SigmaCopies {
  private struct Times {
    var artifact: UInt32
    var count: UInt32
  }
  private struct Copy: Hashable {
    var record: Int
    var artifact: UInt32
  }

  /// Of each record the file that first brought it, and how often it did.
  private var first: [Int: Times] = [:]
  /// How often another file did.
  private var others: [Copy: UInt32] = [:]
  private var artifacts: [Digest: UInt32] = [:]
  /// Copies that are known; any further counts as a record of its own.
  private static let mostCopies = 1 << 20

  /// Whether another file has brought the record as often as this one.
  ///
  /// - Parameter fields: what the rules look at; those of two hosts are two.
  mutating func isCopy(_ event: Event, _ name: Digest, _ rule: Int, _ fields: [[SigmaValue]]) -> Bool {
    var hasher = Hasher()
    hasher.combine(rule)
    hasher.combine(event.time?.nanoseconds)
    hasher.combine(event.dataType)
    hasher.combine(event.message)
    hasher.combine(event.text("host"))
    for field in fields { hasher.combine(field) }
    let record = hasher.finalize()
    let artifact = artifacts[name] ?? UInt32(clamping: artifacts.count)
    if artifact == artifacts.count { artifacts[name] = artifact }
    guard var known = first[record] else {
      first[record] = Times(artifact: artifact, count: 1)
      return false
    }
    if known.artifact == artifact {
      known.count &+= 1
      first[record] = known
      return false
    }
    let count = (others[Copy(record: record, artifact: artifact)] ?? 0) &+ 1
    guard count > 1 || others.count < Self.mostCopies else { return false }
    others[Copy(record: record, artifact: artifact)] = count
    return count <= known.count
  }
}
