import Bytes
import Evidence

/// Hashes that a collector wrote down beside what it collected.
///
/// Read are: `sha256sum`, `sha1sum` and `md5sum` (`HASH  NAME`, `HASH *NAME`, a backslash in front where the name is escaped); the BSD
/// form (`SHA256 (NAME) = HASH`) and OpenSSL's (`SHA256(NAME)= HASH`, `SHA2-256(NAME)= HASH`); a bare hash, as LiME writes
/// beside an image (`NAME.sha256`) and orchestrators into `lime_sha256.txt`; the `[Computed Hashes]` of UAC's acquisition log.
public struct HashList: Hashable, Sendable {
  public enum Algorithm: String, Sendable, CaseIterable {
    case sha256, sha1, md5

    /// By the number of hexadecimal digits.
    init?(digits: Int) {
      switch digits {
      case 64: self = .sha256
      case 40: self = .sha1
      case 32: self = .md5
      default: return nil
      }
    }
  }

  public struct Entry: Hashable, Sendable {
    /// As the list has it, escapes undone; empty for a bare hash.
    public var name: String
    public var algorithm: Algorithm
    /// Lower-case hexadecimal.
    public var hash: String
  }

  public private(set) var entries: [Entry] = []
  /// Lines that are no hash; of a list most are.
  public private(set) var otherLines = 0

  /// Longer lists, and longer names than any file system has, are of nobody's making.
  public static let maximumBytes = 256 << 20
  private static let maximumEntries = 4_000_000

  /// Whether a file with this name may be a list: only such are read.
  public static func isNamedLikeOne(_ path: String) -> Bool {
    let name = (path.split(separator: "/").last.map(String.init) ?? path).lowercased()
    // UAC's and Cat-Scale's hashes of programs on the host, of which most were not collected.
    if name.hasPrefix("hash_executables") || name.hasPrefix("hash_running_processes") { return false }
    let ofTheHost = ["-processhashes.", "-map_files-link-hashes.", "-dev-dir-files-hashes.", "-pot-webshell-hashes."]
    if ofTheHost.contains(where: name.contains) { return false }
    if isAcquisitionLog(path) { return true }
    let endings = [".sha256", ".sha1", ".md5", ".sha256sum", ".sha1sum", ".md5sum", ".hash", ".hashes"]
    if endings.contains(where: name.hasSuffix) { return true }
    let marks = ["sha256", "sha1sum", "sha1_", "_sha1", "md5sum", "md5_", "_md5", "hashes", "hash_list", "checksum"]
    let isText = name.hasSuffix(".txt") || name.hasSuffix(".log") || !name.contains(".")
    return isText && (marks.contains(where: name.contains) || ["md5", "sha1"].contains(name))
  }

  /// Whether a list belongs to the host that was collected and not to the collector: packages keep the hashes of former
  /// versions of their files, and downloads lie about with theirs.
  ///
  /// - Parameter roots: what stands before `etc/` in the paths of the roots that were collected.
  static func isOfHost(_ path: String, roots: [String]) -> Bool {
    if path.contains("[root]/") || path.hasPrefix("usr/share/") || path.contains("/usr/share/") { return true }
    return roots.contains { root in
      path.hasPrefix(root) && hostFolders.contains { path.dropFirst(root.count).hasPrefix($0) }
    }
  }

  private static let hostFolders = [
    "bin/", "boot/", "etc/", "home/", "lib/", "lib64/", "opt/", "root/", "sbin/", "snap/", "srv/", "usr/", "var/",
  ]

  /// UAC's log of a whole acquisition lies beside its archive.
  static func isAcquisitionLog(_ path: String) -> Bool {
    let name = path.split(separator: "/").last ?? ""
    return name.hasPrefix("uac-") && name.hasSuffix(".log")
  }

  /// - Parameters:
  ///   - text: the whole file.
  ///   - path: of the file in the case: tells UAC's log from a list.
  /// - Returns: nil where nothing in it is a hash.
  public init?(_ text: ByteView, path: String) {
    let text = text.hasPrefix("\u{FEFF}") ? text.dropFirst(3) : text
    if Self.isAcquisitionLog(path) {
      readAcquisitionLog(text)
    } else {
      var start = 0
      while start < text.count, entries.count < Self.maximumEntries {
        let end = text.firstIndex(of: 0x0A, from: start) ?? text.count
        let line = text.slice(start, end).trimmed
        start = end + 1
        if line.isEmpty || line[0] == 0x23 { continue }
        if let entry = Self.entry(line) { entries.append(entry) } else { otherLines += 1 }
      }
    }
    // A report that quotes a hash or two is no list.
    guard !entries.isEmpty, otherLines <= entries.count else { return nil }
  }

