import Bytes
import Evidence

/// A detector that keeps what it saw until all of it is there. Bounded.
protocol KeepingDetector {
  static var rule: String { get }
  /// Whether there was more than is kept: what is not among it may have happened all the same.
  var isFull: Bool { get }
}

extension InstanceCredentialUse: KeepingDetector {}
extension CloudRecon: KeepingDetector {}
extension SecretReads: KeepingDetector {}
extension ConsoleGuessing: KeepingDetector {}
extension ComputeBurst: KeepingDetector {}
extension CredentialHeirs: KeepingDetector {}
extension WebScan: KeepingDetector {}

/// Detectors that need to see more than one artifact: CloudTrail writes a file for each region and five minutes, web logs are
/// cut by the hour, and an intruder is in many of them.
///
/// What they say of the whole case takes the place of what they said of each artifact, unless one could not keep all. Copies of one record in several
/// artifacts count once.
public final class WholeCaseDetectors {
  private let uses = InstanceCredentialUse(artifact: .unnamed)
  private let recon = CloudRecon(artifact: .unnamed)
  private let secrets = SecretReads(artifact: .unnamed)
  private let guesses = ConsoleGuessing(artifact: .unnamed)
  private let machines = ComputeBurst(artifact: .unnamed)
  private let heirs = CredentialHeirs()
  private let scans = WebScan(artifact: .unnamed)
  private var seen: Set<UInt64> = []
  private var found: [Finding] = []
  private static let maximumSeen = 2_000_000
  private var all: [any KeepingDetector] { [uses, recon, secrets, guesses, machines, heirs, scans] }

  public init() {}

  /// One sentence for each detector that saw more than it keeps.
  public var limits: [String] {
    all.filter(\.isFull).map {
      "\(type(of: $0).rule) looked at a part of the case's records only: there are more than it keeps"
    }
  }

  public func inspect(_ event: Event, of artifact: Digest) {
    if CloudRecon.concerns(event.dataType) {
      guard isFirst(event), let call = CloudCall(event) else { return }
      uses.artifact = artifact
      recon.artifact = artifact
      secrets.artifact = artifact
      guesses.artifact = artifact
      machines.artifact = artifact
      heirs.artifact = artifact
      uses.inspect(call) { found.append($0) }
      recon.inspect(call) { found.append($0) }
      secrets.inspect(call) { found.append($0) }
      guesses.inspect(call) { found.append($0) }
      machines.inspect(call) { found.append($0) }
      heirs.inspect(call)
    } else if WebScan.concerns(event.dataType) {
      scans.artifact = artifact
      scans.inspect(event) { found.append($0) }
    }
  }

  private func isFirst(_ event: Event) -> Bool {
    guard let key = event.text("event_id"), seen.count < Self.maximumSeen else { return true }
    return seen.insert(key.withView(\.fingerprint)).inserted
  }

  /// - Parameter findings: of the artifacts.
  /// - Returns: them, with those of these detectors replaced.
  public func finish(replacing findings: [Finding]) -> [Finding] {
    uses.finish { found.append($0) }
    recon.finish { found.append($0) }
    secrets.finish { found.append($0) }
    guesses.finish { found.append($0) }
    machines.finish { found.append($0) }
    scans.finish { found.append($0) }
    let replaced = Set(all.lazy.filter { !$0.isFull }.map { type(of: $0).rule })
    let known = findings.filter { !replaced.contains($0.rule) } + found
    var passed: [Finding] = []
    heirs.finish(known) { passed.append($0) }
    return known + passed
  }
}
