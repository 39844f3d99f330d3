import Evidence

/// A library forced into a process by its environment.
enum PreloadRule: MemoryRule {
  /// Memory allocators and helpers that services preload openly.
  private static let usual = [
    "jemalloc", "tcmalloc", "mimalloc", "libeatmydata", "libfakeroot", "libfaketime", "libgtk3-nocsd", "libasan",
    "libsnoopy", "libstdbuf", "libproxychains", "libSegFault", "libtsocks",
  ]

  static func check(_ scene: Scene) {
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
}
