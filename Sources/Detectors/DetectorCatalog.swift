import Evidence

/// The event detectors of this module, in one place.
public enum DetectorCatalog {
  /// A fresh detector of each kind for the events of one artifact. `finish` must be called on each after the last event.
  public static func makeEventDetectors(artifact: Digest) -> [any EventDetector] {
    [
      TextInEvents(artifact: artifact), ReverseShellSocket(artifact: artifact), JNDICallback(artifact: artifact),
      ProcessTree(artifact: artifact),
      DiscoveryBurst(artifact: artifact),
      CloudCallDetectors([
        InstanceCredentialUse(artifact: artifact), CloudRecon(artifact: artifact), CloudActions(artifact: artifact),
        SecretReads(artifact: artifact), ConsoleGuessing(artifact: artifact), ComputeBurst(artifact: artifact),
        CloudImpact(artifact: artifact),
      ]), WebScan(artifact: artifact), WebRequests(artifact: artifact),
    ]
  }

  private static var kinds: [any EventDetector.Type] {
    [
      TextInEvents.self, ReverseShellSocket.self, JNDICallback.self, ProcessTree.self, DiscoveryBurst.self,
      InstanceCredentialUse.self, CloudRecon.self,
      CloudActions.self, SecretReads.self, ConsoleGuessing.self, ComputeBurst.self, CloudImpact.self, WebScan.self,
      WebRequests.self,
    ]
  }

  /// Changes whenever any detector would say something else: part of every result's key.
  public static var version: String {
    ([TextDetectors.version] + kinds.map { "\($0)\($0.version)" }).joined(separator: ",")
  }
}
