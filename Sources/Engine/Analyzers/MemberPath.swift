import Bytes

/// What a member of a collection was called on the host it was taken from.
///
/// Velociraptor's zip (offline collector, and exports of its server) keeps files as `uploads/ACCESSOR/PATH` and answers as
/// `results/ARTIFACT.json`, each part of a path percent-encoded (`%2F`, `C%3A`). Source: Velociraptor's documentation of
/// collection containers.
enum MemberPath {
  /// How Velociraptor read a file; names of folders under `uploads`.
  private static let accessors: Set<String> = [
    "auto", "file", "ntfs", "lazy_ntfs", "raw_file", "fs", "sparse", "ext4", "raw_ext4", "file_links", "file_nocase",
    "fat", "vss", "ntfs_vss", "process", "registry", "data", "scope", "collector", "s3", "zip", "gzip", "winpmem",
    "container", "overlay",
  ]

  /// The path for a person to read and for formats to judge by; what is no collection's keeps its name but for a leading `./`.
  static func original(_ name: String) -> String {
    let plain = withoutDot(name)
    let parts = plain.split(separator: "/", omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated().prefix(6) {
      if part == "uploads", index + 2 < parts.count, accessors.contains(String(parts[index + 1])) {
        return joined(parts[..<index], parts[(index + 2)...])
      }
      if part == "results", index + 1 < parts.count, plain.utf8.contains(0x25) {
        return joined(parts[...index], parts[(index + 1)...])
      }
    }
    return plain
  }

  private static func joined(_ before: ArraySlice<Substring>, _ after: ArraySlice<Substring>) -> String {
    // What was at the root is not a member at the root of this machine.
    let decoded = after.map(decode).joined(separator: "/").drop { $0 == "/" }
    let inside = before.joined(separator: "/")
    return inside.isEmpty ? String(decoded) : "\(inside)/\(decoded)"
  }

  private static func withoutDot(_ name: String) -> String {
    name.hasPrefix("./") && name.utf8.count > 2 ? String(name.dropFirst(2)) : name
  }

  /// Undoes `%XX`. A part with anything else behind a `%` stays as it is.
  private static func decode(_ part: Substring) -> String {
    guard part.utf8.contains(0x25) else { return String(part) }
    var out: [UInt8] = []
    let bytes = Array(part.utf8)
    var place = 0
    while place < bytes.count {
      guard bytes[place] == 0x25 else {
        out.append(bytes[place])
        place += 1
        continue
      }
      guard place + 2 < bytes.count, let high = hexDigit(bytes[place + 1]), let low = hexDigit(bytes[place + 2]) else {
        return String(part)
      }
      out.append(high << 4 | low)
      place += 3
    }
    return String(decoding: out, as: UTF8.self)
  }
}
