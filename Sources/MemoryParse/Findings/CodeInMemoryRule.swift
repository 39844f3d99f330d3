import Evidence

/// Code that belongs to no file: a program image in anonymous memory, or memory both writable and executable.
///
/// Run time compilers (Java, node …) work so: there it is informational.
enum CodeInMemoryRule: MemoryRule {
  static func check(_ scene: Scene) {
    for process in scene.userProcesses {
      let anonymous = process.mappings.filter { $0.file == nil && process.name(of: $0).isEmpty }
      for mapping in anonymous where process.head(of: mapping, count: 4) == Elfs.magic {
        // A loader maps the header readable alone, and the code behind it; a file that was merely read has no code behind.
        guard mapping.isExecutable || hasCodeBehind(mapping, anonymous) else { continue }
        // A page or two of kernel-made code whose name could not be read is the vDSO.
        guard mapping.byteCount > 4 * scene.snapshot.kernel.pageSize || mapping.isWritable || !mapping.isExecutable
        else {
          continue
        }
        scene.report(
          "elf-in-anonymous-memory", "Program image in anonymous memory", .high, .medium, attack: ["T1620"],
          process: process, locator: place(mapping, process),
          message: "pid \(process.pid) (\(process.commandLine)) holds an ELF image at 0x\(hex(mapping.start)) "
            + "(\(mapping.permissions)) that belongs to no file.")
      }
      let both = process.mappings.filter { $0.isWritable && $0.isExecutable }
      guard let first = both.first else { continue }
      let program = Programs.program(process)
      let isCompiler = Programs.compilers.contains(program) || Programs.compilers.contains(Programs.family(program))
      scene.report(
        "writable-executable", "Memory both writable and executable", isCompiler ? .informational : .low, .low,
        attack: isCompiler ? [] : ["T1055"], process: process, locator: place(first, process),
        message: "pid \(process.pid) (\(program)) has \(both.count) mappings that are writable and executable"
          + (isCompiler ? ", as a run time compiler has." : "."),
        attributes: [Attribute("mappings", Int64(both.count))])
    }
  }

  /// Executable anonymous memory right behind, within what one program image takes.
  private static func hasCodeBehind(_ mapping: Mapping, _ anonymous: [Mapping]) -> Bool {
    anonymous.contains { $0.isExecutable && $0.start >= mapping.end && $0.start &- mapping.end < 1 << 16 }
  }

  private static func hex(_ number: UInt64) -> String { String(number, radix: 16) }

  private static func place(_ mapping: Mapping, _ process: Process) -> Locator {
    var locator = Locator()
    locator.pid = Int64(process.pid)
    locator.virtual = mapping.start
    locator.physical = process.memory?.space.physical(mapping.start)
    let name = process.name(of: mapping)
    locator.mapping = name.isEmpty ? "anonymous" : name
    return locator
  }
}
