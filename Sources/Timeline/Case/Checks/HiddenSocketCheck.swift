import Evidence

/// Sockets that memory shows and `netstat` or `ss` did not, and listeners that these showed and memory does not.
///
/// Sockets carry no time, so a difference between two moments proves nothing for sure: a listener counts where its process ran
/// at both moments, at medium severity, and as certain only where another capture of the same time shows it. Connections come
/// and go; of them only those to the attack's addresses count. What a listing was not asked for (other states, other network
/// namespaces, names instead of numbers) is not missed in it.
enum HiddenSocketCheck {
  static func findings(_ pair: CapturePair, marks: AttackMarks) -> [Finding] {
    let lists = pair.captures.filter { part in
      part.facts.processes.isEmpty && !part.facts.sockets.isEmpty && !pair.damaged.contains(part.artifact)
    }
    // The listing with the most rows; lsof, which lists sockets too, is a witness.
    guard let list = lists.filter({ isWhole($0, pair) }).max(by: { rank($0) < rank($1) }) else { return [] }
    let witnesses = lists.filter { $0.artifact != list.artifact }
    let own = namespace(of: list, in: pair)
    var found: [Finding] = []
    var told: Set<String> = []
    for socket in pair.memory.facts.sockets where socket.namespace == nil || socket.namespace == own {
      guard socket.isListening || socket.isEstablished, !isShown(socket, in: list), let pid = socket.pid,
        told.insert("\(pid) \(socket.state) \(socket.localPort ?? 0) \(socket.remote) \(socket.remotePort ?? 0)")
          .inserted
      else { continue }
      let witness = witnesses.lazy.compactMap { part in
        part.facts.sockets.first { matches($0, socket) && $0.pid == pid }
          .map { EvidenceReference(artifact: part.artifact, locator: $0.locator) }
      }.first
      let isAlive = witness != nil || lived(pid, pair)
      let isAttack = marks.hosts.contains(Endpoint(host: socket.remote, port: 0).host)
      guard socket.isListening ? isAlive : isAttack || witness != nil else { continue }
      found.append(finding(socket, pid, pair, list, witness, isAttack: isAttack))
    }
    return found
  }

  private static func rank(_ part: CapturePair.Part) -> (Int, Int, Digest) {
    let tool = part.facts.sockets.contains { $0.locator.line != nil && $0.state == "LISTEN" && $0.pid == nil } ? 1 : 0
    return (tool, part.facts.sockets.count, part.artifact)
  }

  /// It shows listeners by number, and most of those that memory has.
  private static func isWhole(_ part: CapturePair.Part, _ pair: CapturePair) -> Bool {
    let rows = part.facts.sockets
    guard rows.contains(where: \.isListening), !rows.contains(where: { $0.localPort == nil }) else { return false }
    let own = namespace(of: part, in: pair)
    let listening = pair.memory.facts.sockets.filter { $0.isListening && $0.namespace == own }
    let shown = listening.filter { isShown($0, in: part) }
    return shown.count >= 2 && shown.count * 2 >= listening.count
  }

  /// The network namespace that the command was run in: the one with most of what it shows.
  private static func namespace(of part: CapturePair.Part, in pair: CapturePair) -> Int64? {
    var counts: [Int64: Int] = [:]
    for socket in pair.memory.facts.sockets {
      if let namespace = socket.namespace, isShown(socket, in: part) { counts[namespace, default: 0] += 1 }
    }
    return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
  }

  private static func isShown(_ socket: ShownSocket, in part: CapturePair.Part) -> Bool {
    part.facts.sockets.contains { matches($0, socket) }
  }

  /// By ports: tools cut long addresses, and write the same one in several ways.
  private static func matches(_ row: ShownSocket, _ socket: ShownSocket) -> Bool {
    guard row.localPort == socket.localPort else { return false }
    if socket.isListening { return row.isListening || row.remotePort == nil || row.remotePort == 0 }
    return row.remotePort == socket.remotePort
  }

  /// Whether the process ran at both moments.
  private static func lived(_ pid: Int64, _ pair: CapturePair) -> Bool {
    guard let process = pair.processes[pid], let captured = pair.captured, let start = process.start,
      seconds(from: start, to: min(captured, pair.acquired)) > 60
    else { return false }
    return pair.captures.contains { part in
      part.facts.processes.contains { $0.pid == pid && CapturePair.isSame(process, $0) }
    }
  }

  private static func finding(
    _ socket: ShownSocket, _ pid: Int64, _ pair: CapturePair, _ list: CapturePair.Part, _ witness: EvidenceReference?,
    isAttack: Bool
  ) -> Finding {
    let local = Endpoint(host: socket.local, port: Int(clamping: socket.localPort ?? 0))
    let remote = Endpoint(host: socket.remote, port: Int(clamping: socket.remotePort ?? 0))
    let what = socket.isListening ? "listens on \(local.text)" : "is connected from \(local.text) to \(remote.text)"
    var evidence = [EvidenceReference(artifact: pair.memory.artifact, locator: socket.locator), pair.absence(in: list)]
    if let witness { evidence.append(witness) }
    var finding = Finding(
      rule: "contradiction.hidden-socket", title: "Socket that netstat did not show",
      severity: witness == nil ? .medium : .high, confidence: witness == nil ? .medium : .high, attack: ["T1014"],
      entities: [Entity(.process, String(pid))], evidence: evidence,
      message:
        "In memory pid \(pid) (\(socket.program)) \(what), and the machine's own listing of sockets does not show it"
        + (witness == nil
          ? "; it may have come or gone in between." : ", though another command of the same time does."))
    if !socket.isListening {
      finding.entities.append(Entity(.socket, "\(local.text)->\(remote.text)/tcp"))
      finding.attributes.add("remote_host", remote.host)
      finding.attributes.add("remote_port", socket.remotePort)
    }
    finding.attributes.add("pid", pid)
    finding.attributes.add("local_port", socket.localPort)
    return finding
  }
}
