import Bytes
import Evidence

/// apt's configuration (apt.conf(5)): the commands that it and dpkg run as root around what they do (`Pre-Invoke`,
/// `Post-Invoke`, `Pre-Install-Pkgs`). Other settings give no event.
struct AptHookFormat: LogFormat {
  let name = "linux.apt_hooks"
  let version = 1

  /// How deep blocks may lie in each other.
  private static let depth = 32

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText, sample.name == "apt.conf" || sample.path.contains("apt.conf.d/"),
      ShellCommand.isPlausible(sample)
    else { return nil }
    return .medium
  }

  private static func isHook(_ name: String) -> Bool {
    let name = name.lowercased()
    return name.contains("-invoke") || name.contains("pre-install-pkgs")
  }

  // APT::Update::Pre-Invoke {"/usr/bin/x"; "y";};        DPkg { Post-Invoke "z"; };
  private struct Reader {
    /// Names of the blocks that are open.
    var blocks: [String] = []
    /// Words since the last end of a statement.
    var name = ""
    var isComment = false

    /// The hooks of a line, each with the whole name of its setting.
    mutating func take(_ text: ByteView) -> [(name: String, command: String)] {
      var found: [(name: String, command: String)] = []
      var place = 0
      while place < text.count {
        if isComment {
          guard let end = text.firstIndex(of: ByteView("*/"), from: place) else { return found }
          isComment = false
          place = end + 2
          continue
        }
        switch text[place] {
        case 0x2F where text[place + 1] == 0x2A:
          isComment = true
          place += 2
        case 0x2F where text[place + 1] == 0x2F: return found
        case 0x23 where !text.slice(place).hasPrefix("#clear"): return found
        case 0x22:
          let start = place + 1
          var end = start
          while end < text.count, text[end] != 0x22 { end += text[end] == 0x5C ? 2 : 1 }
          let whole = (blocks + [name]).filter { !$0.isEmpty }.joined(separator: "::")
          if AptHookFormat.isHook(whole), end > start {
            found.append((whole, text.slice(start, min(end, text.count)).string.replacing("\\\"", with: "\"")))
          }
          place = end + 1
        case 0x7B:
          if blocks.count < AptHookFormat.depth { blocks.append(name) }
          name = ""
          place += 1
        case 0x7D:
          _ = blocks.popLast()
          name = ""
          place += 1
        case 0x3B:
          name = ""
          place += 1
        case 0x20, 0x09: place += 1
        default:
          let start = place
          while place < text.count, !" \t\"{};".utf8.contains(text[place]) { place += 1 }
          if name.isEmpty { name = text.slice(start, min(place, start + 256)).string }
        }
      }
      return found
    }
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var reader = Reader()
    try readLines(stream, into: sink) { line in
      for (place, hook) in reader.take(line.bytes).prefix(256).enumerated() {
        var entry = PersistenceEntry(
          mechanism: .packageHook, command: hook.command, user: "root", schedule: "at \(hook.name)")
        entry.extra.add("name", hook.name)
        var locator = line.locator
        if place > 0 { locator.other["hook"] = String(place + 1) }
        sink.event(entry.event("apt runs by \(hook.name): \(hook.command)", locator))
      }
      return .parsed
    }
  }
}
