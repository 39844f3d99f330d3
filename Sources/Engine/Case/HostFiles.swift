import ArtifactStore
import Bytes
import Evidence

/// The files of a host where its root was collected, as an archive or as a folder: permissions, owners and times, which the
/// files' own bytes lack.
///
/// A root is what has `etc/passwd` in it; of several the outermost, since those of containers lie deeper. Nothing comes of an
/// archive or a folder of something else.
public enum HostFiles {
  public struct File: Equatable {
    /// Absolute on the host.
    public var path: String
    public var mode: UInt16?
    public var owner: Int64?
    /// Nanoseconds since 1970.
    public var modified: Int64?
    public var content: Digest
  }

  /// Every regular file below the root of an archive, in its order.
  ///
  /// - Parameter result: of expanding the archive.
  public static func forEach(
    inArchive result: Digest, of store: ArtifactStore, _ body: (File) -> Void
  ) throws {
    var root: Root?
    try forEachMember(of: result, in: store) { Root.choose(&root, $0) }
    guard let root else { return }
    try forEachMember(of: result, in: store) { if let file = root.file($0) { body(file) } }
  }

  /// Every file below the root of a folder that was taken in.
  public static func forEach(of sightings: [CaseDatabase.Sighting], _ body: (File) -> Void) {
    let files = sightings.lazy.map {
      File(path: $0.path, mode: $0.mode, owner: $0.owner, modified: $0.modified, content: $0.digest)
    }
    var root: Root?
    for file in files { Root.choose(&root, file) }
    guard let root else { return }
    for file in files { if let file = root.file(file) { body(file) } }
  }

  private static func forEachMember(
    of result: Digest, in store: ArtifactStore, _ body: (File) -> Void
  ) throws {
    try CaseResults.forEachLine(of: result, in: store) { line in
      guard case .other("member", let json) = line, json["kind"]?.string == "file", let path = json["path"]?.string,
        let content = json["digest"]?.string.flatMap(Digest.init(hex:))
      else { return }
      body(
        File(
          path: path, mode: json["mode"]?.integer.map { UInt16($0 & 0o7777) }, owner: json["uid"]?.integer,
          modified: json["modified_ns"]?.integer, content: content))
    }
  }

  private struct Root {
    /// What stands before `etc/` in the paths.
    var above: String
    /// Whoever copies files without root's rights becomes their owner, and then says nothing of the host.
    var hasOwners: Bool

    static func choose(_ known: inout Root?, _ file: File) {
      guard file.path.hasSuffix("etc/passwd") else { return }
      let above = String(file.path.dropLast("etc/passwd".count))
      guard above.isEmpty || above.hasSuffix("/"), known.map({ above.utf8.count < $0.above.utf8.count }) ?? true
      else { return }
      known = Root(above: above, hasOwners: file.owner == 0)
    }

    func file(_ file: File) -> File? {
      guard file.path.hasPrefix(above) else { return nil }
      var file = file
      file.path = "/" + file.path.dropFirst(above.count)
      if !hasOwners { file.owner = nil }
      return file
    }
  }
}
