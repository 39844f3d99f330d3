import Bytes
import Evidence

/// `/etc/inittab`, of SysV's init and busybox's: what init itself runs, and starts again as it ends.
struct InittabFormat: LogFormat {
  let name = "linux.inittab"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.name == "inittab", sample.isText else { return nil }
    let lines = sample.lines(60).map(\.trimmed).filter { $0[0] != 0x23 }
    return lines.contains { Self.entry($0) != nil } ? .high : nil
  }

  /// When init runs what an action stands before.
  private static let actions: [String: String] = [
    "sysinit": "at boot", "boot": "at boot", "bootwait": "at boot", "respawn": "at boot, and again as it ends",
    "askfirst": "as somebody presses Enter", "wait": "as its runlevel begins", "once": "as its runlevel begins",
    "off": "never", "ondemand": "on demand", "ctrlaltdel": "as Ctrl-Alt-Del is pressed", "shutdown": "at shutdown",
    "restart": "as init is restarted", "powerfail": "as power fails", "powerwait": "as power fails",
    "powerokwait": "as power is back", "powerfailnow": "as power runs out", "kbrequest": "as a key is pressed",
  ]

  // 1:2345:respawn:/sbin/getty 38400 tty1        ::sysinit:/sbin/openrc sysinit
  private static func entry(_ text: ByteView) -> (levels: ByteView, action: String, command: ByteView)? {
    guard let (_, second) = text.cut(0x3A), let (levels, third) = second.cut(0x3A),
      let (action, command) = third.cut(0x3A)
    else { return nil }
    let name = action.trimmed.string
    return actions[name] != nil || name == "initdefault" ? (levels.trimmed, name, command.trimmed) : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      let text = line.bytes.trimmed
      if text[0] == 0x23 { return .parsed }
      guard let (levels, action, written) = Self.entry(text) else { return .skipped("line is not of inittab") }
      // A plus keeps init from noting the process, a minus has it run by a login shell.
      let command = written[0] == 0x2B || written[0] == 0x2D ? written.dropFirst(1) : written
      guard let when = Self.actions[action], !command.isEmpty else { return .parsed }
      var entry = PersistenceEntry(mechanism: .inittab, command: command.string, user: "root", schedule: when)
      entry.extra.add("action", action)
      if !levels.isEmpty { entry.extra.add("runlevels", levels.string) }
      sink.event(entry.event("init runs \(when): \(command.string)", line.locator))
      return .parsed
    }
  }
}
