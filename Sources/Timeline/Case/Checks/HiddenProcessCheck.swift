import Evidence

/// Processes that memory shows alive and the machine's own `ps` did not show, and the reverse.
///
/// Certain, and of high severity, only where the process ran before and after the listing was made: it started well before, and
/// the image was taken later, or another capture of the same time names it. Where the image came first the process may have
/// ended on its own in between; then it must have lived much longer than that took, and the severity is medium. Threads of the
/// kernel, zombies, and what began around the time of the collection (the collector's own commands) are passed over.
enum HiddenProcessCheck {
  /// Seconds before listing or image in which a process must not have begun.
  private static let settled: Double = 60

  static func findings(_ pair: CapturePair) -> [Finding] {
    guard let listing = pair.listing, let captured = pair.captured, let gap = pair.gap else { return [] }
    let listed = Set(listing.facts.processes.map(\.pid))
    var found: [Finding] = []
    for process in pair.processes.values.sorted(by: { $0.pid < $1.pid }) where !listed.contains(process.pid) {
      guard !process.isZombie, !process.isKernelThread, let start = process.start,
        seconds(from: start, to: captured) > settled, seconds(from: start, to: pair.acquired) > settled
      else { continue }
      // One that ended between two commands is seen by one of them: only what had run for long is certain then.
      let isOld = seconds(from: start, to: pair.acquired) > max(2 * settled, 2 * gap)
      let witness = isOld ? witness(of: process, pair, besides: listing) : nil
      let isCertain = gap <= 0 || witness != nil
      guard isCertain || isOld, !pair.isCollector(process) else { continue }
      found.append(finding(process, pair, listing, captured, witness, isCertain: isCertain))
    }
    return found + unknown(pair, listing, captured)
  }

  /// Another capture of the same folder that names the process.
  private static func witness(
    of process: ShownProcess, _ pair: CapturePair, besides listing: CapturePair.Part
  ) -> EvidenceReference? {
    for capture in pair.captures where capture.artifact != listing.artifact {
      if let row = capture.facts.processes.first(where: { $0.pid == process.pid && CapturePair.isSame(process, $0) }) {
        return EvidenceReference(artifact: capture.artifact, locator: row.locator)
      }
      if let named = capture.facts.named[process.pid],
        named.program.hasPrefix(process.name) || !named.program.isEmpty && process.name.hasPrefix(named.program)
      {
        return EvidenceReference(artifact: capture.artifact, locator: named.locator)
      }
    }
    return nil
  }

  private static func finding(
    _ process: ShownProcess, _ pair: CapturePair, _ listing: CapturePair.Part, _ captured: Timestamp,
    _ witness: EvidenceReference?, isCertain: Bool
  ) -> Finding {
    var evidence = [
      EvidenceReference(artifact: pair.memory.artifact, locator: process.locator), pair.absence(in: listing),
    ]
    if let witness { evidence.append(witness) }
    let why =
      witness != nil
      ? "another command of the same collection names it"
      : isCertain
        ? "the image was taken later and shows it alive" : "it may have ended in between, though it had run for long"
    var finding = Finding(
      rule: "contradiction.hidden-process", title: "Process that ps did not show",
      severity: isCertain ? .high : .medium,
      confidence: isCertain ? .high : .medium, attack: ["T1014", "T1564"], firstSeen: process.start,
      entities: [Entity(.process, String(process.pid))], evidence: evidence,
      message:
        "pid \(process.pid) (\(shown(process))) runs in memory since \(process.start?.description ?? "?") and is not "
        + "in the listing of processes made at \(captured): \(why).")
    finding.attributes.add("pid", process.pid)
    finding.attributes.add("command_line", process.command)
    finding.attributes.add("user", process.user)
    return finding
  }

  /// Listed, begun well before the image was taken and long before the listing, and not in memory by any view.
  private static func unknown(_ pair: CapturePair, _ listing: CapturePair.Part, _ captured: Timestamp) -> [Finding] {
    // A process may end between listing and image; and where memory is damaged it may just not be found.
    guard let gap = pair.gap, gap >= 0, !pair.damaged.contains(pair.memory.artifact) else { return [] }
    return listing.facts.processes.compactMap { row in
      guard pair.processes[row.pid] == nil, !row.isKernelThread, !row.isZombie, let start = row.start,
        seconds(from: start, to: pair.acquired) > settled + start.slack
      else { return nil }
      var finding = Finding(
        rule: "contradiction.unknown-process", title: "Process that memory does not show", severity: .low,
        confidence: .low, attack: ["T1014"], firstSeen: start, entities: [Entity(.process, String(row.pid))],
        evidence: [
          EvidenceReference(artifact: listing.artifact, locator: row.locator),
          EvidenceReference(artifact: pair.memory.artifact, locator: .whole),
        ],
        message:
          "ps listed pid \(row.pid) (\(shown(row))) as running since \(start), but no view of the memory taken at "
          + "\(pair.acquired) shows it.")
      finding.attributes.add("pid", row.pid)
      return finding
    }
  }

  private static func shown(_ process: ShownProcess) -> String {
    process.command.isEmpty ? process.name : process.command
  }
}
