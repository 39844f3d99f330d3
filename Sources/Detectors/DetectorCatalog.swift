import Evidence

/// The detectors of this module, in one place.
public enum DetectorCatalog {
  /// A fresh detector of each kind for the events of one artifact.
  ///
  /// `finish` must be called on each after the last event. Detectors that join events may also be fed those of several
  /// artifacts; the evidence then names the artifact given here.
  public static func makeEventDetectors(artifact: Digest) -> [any EventDetector] {
    [
      TextInEvents(artifact: artifact), ReverseShellSocket(artifact: artifact),
    ]
  }

  /// Changes whenever any detector would say something else: part of every result's key.
  public static var version: String {
    let events: [(any EventDetector.Type)] = [TextInEvents.self, ReverseShellSocket.self]
    return ([TextDetectors.version] + events.map { "\($0)\($0.version)" }).joined(separator: ",")
  }
}
