import Evidence

/// The files of an audit event, as its PATH records name them: `paths`, and for each of these what part it had in
/// `audit_nametypes` (`CREATE`, `DELETE`, `NORMAL`, `PARENT`; empty where the record does not say).
///
/// The kernel writes a name as the program gave it: one that does not begin at the root is told from the folder of the event's
/// CWD record.
struct AuditPaths {
  private var names: [String] = []
  private var types: [String] = []

  var count: Int { names.count }

  mutating func add(_ name: String, _ type: String) {
    names.append(name)
    types.append(type)
  }

  /// - Parameter fields: those of the event's other records.
  func add(to attributes: inout [Attribute], _ fields: [String: String]) {
    let folder = Self.folder(fields)
    attributes.add("paths", names.map { Self.absolute($0, folder) })
    if types.contains(where: { !$0.isEmpty }) { attributes.add("audit_nametypes", types) }
  }

  /// Where names begin; nil where nobody says.
  private static func folder(_ fields: [String: String]) -> String? {
    guard let folder = fields["cwd"], folder.hasPrefix("/"), !isElsewhere(fields) else { return nil }
    return folder
  }

  /// Calls like openat(2) may name an open folder, of which the records do not tell the path: the first argument is then not
  /// AT_FDCWD, -100.
  private static func isElsewhere(_ fields: [String: String]) -> Bool {
    guard let number = fields["syscall"], let folder = fields["a0"] else { return false }
    let takesFolder: Bool =
      switch Int(number) {
      case nil: number.hasSuffix("at") || number.hasSuffix("at2")
      case let call? where fields["arch"] == "c000003e": calls.contains(call)
      case let call? where fields["arch"] == "c00000b7": callsOfARM.contains(call)
      default: false
      }
    return takesFolder && !(folder.hasSuffix("ffffff9c") || folder == "AT_FDCWD" || folder == "-100")
  }

  /// openat, mkdirat, mknodat, fchownat, newfstatat, unlinkat, renameat, linkat, symlinkat (whose folder is the second), readlinkat,
  /// fchmodat, faccessat; utimensat, renameat2, execveat, statx, openat2, faccessat2, fchmodat2.
  private static let calls: Set<Int> = [
    257, 258, 259, 260, 262, 263, 264, 265, 267, 268, 269, 280, 316, 322, 332, 437, 439, 452,
  ]
  private static let callsOfARM: Set<Int> = [
    33, 34, 35, 37, 38, 48, 53, 54, 56, 78, 79, 88, 276, 281, 291, 437, 439, 452,
  ]

  private static func absolute(_ name: String, _ folder: String?) -> String {
    guard var folder = folder.map({ Substring($0) }), !name.hasPrefix("/"), !name.isEmpty else { return name }
    // The folder itself has no links in it, so what leads out of it can be told.
    var rest = Substring(name)
    while true {
      if rest.hasPrefix("./") {
        rest = rest.dropFirst(2).drop { $0 == "/" }
      } else if rest.hasPrefix("../") || rest == ".." {
        rest = rest.dropFirst(2).drop { $0 == "/" }
        folder = folder.lastIndex(of: "/").map { folder[..<$0] } ?? folder
      } else {
        break
      }
    }
    if rest.isEmpty || rest == "." { return folder.isEmpty ? "/" : String(folder) }
    return "\(folder)\(folder.hasSuffix("/") ? "" : "/")\(rest)"
  }
}
