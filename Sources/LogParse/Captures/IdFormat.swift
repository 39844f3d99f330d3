import Bytes
import Evidence

/// `id`: a user's number, groups and, where there is one, SELinux context. Several users may stand below each other.
struct IdFormat: LogFormat {
  let name = "capture.id"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    let lines = sample.lines(12)
    return !lines.isEmpty && lines.allSatisfy { Self.row($0) != nil } ? .high : nil
  }

  // uid=1000(ops) gid=1000(ops) groups=1000(ops),27(sudo) context=…
  private static func row(_ line: ByteView) -> [String: ByteView]? {
    guard line.hasPrefix("uid=") else { return nil }
    var fields: [String: ByteView] = [:]
    for word in parts(line, at: 0x20, limit: 16) where !word.isEmpty {
      guard let (name, value) = word.cut(0x3D), name.count <= 16 else { return nil }
      fields[name.string] = value
    }
    guard let uid = fields["uid"], named(uid) != nil, fields["gid"] != nil else { return nil }
    return fields
  }

  /// What stands between separators that are not in parentheses: a domain's groups may be named `domain users` or `a,b`.
  private static func parts(_ text: ByteView, at separator: UInt8, limit: Int) -> [ByteView] {
    var parts: [ByteView] = []
    var start = 0
    var depth = 0
    for index in 0..<text.count where parts.count + 1 < limit {
      switch text[index] {
      case 0x28: depth += 1
      case 0x29: depth = max(depth - 1, 0)
      case separator where depth == 0:
        parts.append(text.slice(start, index))
        start = index + 1
      default: break
      }
    }
    parts.append(text.slice(start))
    return parts
  }

  /// `1000(ops)`
  private static func named(_ value: ByteView) -> (number: Int64, name: String?)? {
    let (digits, rest) = value.cut(0x28) ?? (value, value.slice(value.count))
    guard let number = digits.integer else { return nil }
    return (number, rest.isEmpty ? nil : (rest.hasSuffix(")") ? rest.dropLast(1) : rest).string)
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      guard let fields = Self.row(line.bytes), let (uid, user) = fields["uid"].flatMap(Self.named) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not of id")
      }
      var attributes: [Attribute] = []
      attributes.add("user", user)
      attributes.add("uid", uid)
      attributes.add("gid", fields["gid"].flatMap(Self.named)?.number)
      attributes.add("effective_uid", fields["euid"].flatMap(Self.named)?.number)
      let groups = fields["groups"].map { Self.parts($0, at: 0x2C, limit: 1 << 16).compactMap { Self.named($0) } } ?? []
      attributes.add("groups", groups.map { $0.name ?? String($0.number) })
      attributes.add("context", fields["context"]?.string)
      sink.event(
        Event(
          time: nil, dataType: "linux:capture:identity",
          message: "\(user ?? "The user") has uid \(uid) and is in \(groups.count) groups.",
          entities: user.map { [Entity(.user, $0)] } ?? [], attributes: attributes, locator: line.locator))
      return .parsed
    }
  }
}
