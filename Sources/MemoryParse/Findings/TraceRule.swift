import Evidence

/// A process that another one traces: a debugger at work, or an injection.
enum TraceRule: MemoryRule {
  static func check(_ scene: Scene) {
    let kernel = scene.snapshot.kernel
    let flag = kernel.member("task_struct", "ptrace")
    let tracer = kernel.member("task_struct", "parent")
    let debuggers: Set<String> = ["strace", "gdb", "ltrace", "gdbserver", "lldb-server", "perf", "crashpad_handler"]
    for process in scene.userProcesses {
      guard let bits = kernel.value(process.task.address, flag), bits & 1 == 1,
        let by = kernel.pointer(process.task.address, tracer).flatMap({
          kernel.int32($0, scene.snapshot.taskReader.tgid)
        })
      else { continue }
      let name = scene.snapshot.processByPID[by].map { Programs.program($0) } ?? "?"
      scene.report(
        "traced", "Process traced by another", debuggers.contains(name) ? .low : .medium, .medium,
        attack: ["T1055.008"], process: process,
        message: "pid \(process.pid) (\(process.commandLine)) is traced by pid \(by) (\(name)).",
        attributes: [Attribute("tracer_pid", Int64(by))])
    }
  }
}
