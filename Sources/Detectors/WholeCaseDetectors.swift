import Bytes
import Evidence

/// Detectors that need to see more than one artifact: CloudTrail writes a file for each region and five minutes, web logs are
/// cut by the hour, and an intruder is in many of them.
///
/// What they say of the whole case takes the place of what they said of each artifact. Copies of one record in several
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
  private static let rules: Set<String> = [
    InstanceCredentialUse.rule, CloudRecon.rule, SecretReads.rule, ConsoleGuessing.rule, ComputeBurst.rule,
    CredentialHeirs.rule,
    WebScan.rule,
  ]

  public init() {}

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
    let all = findings.filter { !Self.rules.contains($0.rule) } + found
    var passed: [Finding] = []
    heirs.finish(all) { passed.append($0) }
    return all + passed
  }
}
