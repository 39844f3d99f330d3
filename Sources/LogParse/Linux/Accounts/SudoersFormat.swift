import Bytes
import Evidence

/// sudoers and the files of sudoers.d: who may run what as whom, and the defaults. Lines ending in a backslash go on.
struct SudoersFormat: LogFormat {
  let name = "linux.sudoers"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let isNamed = sample.name == "sudoers" || sample.path.contains("sudoers.d/")
    let lines = sample.lines(200).filter { $0.trimmed[0] != 0x23 }
    let rules = lines.filter { Self.kind($0.trimmed) != nil }.count
    if isNamed { return .medium }
    return rules > 0 && rules == lines.count && lines.contains { $0.contains("ALL=(") } ? .medium : nil
  }

  private enum Kind { case rule, setting, alias, include }

  private static func kind(_ text: ByteView) -> Kind? {
    if text.hasPrefix("Defaults") { return .setting }
    if text.hasPrefix("@include") || text.hasPrefix("#include") { return .include }
    for alias in ["User_Alias", "Runas_Alias", "Host_Alias", "Cmnd_Alias", "Cmd_Alias"] as [StaticString]
    where text.hasPrefix(ByteView(alias)) { return .alias }
    return text.firstIndex(of: 0x3D) != nil && text.words(limit: 2).count == 2 ? .rule : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var begun: (text: String, locator: Locator)?
    try readLines(stream, into: sink) { line in
      let text = line.bytes.trimmed
      let goesOn = text[text.count - 1] == 0x5C
      let part = (goesOn ? text.dropLast(1) : text).trimmed
      if begun == nil, part[0] == 0x23, !part.hasPrefix("#include") { return .parsed }
      var now = begun ?? ("", line.locator)
      begun = nil
      if now.text.utf8.count < 1 << 16 { now.text += (now.text.isEmpty ? "" : " ") + part.string }
      now.locator = now.locator.reaching(line.end)
      if goesOn {
        begun = now
        return .parsed
      }
      guard let event = now.text.withView({ Self.event($0, now.locator) }) else {
        return .skipped("line is not of sudoers")
      }
      sink.event(event)
      return .parsed
    }
    if let begun, let event = begun.text.withView({ Self.event($0, begun.locator) }) { sink.event(event) }
  }

  // ops ALL=(ALL:ALL) NOPASSWD: ALL
  private static func event(_ text: ByteView, _ locator: Locator) -> Event? {
    guard let kind = kind(text) else { return nil }
    var attributes: [Attribute] = [Attribute("text", text.string)]
    guard kind == .rule, let who = text.words(limit: 2).first else {
      return Event(
        time: nil, dataType: "linux:sudo:setting", message: "sudo is set up with: \(text.string)",
        attributes: attributes, locator: locator)
    }
    let isGroup = who[0] == 0x25
    attributes.add(isGroup ? "group" : "user", (isGroup ? who.dropFirst(1) : who).string)
    let needsNone = text.contains("NOPASSWD")
    attributes.append(Attribute("is_passwordless", .flag(needsNone)))
    return Event(
      time: nil, dataType: "linux:sudo:rule",
      message:
        "sudo lets \(isGroup ? "group " : "")\((isGroup ? who.dropFirst(1) : who).string) run commands\(needsNone ? " without a password" : ""): \(text.string)",
      entities: isGroup ? [] : [Entity(.user, who.string)], attributes: attributes, locator: locator)
  }
}
