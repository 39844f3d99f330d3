import Evidence

/// What was analysed, and what was not.
public struct MemorySummary: Sendable {
  /// `Linux version …`
  public var banner = ""
  /// `6.1.0-32-cloud-amd64`
  public var release = ""
  /// As `uname -m` says it: `x86_64`, `aarch64`.
  public var architecture = ""
  public var hostName = ""
  /// How the kernel was found.
  public var method = ""
  public var bootTime: Timestamp?
  /// The kernel's clock when its page was read.
  public var acquisitionTime: Timestamp?
  /// Rows of each view.
  public var rowCounts: [String: Int] = [:]
  /// Reads of memory that found nothing in the dump.
  public var missingReads = 0
  /// What could not be had, as sentences. Empty when all is well.
  public var failures: [String] = []

  /// Why nothing was read although the dump may be sound: what was given with it does not belong to it.
  public var refusal: String?

  public init() {}

  mutating func describe(_ snapshot: Snapshot) {
    let kernel = snapshot.kernel
    banner = kernel.banner
    release = kernel.release
    architecture = kernel.architectureName
    method = kernel.placement.proof
    hostName = snapshot.firstProcess?.namespaces?.hostName ?? ""
    bootTime = snapshot.clock.map { Timestamp(nanoseconds: $0.boot) }
    acquisitionTime = snapshot.clock?.now
    missingReads = kernel.memory.missingReads
    failures += kernel.notes
    if snapshot.clock == nil { failures.append("the kernel's clock was not found: rows have no times") }
  }
}
