import Evidence

/// A command in a shell's history file and in what `history` printed at the collection is one command: one finding with two places.
///
/// What `history` printed names no user, so it is joined only where one user's file alone has the command.
enum HistoryCopies {
  private struct Key: Hashable {
    var rule: String
    var command: String
    var instance: String
  }

  static func join(_ findings: [Finding]) -> [Finding] {
    var files: [Key: [Int]] = [:]
    var captures: [(key: Key, index: Int)] = []
    for index in findings.indices {
      guard let path = findings[index].evidence.first?.path, let command = findings[index].payload else { continue }
      let parts = path.split(separator: "/")
      let name = parts.last ?? ""
      let isCapture = name.hasPrefix("history_output") || name == "history.txt"
      guard isCapture || name.hasPrefix(".") && name.contains("_history") else { continue }
      let instance = parts.first { ResponsePlan.isInstance(String($0)) }.map(String.init) ?? ""
      let key = Key(rule: findings[index].rule, command: command, instance: instance)
      if isCapture { captures.append((key, index)) } else { files[key, default: []].append(index) }
    }
    guard !captures.isEmpty, !files.isEmpty else { return findings }
    var joined = findings
    var gone: Set<Int> = []
    var used: [Key: Int] = [:]
    for (key, index) in captures {
      guard let owners = files[key], let first = owners.first,
        owners.allSatisfy({ findings[$0].evidence.first?.artifact == findings[first].evidence.first?.artifact })
      else { continue }
      // Of a command that was typed twice the first is the first.
      let owner = owners[min(used[key] ?? 0, owners.count - 1)]
      let times = (findings[owner].firstSeen, findings[index].firstSeen)
      if let one = times.0, let other = times.1, one != other { continue }
      used[key, default: 0] += 1
      gone.insert(index)
      merge(findings[index], into: &joined[owner])
    }
    return gone.isEmpty ? findings : joined.indices.compactMap { gone.contains($0) ? nil : joined[$0] }
  }

  private static func merge(_ copy: Finding, into finding: inout Finding) {
    finding.severity = max(finding.severity, copy.severity)
    finding.confidence = max(finding.confidence, copy.confidence)
    finding.firstSeen = finding.firstSeen ?? copy.firstSeen
    finding.lastSeen = finding.lastSeen ?? copy.lastSeen
    for place in copy.evidence where !finding.evidence.contains(place) && finding.evidence.count < 256 {
      finding.evidence.append(place)
    }
    for entity in copy.entities where !finding.entities.contains(entity) { finding.entities.append(entity) }
    for technique in copy.attack where !finding.attack.contains(technique) { finding.attack.append(technique) }
  }
}
