import Bytes
import Evidence

/// zsh's history with EXTENDED_HISTORY: `: START:ELAPSED;COMMAND`, lines of one command joined by a backslash at the end.
///
/// zsh "metafies" bytes from 0x83 on: 0x83, then the byte with bit 5 turned (Src/utils.c, metafy).
struct ZshHistory: LogFormat {
  let name = "linux.zsh_history"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(20)
    let times = lines.filter { Self.head($0) != nil }.count
    if times > 0, times * 3 >= lines.count { return .high }
    return sample.name.hasSuffix("zsh_history") || sample.name == ".zhistory" || sample.name == ".histfile"
      ? (ShellCommand.isPlausible(sample) ? .medium : nil) : nil
  }

  // : 1795584053:0;uptime
  private static func head(_ line: ByteView) -> (time: Timestamp, elapsed: Int64?, command: ByteView)? {
    guard line.hasPrefix(": "), let (front, command) = line.slice(2).cut(0x3B), let (start, elapsed) = front.cut(0x3A),
      let time = ShellCommand.epoch(start)
    else { return nil }
    return (time, elapsed.integer, command)
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var sequence = 0
    var pending: (command: ShellCommand, locator: Locator, goesOn: Bool)?
    let user = FileOwner.user(ofPath: context.path)
    func finish() {
      if let pending { sink.event(pending.command.event(pending.locator)) }
      pending = nil
    }
    try readLines(stream, into: sink) { line in
      let goesOn = line.bytes[line.bytes.count - 1] == 0x5C
      if var now = pending, now.goesOn, now.command.text.utf8.count < 1 << 16 {
        // Taken out first, so that the text grows in place.
        pending = nil
        let part = goesOn ? line.bytes.dropLast(1) : line.bytes
        now.command.text += "\n" + Self.unmetafied(part)
        now.locator = now.locator.reaching(line.end)
        now.goesOn = goesOn
        pending = now
        return .parsed
      }
      finish()
      sequence += 1
      let found = Self.head(line.bytes)
      let text = found?.command ?? line.bytes
      pending = (
        ShellCommand(
          text: Self.unmetafied(goesOn ? text.dropLast(1) : text), shell: "zsh", user: user, sequence: sequence,
          time: found?.time, elapsed: found?.elapsed), line.locator, goesOn
      )
      return .parsed
    }
    finish()
  }

  private static func unmetafied(_ text: ByteView) -> String {
    guard text.firstIndex(of: 0x83) != nil else { return text.string }
    var bytes: [UInt8] = []
    var place = 0
    while place < text.count {
      if text[place] == 0x83, place + 1 < text.count {
        bytes.append(text[place + 1] ^ 0x20)
        place += 2
      } else {
        bytes.append(text[place])
        place += 1
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
