import Bytes
import Evidence

/// fish's history: `- cmd: TEXT`, then `  when: EPOCH` and perhaps `  paths:`, the words of the command that were files as it ran. It
/// looks like YAML and is not.
struct FishHistory: LogFormat {
  let name = "linux.fish_history"
  let version = 2

  /// Paths of a command that are kept.
  private static let limit = 64

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(2)
    return lines.count == 2 && lines[0].hasPrefix("- cmd: ") && lines[1].hasPrefix("  when: ") ? .high : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var sequence = 0
    var pending: (command: ShellCommand, locator: Locator)?
    let user = FileOwner.user(ofPath: context.path)
    func finish() {
      if let pending { sink.event(pending.command.event(pending.locator)) }
      pending = nil
    }
    try readLines(stream, into: sink) { line in
      if line.bytes.hasPrefix("- cmd: ") {
        finish()
        sequence += 1
        pending = (
          ShellCommand(text: Self.unescaped(line.bytes.slice(7)), shell: "fish", user: user, sequence: sequence),
          line.locator
        )
        return .parsed
      }
      guard var now = pending else { return .skipped("line is before the first command") }
      if line.bytes.hasPrefix("  when: ") {
        now.command.time = ShellCommand.epoch(line.bytes.slice(8))
        now.locator = now.locator.reaching(line.end)
        pending = now
        return .parsed
      }
      if line.bytes.hasPrefix("    - ") {
        if now.command.paths.count < Self.limit {
          now.command.paths.append(Self.unescaped(line.bytes.slice(6, 4096)))
          now.locator = now.locator.reaching(line.end)
          pending = now
        }
        return .parsed
      }
      return line.bytes.hasPrefix("  paths:") ? .parsed : .skipped("line is not of fish's history")
    }
    finish()
  }

  /// `\n` and `\\` are the only escapes.
  private static func unescaped(_ text: ByteView) -> String {
    text.unescaped { escape in
      switch escape[1] {
      case 0x6E: (0x0A, 2)
      case 0x5C: (0x5C, 2)
      default: nil
      }
    }
  }
}
