import ArtifactStore
import Evidence

/// A unit that computes nothing: it hashes an object whose file has changed since that was last done. Never memoized.
public enum IntegrityCheck {
  static let name = "integrity"

  /// The unit for a worker; a driver asks for it before anything else of the artifact.
  static func unit(_ artifact: Digest) -> Unit { Unit(artifact: artifact, analyzer: name, version: "1") }
}
