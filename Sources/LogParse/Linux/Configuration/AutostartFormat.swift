import Bytes
import Evidence

/// Desktop entries of an `autostart` folder (XDG): what a desktop session runs as somebody logs in.
struct AutostartFormat: LogFormat {
  let name = "linux.autostart"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText, sample.name.hasSuffix(".desktop"),
      sample.path.split(separator: "/").dropLast().last == "autostart"
    else { return nil }
    return sample.lines(40).contains { $0.trimmed == "[Desktop Entry]" } ? .high : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let user = FileOwner.user(ofPath: context.path)
    var isEntry = false
    var command: (text: String, locator: Locator)?
    var extra: [Attribute] = []
    try readLines(stream, into: sink) { line in
      let text = line.bytes.trimmed
      if text[0] == 0x23 { return .parsed }
      if text[0] == 0x5B {
        isEntry = text == "[Desktop Entry]"
        return .parsed
      }
      guard let (left, right) = text.cut(0x3D) else { return .skipped("line is not of a desktop entry") }
      // Actions below it run as somebody chooses them.
      guard isEntry else { return .parsed }
      let value = right.trimmed.slice(0, 1 << 14)
      switch left.trimmed {
      case let name where name == "Exec": command = (value.string, line.locator)
      case let name where name == "Name": extra.add("name", value.string)
      case let name where name == "Hidden" && value == "true": extra.append(Attribute("is_disabled", .flag(true)))
      case let name where name == "OnlyShowIn": extra.add("desktops", value.string)
      default: break
      }
      return .parsed
    }
    guard let command, !command.text.isEmpty else { return }
    let entry = PersistenceEntry(
      mechanism: .autostart, command: command.text, user: user, schedule: "as a desktop session starts", extra: extra)
    sink.event(
      entry.event("A desktop session of \(user ?? "any user") runs as it starts: \(command.text)", command.locator))
  }
}
