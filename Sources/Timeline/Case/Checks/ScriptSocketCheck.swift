import Bytes
import Evidence

/// Shells with a connection that run a script from a place of its own: a check that looks whether a port answers, a service
/// that a super-server starts for each caller, a child that inherited its server's socket.
///
/// A list of sockets names the program alone, and a shell with a connection is grave. What the shell was given is in the list
/// of processes: a script's path, and no word that makes it somebody's terminal. Where its input and output are the
/// connection no such word counts.
enum ScriptSocketCheck {
  private static let rule = "reverse-shell.socket"

  private struct Key: Hashable {
    var pid: Int64
    var local: String
    var remote: String
  }

  /// The findings in their order; of such shells less grave, with the script named.
  static func settle(_ findings: [Finding], _ facts: HostFactsTable) -> [Finding] {
    let sockets = findings.filter { $0.rule == rule }
    guard !sockets.isEmpty else { return findings }
    let terminals = Set(sockets.filter { $0.severity > .high || isStandard($0) }.compactMap(key))
    let pids = Set(sockets.compactMap(\.pid))
    var scripts: [Int64: Set<String>] = [:]
    for process in facts.artifacts.values.lazy.flatMap(\.processes) where pids.contains(process.pid) {
      scripts[process.pid, default: []].insert(script(of: process.command) ?? "")
    }
    return findings.map { finding in
      // Rows that show a name alone say nothing; where one row shows another command, the number was used twice.
      guard finding.rule == rule, finding.severity == .high, let key = key(finding), !terminals.contains(key),
        let named = scripts[key.pid]?.subtracting(["?"]), named.count == 1, let script = named.first, !script.isEmpty
      else { return finding }
      var settled = finding
      let isNear = finding.text("remote_host").map(AddressRange.isPrivate) ?? false
      settled.severity = isNear ? .low : .medium
      settled.confidence = .low
      settled.message += " It runs the script \(script), which says what for."
      settled.attributes.add("script", script)
      return settled
    }
  }

  private static func key(_ finding: Finding) -> Key? {
    guard let pid = finding.pid, let local = finding.text("local"), let host = finding.text("remote_host")
    else { return nil }
    return Key(pid: pid, local: local, remote: "\(host):\(finding.number("remote_port") ?? 0)")
  }

  private static func isStandard(_ finding: Finding) -> Bool {
    guard case .texts(let descriptors)? = finding["descriptors"] else { return false }
    return !Set(descriptors).isDisjoint(with: ["0", "1", "2"])
  }

  /// - Returns: the path; nil where the command is something else, `?` where it is not shown.
  private static func script(of command: String) -> String? {
    let words = command.split(separator: " ", maxSplits: 16, omittingEmptySubsequences: true)
    // A short name (`bash`), or what a kernel shows of a process without arguments.
    guard words.count > 1, !command.hasPrefix("[") else { return "?" }
    var rest = words.dropFirst()
    while let flag = rest.first, flag.hasPrefix("-") {
      rest = rest.dropFirst()
      if flag.hasPrefix("--") { continue }
      // Commands from an argument or the input, or somebody to talk to.
      guard !flag.contains("c"), !flag.contains("i"), !flag.contains("s") else { return nil }
      if flag == "-o" { rest = rest.dropFirst() }
    }
    guard let path = rest.first, path.hasPrefix("/"), !path.contains("/."), !path.hasPrefix("/dev/"),
      !AttackMarks.isDropPlace(String(path))
    else { return nil }
    return String(path)
  }
}
