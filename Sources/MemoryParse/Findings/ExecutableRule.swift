import Evidence

/// A program whose file is gone, was never on a disk, or lies where anybody may write.
///
/// An upgrade replaces files of running services, so a deleted file in a system directory is low.
enum ExecutableRule: MemoryRule {
  private static let systemPlaces = [
    "/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/", "/opt/", "/snap/", "/nix/", "/var/lib/",
  ]

  static func check(_ scene: Scene) {
    for process in scene.userProcesses {
      guard let executable = process.executable, executable.kind == .path else { continue }
      let path = executable.text
      if path.hasPrefix("/memfd:") {
        // Container engines run their first step from such a copy of themselves.
        let isEngine = path.hasPrefix("/memfd:runc") || path.hasPrefix("/memfd:crun")
        if !isEngine { scene.suspect(process) }
        scene.report(
          "memfd-executable", "Program run from memory", isEngine ? .informational : .high,
          attack: ["T1620", "T1027.011"],
          process: process,
          message: "pid \(process.pid) (\(process.commandLine)) runs \(path): a file that exists in memory alone.",
          attributes: recovered(process, scene))
      } else if executable.isDeleted {
        let isSystem = systemPlaces.contains { path.hasPrefix($0) } && !Programs.isHidden(path)
        let isOpen = Programs.isOpenToAll(path) || Programs.isHidden(path)
        if isOpen { scene.suspect(process) }
        scene.report(
          "deleted-executable", "Program whose file was deleted", isOpen ? .high : isSystem ? .low : .medium,
          isSystem ? .low : .high, attack: ["T1070.004"], process: process,
          message: "pid \(process.pid) (\(process.commandLine)) runs \(path).", attributes: recovered(process, scene))
      } else if Programs.isOpenToAll(path) || SuspectConnectionRule.isOutOfPlace(process) {
        let script = process.memory?.arguments.texts.dropFirst().first { !$0.hasPrefix("-") }
        let place = Programs.isOpenToAll(path) ? path : script ?? path
        scene.report(
          "executable-in-open-place", "Program in a place where anybody may write",
          Programs.isHidden(place) ? .high : .medium, .medium, attack: ["T1059", "T1564.001"], process: process,
          message: "pid \(process.pid) (\(process.commandLine)) runs \(place).")
      }
    }
  }

  /// The SHA-256 of the file, where all of it is in the page cache.
  private static func recovered(_ process: Process, _ scene: Scene) -> [Attribute] {
    let snapshot = scene.snapshot
    guard let file = process.memory?.executable, let address = snapshot.kernel.pointer(file, snapshot.paths.fileInode),
      let inode = snapshot.inodeReader.inode(at: address), inode.size > 0, inode.size < 64 << 20,
      let content = snapshot.pageCache.content(of: inode), content.pagesTotal > 0
    else { return [] }
    var attributes = [
      Attribute("bytes", Int64(inode.size)),
      Attribute("pages_in_memory", "\(content.pagesFound) of \(content.pagesTotal)"),
    ]
    if content.pagesFound == content.pagesTotal {
      attributes.append(Attribute("sha256", Digest(of: content.bytes).hex))
    }
    return attributes
  }
}
