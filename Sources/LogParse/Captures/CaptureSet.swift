/// The captures that a collector makes on a host, so that one that is missing can be named: silence is not clean.
public enum CaptureSet {
  /// What is expected, each with the names it goes by (`ps_output.txt`, `ps_aux_output.txt`, `ps.txt`; the stem up to the
  /// first underscore or dot counts), and the formats that it is in whatever it is called.
  private static let expected: [(what: String, stems: Set<String>)] = [
    ("processes (ps)", ["ps", "capture.ps"]),
    ("sockets (netstat or ss)", ["netstat", "ss", "capture.netstat", "capture.ss", "capture.proc_net"]),
    ("open files (lsof)", ["lsof", "capture.lsof", "capture.lsof_fields"]),
    ("logins (last)", ["last", "lastb", "capture.last"]),
    ("last logins of all accounts (lastlog)", ["lastlog", "capture.lastlog"]),
    ("who is logged in (w or who)", ["w", "who", "capture.w", "capture.who"]),
    ("kernel modules (lsmod)", ["lsmod", "capture.lsmod"]),
    ("network interfaces (ifconfig or ip)", ["ifconfig", "ip", "capture.interface"]),
    ("file systems (df or mount)", ["df", "mount", "capture.filesystem"]),
    ("kernel and system (uname)", ["uname", "capture.uname"]), ("clock (date)", ["date", "capture.date"]),
    ("typed commands (history)", ["history", "capture.history", "linux.bash_history", "linux.zsh_history"]),
    ("accounts (passwd)", ["passwd", "linux.passwd"]), ("memory use (free)", ["free", "capture.free"]),
    ("file listing (find)", ["find", "capture.paths"]),
  ]

  /// `netstat_rn_route_output.txt`, `netstat_-rn.txt`
  private static func isOfRoutes(_ name: Substring) -> Bool {
    let words = name.split { $0 == "_" || $0 == "." || $0 == "-" }
    return words.first == "netstat" && words.dropFirst().contains { ["r", "rn", "nr", "route", "routes"].contains($0) }
  }

  /// What each `command/` folder among the paths lacks, by folder.
  public static func missing(in paths: some Sequence<String>) -> [(folder: String, what: [String])] {
    missing(in: paths.map { (path: $0, kind: "") })
  }

  /// - Parameter files: each with the kind that it was found to be (`log/capture.ps`).
  public static func missing(
    in files: some Sequence<(path: String, kind: String)>
  ) -> [(folder: String, what: [String])] {
    var stems: [String: Set<String>] = [:]
    for (path, kind) in files {
      guard let slash = path.lastIndex(of: "/") else { continue }
      let folder = path[..<slash]
      guard folder == "command" || folder.hasSuffix("/command") else { continue }
      let name = path[path.index(after: slash)...]
      // netstat prints the routes too, and sockets they are not.
      if isOfRoutes(name) { continue }
      stems[String(folder), default: []].insert(String(name.prefix { $0 != "_" && $0 != "." && $0 != "-" }))
      if kind.hasPrefix("log/") { stems[String(folder), default: []].insert(String(kind.dropFirst(4))) }
    }
    return stems.sorted { $0.key < $1.key }.compactMap { folder, known in
      // A folder that merely has the name holds none of them.
      guard expected.filter({ !$0.stems.isDisjoint(with: known) }).count >= 3 else { return nil }
      let what = expected.filter { $0.stems.isDisjoint(with: known) }.map(\.what)
      return what.isEmpty ? nil : (folder, what)
    }
  }
}
