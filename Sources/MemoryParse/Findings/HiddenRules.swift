import Evidence

/// A process that some view of tasks shows and the kernel's list does not.
///
/// An image of a running machine is taken over minutes: what started or ended meanwhile is in one list and not yet in
/// another. So only a process that was there long before counts as hidden for sure.
enum HiddenProcessRule: MemoryRule {
  private static let settled: Int64 = 600_000_000_000

  static func check(_ scene: Scene) {
    let snapshot = scene.snapshot
    guard snapshot.taskViews.listIsWhole else { return }
    for process in snapshot.processes where process.sources.isDisjoint(with: .lists) && process.task.exitState == 0 {
      let newest = snapshot.processes.filter { $0.sources.contains(.list) }.map { $0.task.start }.max() ?? 0
      let age = snapshot.clock?.now.flatMap { now in process.started.map { now.nanoseconds &- $0.nanoseconds } } ?? 0
      let isOld = process.task.start &+ 1_000_000_000 < newest
      let isSure = age > settled || isOld && process.sources.contains([.pidNumbers, .tree])
      let views = process.sources.names.joined(separator: ", ")
      scene.report(
        "hidden-process", "Process hidden from the kernel's list", isSure ? .high : .medium, isSure ? .high : .low,
        attack: ["T1014"], process: process,
        message: "pid \(process.pid) (\(process.commandLine)) is not in the list of processes, but seen in: \(views)"
          + (isSure ? "." : ". It may have begun or ended while memory was read."),
        attributes: [Attribute("seen_in", .texts(process.sources.names))])
    }
  }
}

/// A module that is in memory and not in the list that `lsmod` prints.
enum HiddenModuleRule: MemoryRule {
  static func check(_ scene: Scene) {
    let modules = scene.snapshot.modules
    guard modules.contains(where: { $0.sources.contains(.list) }) else { return }
    // A list with a torn link proves nothing against what lies behind it; that the kernel has it elsewhere does.
    let isWhole = scene.snapshot.moduleListIsWhole
    for module in modules where !module.sources.contains(.list) {
      var locator = Locator()
      locator.virtual = module.address
      locator.physical = scene.snapshot.kernel.space.physical(module.address)
      scene.report(
        "hidden-module", "Kernel module hidden from the list", isWhole ? .high : .low, isWhole ? .high : .low,
        attack: ["T1014", "T1547.006"], locator: locator,
        message:
          "Kernel module \(module.name) (\(module.byteCount) bytes at 0x\(String(module.base, radix: 16))) is not in "
          + "the list of modules, but seen in: \(module.sources.names.joined(separator: ", "))."
          + (isWhole ? "" : " The list is damaged in this image."),
        attributes: [Attribute("module", module.name), Attribute("seen_in", .texts(module.sources.names))])
    }
  }
}

/// A listening socket that a process holds and no table of the kernel has: `netstat` does not show it.
enum HiddenSocketRule: MemoryRule {
  static func check(_ scene: Scene) {
    let sockets = scene.snapshot.sockets
    guard sockets.contains(where: { $0.isListed && $0.socket.stateName == "LISTEN" }) else { return }
    let isWhole = scene.snapshot.socketTablesAreWhole
    for held in sockets where !held.isListed && held.socket.isInternet && held.socket.proto == 6 {
      guard held.socket.stateName == "LISTEN", let local = held.socket.local, let process = held.process else {
        continue
      }
      scene.report(
        "hidden-socket", "Listening socket hidden from the kernel's tables", isWhole ? .high : .low,
        isWhole ? .medium : .low, attack: ["T1014"], process: process, socket: held,
        message:
          "pid \(process.pid) (\(process.commandLine)) listens on \(local.text), which is in no table of sockets."
          + (isWhole ? "" : " The tables are damaged in this image."))
    }
  }
}
