import Evidence

/// What an artifact without a byte means. Most are what they are: a log that nobody wrote to, a marker. Some can only be empty
/// because collecting them failed: those are a gap.
enum EmptyArtifact {
  /// Formats that have a header even when there is nothing in them.
  private static let neverEmpty: Set<String> = [
    "gz", "tgz", "zst", "xz", "bz2", "zip", "tar", "lime", "mem", "vmem", "dmp", "raw", "img", "core", "elf", "avml",
    "pcap",
    "pcapng", "sqlite", "db", "evtx", "journal",
  ]

  /// The collector's commands that print at least a heading on every host.
  private static let neverSilent: Set<String> = [
    "date", "df_mount", "free", "ifconfig", "last", "lastlog", "lsof", "netstat", "netstat_rn_route", "passwd", "ps",
    "ps_aux",
    "shadow", "uname", "w",
  ]

  /// - Parameters:
  ///   - path: its end is enough: the folder and the name.
  ///   - encodings: that were undone to find nothing: each has an ending of the name.
  static func coverage(path: String, encodings: [String] = []) -> Coverage {
    var inner = path[...]
    for _ in encodings { if let dot = inner.lastIndex(of: "."), dot > inner.startIndex { inner = inner[..<dot] } }
    guard let lost = lost(String(inner)) else {
      return Coverage(.parsed, 0..<0, encodings: encodings, reason: "empty file")
    }
    return Coverage(.skipped, 0..<0, encodings: encodings, reason: "is empty, so collecting it failed: \(lost)")
  }

  private static func lost(_ path: String) -> String? {
    let parts = path.lowercased().split(separator: "/")
    guard let name = parts.last else { return nil }
    let folder = parts.dropLast().last ?? ""
    let suffix = name.lastIndex(of: ".").map { String(name[name.index(after: $0)...]) } ?? ""
    if folder == "memory" { return "a memory image always has content" }
    if neverEmpty.contains(suffix) { return "a .\(suffix) file always has a header" }
    guard folder == "command", suffix == "txt" else { return nil }
    let stem = name.dropLast(4)
    let command = String(stem.hasSuffix("_output") ? stem.dropLast(7) : stem)
    return neverSilent.contains(command) ? "\(command) always prints something" : nil
  }
}
