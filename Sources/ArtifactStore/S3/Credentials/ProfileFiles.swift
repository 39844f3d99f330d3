import Bytes

/// The AWS settings files, `~/.aws/config` and `~/.aws/credentials`, as their profiles.
struct ProfileFiles: Sendable {
  private var profiles: [String: [String: String]] = [:]

  init(_ environment: AWSEnvironment) {
    // What stands in the credentials file counts before what stands in the other.
    for (variable, path, prefix) in [
      ("AWS_CONFIG_FILE", "~/.aws/config", "profile"), ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials", ""),
    ] {
      guard let bytes = environment.file(environment[variable] ?? path) else { continue }
      bytes.withView { read($0, prefix: prefix) }
    }
  }

  /// A profile's settings by name; those nested under `s3 =` as `s3.NAME`. Nil where there is no such profile.
  subscript(_ profile: String) -> [String: String]? { profiles[profile] }

  private mutating func read(_ text: ByteView, prefix: String) {
    var profile: String?
    var parent: String?
    for raw in text.split(0x0A, limit: 100_000) {
      let isIndented = raw[0] == 0x20 || raw[0] == 0x09
      let line = raw.trimmed
      if line.isEmpty || line[0] == 0x23 || line[0] == 0x3B { continue }
      if line[0] == 0x5B, !isIndented {
        parent = nil
        profile = line.slice(1).cut(0x5D).flatMap { Self.profile($0.before.trimmed, prefix: prefix) }
        continue
      }
      guard let profile, let (before, after) = line.cut(0x3D) else { continue }
      let name = before.trimmed.string.lowercased()
      // A comment in a value begins with a space.
      let value = after.slice(0, after.firstIndex(of: ByteView(" #")) ?? .max).trimmed.string
      if isIndented, let parent {
        profiles[profile, default: [:]]["\(parent).\(name)"] = value
      } else {
        parent = value.isEmpty ? name : nil
        profiles[profile, default: [:]][name] = value
      }
    }
  }

  /// `[profile ci]` in the config file, `[ci]` in the credentials file, `[default]` in both.
  private static func profile(_ section: ByteView, prefix: String) -> String? {
    if prefix.isEmpty || section == "default" { return section.string }
    let words = section.words(limit: 2)
    guard words.count == 2, words[0].string == prefix else { return nil }
    let name = words[1].string
    return name.hasPrefix("\"") && name.hasSuffix("\"") && name.count > 1 ? String(name.dropFirst().dropLast()) : name
  }
}