  static func entry(_ line: ByteView) -> Entry? { sumLine(line) ?? taggedLine(line) }

  /// `HASH  NAME`, `HASH *NAME`, `\HASH  NAME`, or `HASH` alone.
  private static func sumLine(_ line: ByteView) -> Entry? {
    let isEscaped = line[0] == 0x5C
    let line = isEscaped ? line.dropFirst(1) : line
    let space = (0..<min(line.count, 65)).first { line[$0] == 0x20 || line[$0] == 0x09 } ?? line.count
    guard let algorithm = Algorithm(digits: space), let hash = hash(line.slice(0, space), algorithm) else { return nil }
    var name = line.slice(space)
    if !name.isEmpty {
      name = name.dropFirst(1)
      if name[0] == 0x20 || name[0] == 0x2A { name = name.dropFirst(1) }
      while name[0] == 0x20 || name[0] == 0x09 { name = name.dropFirst(1) }
    }
    return Entry(name: isEscaped ? unescaped(name) : name.string, algorithm: algorithm, hash: hash)
  }

  /// `SHA256 (NAME) = HASH`, `SHA256(NAME)= HASH`. A name may hold brackets, so the last `)` counts.
  private static func taggedLine(_ line: ByteView) -> Entry? {
    let isEscaped = line[0] == 0x5C
    let line = isEscaped ? line.dropFirst(1) : line
    guard let open = line.firstIndex(of: 0x28), let algorithm = algorithm(line.slice(0, open).trimmed),
      let close = line.lastIndex(of: 0x29), close > open
    else { return nil }
    let rest = line.slice(close + 1).trimmed
    guard rest[0] == 0x3D, let hash = hash(rest.slice(1).trimmed, algorithm) else { return nil }
    let name = line.slice(open + 1, close)
    return Entry(name: isEscaped ? unescaped(name) : name.string, algorithm: algorithm, hash: hash)
  }

  private static func algorithm(_ word: ByteView) -> Algorithm? {
    switch word.count <= 16 ? word.string.uppercased() : "" {
    case "SHA256", "SHA-256", "SHA2-256": .sha256
    case "SHA1", "SHA-1": .sha1
    case "MD5": .md5
    default: nil
    }
  }

  private static func hash(_ digits: ByteView, _ algorithm: Algorithm) -> String? {
    guard Algorithm(digits: digits.count) == algorithm else { return nil }
    for index in 0..<digits.count where hexDigit(digits[index]) == nil { return nil }
    return digits.string.lowercased()
  }

  /// `\\`, `\n` and `\r`, which GNU's tools write for bytes that would break a line.
  private static func unescaped(_ name: ByteView) -> String {
    var out: [UInt8] = []
    var place = 0
    while place < name.count {
      let next = name[place + 1]
      if name[place] == 0x5C, next == 0x5C || next == 0x6E || next == 0x72 {
        out.append(next == 0x6E ? 0x0A : next == 0x72 ? 0x0D : 0x5C)
        place += 2
      } else {
        out.append(name[place])
        place += 1
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  /// `File: uac-….tar.gz` of `[Output Information]`, and the lines of `[Computed Hashes]`: an algorithm, words, the hash.
  private mutating func readAcquisitionLog(_ text: ByteView) {
    var section = ""
    var file = ""
    var start = 0
    while start < text.count, entries.count < 1000 {
      let end = text.firstIndex(of: 0x0A, from: start) ?? text.count
      let line = text.slice(start, end).trimmed
      start = end + 1
      if line[0] == 0x5B {
        section = line.count < 100 ? line.string : ""
      } else if section == "[Output Information]", line.hasPrefix("File:") {
        file = line.slice(5).trimmed.string
      } else if section == "[Computed Hashes]" {
        if let entry = Self.entry(line) {
          entries.append(
            Entry(name: entry.name.isEmpty ? file : entry.name, algorithm: entry.algorithm, hash: entry.hash))
          continue
        }
        let words = line.words(limit: 16)
        guard let first = words.first, let last = words.last, words.count > 1 else { continue }
        let tag = first[first.count - 1] == 0x3A ? first.dropLast(1) : first
        guard let algorithm = Self.algorithm(tag), let hash = Self.hash(last, algorithm) else { continue }
        entries.append(Entry(name: file, algorithm: algorithm, hash: hash))
      }
    }
  }
}
