import Evidence

/// A library forced into a process by its environment.
enum PreloadRule: MemoryRule {
  /// Memory allocators and helpers that services preload openly.
  private static let usual = [
    "jemalloc", "tcmalloc", "mimalloc", "libeatmydata", "libfakeroot", "libfaketime", "libgtk3-nocsd", "libasan",
    "libsnoopy", "libstdbuf", "libproxychains", "libSegFault", "libtsocks",
  ]

  static func check(_ scene: Scene) {
    tellFile(scene)
    for process in scene.userProcesses {
      for (key, value) in process.memory?.environment.pairs ?? []
      where (key == "LD_PRELOAD" || key == "LD_AUDIT") && !value.isEmpty {
        let isUsual = usual.contains { value.contains($0) } && !Programs.isOpenToAll(value)
        let isOpen = Programs.isOpenToAll(value) || Programs.isHidden(value)
        if isOpen { scene.suspect(process) }
        let isMapped = process.mappings.contains { mapping in
          mapping.file != nil
            && value.split(whereSeparator: { $0 == ":" || $0 == " " })
              .contains { process.name(of: mapping).hasPrefix($0) }
        }
        scene.report(
          "preload", "Library forced into a process", isUsual ? .low : isOpen && isMapped ? .high : .medium,
          isUsual ? .low : .medium, attack: ["T1574.006"], process: process,
          message: "pid \(process.pid) (\(process.commandLine)) was started with \(key)=\(value)"
            + (isMapped ? "; the library is mapped." : "."),
          attributes: [Attribute("library", value)])
      }
    }
  }

  /// `/etc/ld.so.preload` forces libraries into every program. Distributions ship none.
  private static func tellFile(_ scene: Scene) {
    let snapshot = scene.snapshot
    guard let inode = CachedFileReader(snapshot).inode(at: ["etc", "ld.so.preload"]), inode.type == "REG",
      let content = snapshot.pageCache.content(of: inode, limit: 4096), content.pagesFound > 0
    else { return }
    let text = content.bytes.prefix { $0 != 0 }
    let names = String(decoding: text, as: UTF8.self).split(whereSeparator: { " :\n\t".contains($0) }).map {
      String($0)
    }
    guard let first = names.first else { return }
    let isUsual = names.allSatisfy { name in usual.contains { name.contains($0) } && !Programs.isOpenToAll(name) }
    var locator = Locator()
    locator.virtual = inode.address
    locator.physical = snapshot.kernel.space.physical(inode.address)
    scene.report(
      "preload-file", "Library forced into every program", isUsual ? .low : .high, isUsual ? .low : .medium,
      attack: ["T1574.006"], locator: locator, at: inode.modified,
      message: "/etc/ld.so.preload names \(names.joined(separator: ", ")).",
      attributes: [Attribute("library", first), Attribute("libraries", .texts(names))])
  }
}
