/// The captures that a collector makes on a host, so that one that is missing can be named: silence is not clean.
public enum CaptureSet {
  /// What is expected, each with the names it goes by (`ps_output.txt`, `ps_aux_output.txt`, `ps.txt`; the stem up to the
  /// first underscore or dot counts).
  private static let expected: [(what: String, stems: Set<String>)] = [
    ("processes (ps)", ["ps"]), ("sockets (netstat or ss)", ["netstat", "ss"]), ("open files (lsof)", ["lsof"]),
    ("logins (last)", ["last", "lastb"]), ("last logins of all accounts (lastlog)", ["lastlog"]),
    ("who is logged in (w or who)", ["w", "who"]), ("kernel modules (lsmod)", ["lsmod"]),
    ("network interfaces (ifconfig or ip)", ["ifconfig", "ip"]), ("file systems (df or mount)", ["df", "mount"]),
    ("kernel and system (uname)", ["uname"]), ("clock (date)", ["date"]), ("typed commands (history)", ["history"]),
    ("accounts (passwd)", ["passwd"]), ("memory use (free)", ["free"]), ("file listing (find)", ["find"]),
  ]

  /// What each `command/` folder among the paths lacks, by folder.
  public static func missing(in paths: some Sequence<String>) -> [(folder: String, what: [String])] {
    var stems: [String: Set<String>] = [:]
    for path in paths {
      guard let slash = path.lastIndex(of: "/") else { continue }
      let folder = path[..<slash]
      guard folder == "command" || folder.hasSuffix("/command") else { continue }
      let name = path[path.index(after: slash)...]
      stems[String(folder), default: []].insert(String(name.prefix { $0 != "_" && $0 != "." && $0 != "-" }))
    }
    return stems.sorted { $0.key < $1.key }.compactMap { folder, known in
      // A folder that merely has the name holds none of them.
      guard expected.filter({ !$0.stems.isDisjoint(with: known) }).count >= 3 else { return nil }
      let what = expected.filter { $0.stems.isDisjoint(with: known) }.map(\.what)
      return what.isEmpty ? nil : (folder, what)
    }
  }
}
