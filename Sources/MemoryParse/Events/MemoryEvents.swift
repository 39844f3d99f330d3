import Evidence

/// Tells the events of a snapshot: what has a time on the timeline, what has none as the state at the dump.
struct MemoryEvents {
  let snapshot: Snapshot
  let sink: any ResultSink

  func tell() {
    boot()
    for process in snapshot.processes { tell(process) }
    for process in snapshot.processes { tellCommands(process) }
    tellSockets()
    tellModules()
    tellLog()
  }

  private func boot() {
    guard let clock = snapshot.clock else { return }
    var locator = Locator()
    locator.other["view"] = "boottime"
    sink.event(
      Event(
        time: Timestamp(nanoseconds: clock.boot), .start, dataType: "linux:memory:boot",
        message: "System started (Linux \(snapshot.kernel.release))",
        attributes: [Attribute("release", snapshot.kernel.release), Attribute("banner", snapshot.kernel.banner)],
        locator: locator))
    if let now = clock.now {
      sink.event(
        Event(
          time: now, .recorded, dataType: "linux:memory:acquisition",
          message: "Memory was read: the kernel's clock in the image", locator: locator))
    }
  }

  private func tell(_ process: Process) {
    // The kernel's own threads are listed in the view; on a timeline they are noise.
    guard !process.task.isKernelThread else { return }
    let task = process.task
    var attributes = [
      Attribute("pid", Int64(process.pid)), Attribute("ppid", Int64(task.parent)), Attribute("comm", task.name),
    ]
    attributes.add("command_line", process.commandLine)
    attributes.add("exe", process.executable?.text)
    attributes.append(Attribute("uid", Int64(task.credentials.uid)))
    attributes.append(Attribute("euid", Int64(task.credentials.euid)))
    attributes.add("user", snapshot.userNames[task.credentials.uid])
    attributes.add("cgroup", process.cgroup)
    attributes.add("container", process.container?.container)
    attributes.add("pod", process.container?.pod)
    attributes.append(Attribute("state", .text(task.isZombie ? "zombie" : "running")))
    sink.event(
      Event(
        time: process.started, .start, dataType: "linux:memory:process",
        message: "Process \(process.commandLine) started: pid \(process.pid), parent \(task.parent), "
          + "\(snapshot.user(task.credentials.uid))",
        entities: snapshot.entities(of: process), attributes: attributes, locator: process.locator))
  }

  private func tellCommands(_ process: Process) {
    for command in process.typedCommands {
      let uid = process.task.credentials.uid
      var locator = process.locator
      locator.virtual = command.virtual
      locator.physical = process.memory?.space.physical(command.virtual)
      locator.mapping = "[heap]"
      var attributes = [
        Attribute("command", command.text), Attribute("pid", Int64(process.pid)), Attribute("shell", process.task.name),
        Attribute("uid", Int64(uid)),
      ]
      attributes.add("user", snapshot.userNames[uid])
      if !command.isLinked { attributes.append(Attribute("state", "unlinked")) }
      sink.event(
        Event(
          time: command.time, .executed, dataType: "linux:shell:command",
          message: (command.isLinked ? "Typed in " : "Left in the memory of ")
            + "\(process.task.name) (pid \(process.pid), \(snapshot.user(uid))): \(command.text)",
          entities: snapshot.entities(of: process), attributes: attributes, locator: locator))
    }
  }

  private func tellSockets() {
    for held in snapshot.sockets where held.socket.isInternet {
      let socket = held.socket
      guard let local = socket.local, let remote = socket.remote else { continue }
      var attributes = [
        Attribute("protocol", socket.protocolName.lowercased()), Attribute("local_address", local.plain),
        Attribute("local_port", Int64(local.port)), Attribute("remote_address", remote.plain),
        Attribute("remote_port", Int64(remote.port)), Attribute("state", socket.stateName),
      ]
      attributes.add("pid", held.process.map { Int64($0.pid) })
      attributes.add("comm", held.process?.task.name)
      attributes.add("fd", held.descriptor.map { Int64($0) })
      attributes.add("network_namespace", socket.networkNamespace.map { Int64($0) })
      let holder = held.process.map { "pid \($0.pid) (\($0.task.name))" } ?? "no process"
      sink.event(
        Event(
          time: nil, dataType: "linux:memory:socket",
          message: "\(socket.protocolName) \(local.text) -> \(remote.text) \(socket.stateName), held by \(holder)",
          entities: snapshot.entities(of: socket) + (held.process.map { snapshot.entities(of: $0) } ?? []),
          attributes: attributes, locator: snapshot.locator(of: held)))
    }
  }

  private func tellModules() {
    for module in snapshot.modules {
      var locator = Locator()
      locator.virtual = module.address
      locator.physical = snapshot.kernel.space.physical(module.address)
      sink.event(
        Event(
          time: nil, dataType: "linux:memory:module",
          message: "Kernel module \(module.name) is loaded (\(module.byteCount) bytes)",
          attributes: [
            Attribute("name", module.name), Attribute("bytes", Int64(clamping: module.byteCount)),
            Attribute("seen_in", .texts(module.sources.names)),
          ], locator: locator))
    }
  }

  private func tellLog() {
    for record in snapshot.log?.records ?? [] {
      var locator = Locator()
      locator.other["view"] = "kmsg"
      locator.other["sequence"] = String(record.sequence)
      sink.event(
        Event(
          time: snapshot.clock?.moment(record.nanoseconds, precision: .microsecond), .recorded,
          dataType: "linux:kernel:message", message: "Kernel: \(record.text)",
          attributes: [Attribute("level", Int64(record.level)), Attribute("text", record.text)], locator: locator))
    }
  }
}
