import Bytes
import Evidence

/// sudoers and the files of sudoers.d: who may run what as whom, and the defaults. Lines ending in a backslash go on.
///
/// A `#` begins a comment, but with digits behind it a number in place of a name (`#1001`, `%#1002`).
struct SudoersFormat: LogFormat {
  let name = "linux.sudoers"
  let version = 3

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let isNamed = sample.name == "sudoers" || sample.path.contains("sudoers.d/")
    let lines = sample.lines(200).map { Self.withoutComment($0.trimmed) }.filter { !$0.isEmpty }
    let rules = lines.filter { Self.kind($0) != nil }.count
    if isNamed { return .medium }
    return rules > 0 && rules == lines.count && lines.contains { $0.contains("ALL=(") } ? .medium : nil
  }

  private enum Kind { case rule, setting, alias, include }

  private static func kind(_ text: ByteView) -> Kind? {
    if text.hasPrefix("Defaults") { return .setting }
    if text.hasPrefix("@include") || isInclude(text) { return .include }
    for alias in ["User_Alias", "Runas_Alias", "Host_Alias", "Cmnd_Alias", "Cmd_Alias"] as [StaticString]
    where text.hasPrefix(ByteView(alias)) { return .alias }
    return text.firstIndex(of: 0x3D) != nil && text.words(limit: 2).count == 2 ? .rule : nil
  }

  /// `#include PATH` and `#includedir PATH`, which are no comments.
  private static func isInclude(_ text: ByteView) -> Bool {
    guard text.hasPrefix("#include") else { return false }
    let words = text.words(limit: 2)
    return words.count == 2 && (words[0] == "#include" || words[0] == "#includedir")
  }

  /// Up to a `#` that begins a comment: outside quotes, not escaped, and no number behind it.
  private static func withoutComment(_ text: ByteView) -> ByteView {
    if isInclude(text) { return text }
    var isQuoted = false
    var place = 0
    while place < text.count {
      switch text[place] {
      case 0x5C: place += 1
      case 0x22: isQuoted.toggle()
      case 0x23 where !isQuoted:
        let next = text[place + 1] == 0x2D ? text[place + 2] : text[place + 1]
        if !(0x30...0x39).contains(next) { return text.slice(0, place).trimmed }
      default: break
      }
      place += 1
    }
    return text
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var begun: (text: String, locator: Locator)?
    try readLines(stream, into: sink) { line in
      let text = Self.withoutComment(line.bytes.trimmed)
      if begun == nil, text.isEmpty { return .parsed }
      let goesOn = text[text.count - 1] == 0x5C
      let part = (goesOn ? text.dropLast(1) : text).trimmed
      var now = begun ?? ("", line.locator)
      begun = nil
      if now.text.utf8.count < 1 << 16 { now.text += (now.text.isEmpty ? "" : " ") + part.string }
      now.locator = now.locator.reaching(line.end)
      if goesOn {
        begun = now
        return .parsed
      }
      let events = now.text.withView { Self.events($0, now.locator) }
      for event in events { sink.event(event) }
      return events.isEmpty ? .skipped("line is not of sudoers") : .parsed
    }
    if let begun { for event in begun.text.withView({ Self.events($0, begun.locator) }) { sink.event(event) } }
  }

  /// One event for each member of a rule's list; those that `!` takes out of it may do nothing.
  // ops ALL=(ALL:ALL) NOPASSWD: ALL        ops, %admin, #1001 ALL=(ALL) ALL
  private static func events(_ text: ByteView, _ locator: Locator) -> [Event] {
    guard let kind = kind(text) else { return [] }
    let members = kind == .rule ? members(text).filter { $0[0] != 0x21 } : []
    guard !members.isEmpty else {
      return [
        Event(
          time: nil, dataType: "linux:sudo:setting", message: "sudo is set up with: \(text.string)",
          attributes: [Attribute("text", text.string)], locator: locator)
      ]
    }
    let needsNone = text.contains("NOPASSWD")
    return members.enumerated().map { index, member in
      let isGroup = member[0] == 0x25
      let who = isGroup ? member.dropFirst(1) : member
      let number = who[0] == 0x23 ? who.dropFirst(1).integer : nil
      let several = isGroup ? nil : severalUsers(who)
      var attributes: [Attribute] = [Attribute("text", text.string)]
      if let number {
        attributes.add(isGroup ? "gid" : "uid", number)
      } else if let several {
        // What sudo calls everybody stays where a user's name would.
        attributes.add(who == "ALL" ? "user" : several, several == "netgroup" ? who.dropFirst(1).string : who.string)
      } else {
        attributes.add(isGroup ? "group" : "user", who.string)
      }
      attributes.append(Attribute("is_passwordless", .flag(needsNone)))
      let shown =
        who == "ALL" && !isGroup
        ? "everybody" : (isGroup ? "group " : number != nil ? "uid " : "") + (number.map(String.init) ?? who.string)
      var locator = locator
      // One line, several members.
      if index > 0 { locator.other["member"] = String(index + 1) }
      return Event(
        time: nil, dataType: "linux:sudo:rule",
        message: "sudo lets \(shown) run commands\(needsNone ? " without a password" : ""): \(text.string)",
        entities: isGroup || number != nil || several != nil ? [] : [Entity(.user, who.string)], attributes: attributes,
        locator: locator)
    }
  }

  /// The attribute that names a member who is no single user: `+netgroup`, an alias or `ALL`. sudo takes any word that begins
  /// with a capital and holds nothing but them, digits and underscores for an alias.
  private static func severalUsers(_ who: ByteView) -> String? {
    if who[0] == 0x2B { return "netgroup" }
    guard (0x41...0x5A).contains(who[0]) else { return nil }
    for index in 1..<max(who.count, 1) {
      switch who[index] {
      case 0x41...0x5A, 0x30...0x39, 0x5F: continue
      default: return nil
      }
    }
    return "user_alias"
  }

  /// The list that a rule begins with: commas part its members, and blanks may stand around them.
  private static func members(_ text: ByteView) -> [ByteView] {
    var members: [ByteView] = []
    var start = 0
    var place = 0
    var isQuoted = false
    while place < text.count, members.count < 256 {
      switch text[place] {
      case 0x5C: place += 1
      case 0x22: isQuoted.toggle()
      case 0x2C where !isQuoted:
        members.append(text.slice(start, place).trimmed)
        start = place + 1
      case 0x20 where !isQuoted, 0x09 where !isQuoted:
        let rest = text.slice(place).trimmed
        // Behind a comma or in front of one the list goes on.
        let isBegun = !text.slice(start, place).trimmed.isEmpty
        if isBegun, rest[0] != 0x2C {
          members.append(text.slice(start, place).trimmed)
          return members.filter { !$0.isEmpty }.map(unquoted)
        }
        place = text.offset(of: rest) - 1
      default: break
      }
      place += 1
    }
    return members.filter { !$0.isEmpty }.map(unquoted)
  }

  private static func unquoted(_ text: ByteView) -> ByteView {
    text.count > 2 && text[0] == 0x22 && text[text.count - 1] == 0x22 ? text.slice(1, text.count - 1) : text
  }
}
