import Bytes

/// What a text assigns to names, in any of the languages that one-liners are written in: `RHOST="…"`, `$port = 4444`,
/// `int port=1`, `local host, port = "…", 1`, `PeerAddr => "…"`. The first assignment counts.
struct Variables {
  private var values: [String: String] = [:]
  /// A bit for the lower six bits of each first and last byte of a name: code names much that nothing is assigned to.
  private var firsts: UInt64 = 0
  private var lasts: UInt64 = 0
  /// One-liners have a few; programs are not followed further.
  static let maximum = 256

  init(_ text: ByteView) {
    var place = 0
    while let equals = text.firstIndex(of: 0x3D, from: place), values.count < Self.maximum {
      place = equals + 1
      let before = text[equals - 1]
      if text[equals + 1] == 0x3D || before == 0x3D || before == 0x21 || before == 0x3C || before == 0x3E { continue }
      let names = Self.names(text, before: equals)
      guard !names.isEmpty else { continue }
      let start = equals + (text[equals + 1] == 0x3E ? 2 : 1)
      for (name, value) in zip(names, Self.values(text, from: start, count: names.count)) { add(name, value) }
    }
    place = 0
    while let mark = text.firstIndex(of: ByteView("#define "), from: place), values.count < Self.maximum {
      place = mark + 8
      let line = text.slice(place, place + 256)
      let words = line.slice(0, line.firstIndex(of: 0x0A) ?? line.count).words(limit: 3)
      guard words.count >= 2 else { continue }
      let value = words[1][0] == 0x22 ? words[1].dropFirst(1).cut(0x22)?.before : words[1]
      if let value { add(words[0].string.lowercased(), value.string) }
    }
  }

  private mutating func add(_ name: String, _ value: String) {
    guard values[name] == nil else { return }
    values[name] = value
    name.withView { name in
      firsts |= Self.bit(name[0])
      lasts |= Self.bit(name[name.count - 1])
    }
  }

  private static func bit(_ byte: UInt8) -> UInt64 { 1 << UInt64(lowercased(byte) & 63) }

  /// What has fields: `args.host` is no host.
  private static let objects = NameTable([
    "self", "this", "args", "options", "opts", "config", "cfg", "conf", "params", "settings", "sys", "os", "socket",
    "subprocess", "request", "req", "url", "uri", "server", "client", "env", "process",
  ])

  /// What objects do: `f = s.fileno` is no host.
  private static let members = NameTable([
    "fileno", "gets", "recv", "read", "readline", "send", "write", "dup2", "socket", "connect", "spawn", "popen",
    "stdin", "stdout", "stderr", "accept", "makefile", "close", "detach", "call", "run", "system", "exec", "getenv",
  ])

  /// The names left of an equals sign, last to first reversed: `host, port`.
  private static func names(_ text: ByteView, before equals: Int) -> [String] {
    var names: [String] = []
    var end = equals
    while names.count < 4 {
      // Quotes before a comma are another's value: `PeerAddr => "…", PeerPort => 1`.
      let mayBeQuoted = names.isEmpty
      while end > 0,
        text[end - 1] == 0x20 || text[end - 1] == 0x3A
          || mayBeQuoted && (text[end - 1] == 0x27 || text[end - 1] == 0x22)
      {
        end -= 1
      }
      if text[end - 1] == 0x5D {
        // `char ip[16]`
        while end > 0, text[end - 1] != 0x5B, equals - end < 64 { end -= 1 }
        end -= 1
      }
      var start = end
      while start > 0, isWordByte(text[start - 1]), end - start < 64 { start -= 1 }
      // Numbers before a comma belong to a list, not to the assignment.
      guard start < end, text[start] > 0x39 else { break }
      // So is a word behind an equals sign: `host=kali, port=1`.
      if !mayBeQuoted, text[start - 1] == 0x2E || text[start - 1] == 0x3D || text[start - 1] == 0x3E { break }
      names.append(text.slice(start, end).string.lowercased())
      end = start
      while end > 0, text[end - 1] == 0x20 || text[end - 1] == 0x24 { end -= 1 }
      guard text[end - 1] == 0x2C else { break }
      end -= 1
    }
    return names.reversed()
  }

  private static func values(_ text: ByteView, from start: Int, count: Int) -> [String] {
    var values: [String] = []
    var place = start
    while values.count < count {
      while text[place] == 0x20 || text[place] == 0x5C && text[place + 1] != 0x6E { place += 1 }
      // Of a list the first: `PORTS = [4444]`.
      if text[place] == 0x5B { place += 1 }
      let quote = text[place]
      let isQuoted = quote == 0x22 || quote == 0x27
      var end = place
      if isQuoted {
        place += 1
        end = place
        while end < text.count, text[end] != quote, text[end] != 0x5C, end - place < 256 { end += 1 }
      } else {
        while end < text.count, isWordByte(text[end]) || text[end] == 0x2E || text[end] == 0x2D || text[end] == 0x3A {
          end += 1
        }
        if end - place > 256 { end = place + 256 }
      }
      // What is called is no value, nor is a field.
      let value = text.slice(place, end)
      let isField =
        !isQuoted
        && value.cut(0x2E).map { objects.contains($0.before) || members.contains($0.after) } ?? false
      let isOther = text[end] == 0x28 && !isQuoted || isField
      values.append(isOther ? otherwise(text, end) : value.string)
      while end < text.count, isQuoted && text[end] == quote || text[end] == 0x20 || text[end] == 0x5C { end += 1 }
      guard text[end] == 0x2C else { break }
      place = end + 1
    }
    return values
  }

  /// Python's `int(sys.argv[2]) if len(sys.argv) > 2 else 4444`: what is taken where nothing was given.
  private static func otherwise(_ text: ByteView, _ start: Int) -> String {
    let line = text.slice(start, start + 96)
    let rest = line.slice(0, line.firstIndex(of: 0x0A) ?? line.count)
    guard let place = rest.firstIndex(of: ByteView(" else ")) else { return "" }
    let quote = rest[place + 6]
    let first = quote == 0x22 || quote == 0x27 ? place + 7 : place + 6
    var end = first
    while isWordByte(rest[end]) || isAny(rest[end], of: ".-") { end += 1 }
    return rest.slice(first, end).string
  }

  /// What is assigned to a name, whatever its case.
  subscript(_ name: ByteView) -> String? {
    let (first, last) = (name[0], name[name.count - 1])
    // Beyond ASCII a letter of the other case may have other bytes.
    guard first | last >= 0x80 || firsts & Self.bit(first) != 0 && lasts & Self.bit(last) != 0 else { return nil }
    return values[name.string.lowercased()]
  }

  /// The value of `$NAME`, `${NAME}` or `NAME` where there is one, else the text itself.
  func resolve(_ text: ByteView) -> String {
    var name = text
    if name[0] == 0x24 { name = name.slice(1) }
    if name[0] == 0x7B { name = name.slice(1, name.firstIndex(of: 0x7D) ?? name.count) }
    if text[1] == 0x7B, let part = part(name) { return part }
    // `${HOST:-203.0.113.66}`
    if let colon = name.firstIndex(of: 0x3A), name[colon + 1] == 0x2D, text[0] == 0x24, text[1] == 0x7B {
      return self[name.slice(0, colon)] ?? name.slice(colon + 2).slice(0, 256).string
    }
    if name.count <= 64, let value = self[name] { return value }
    return text.slice(0, 256).string
  }

  /// `${C2%:*}`, `${C2#*:}`: what stands before or behind a colon.
  private func part(_ name: ByteView) -> String? {
    guard let mark = (0..<min(name.count, 64)).first(where: { name[$0] == 0x25 || name[$0] == 0x23 }),
      let value = self[name.slice(0, mark)]
    else { return nil }
    let pattern = name.slice(mark)
    return value.withView { value in
      guard let colon = value.lastIndex(of: 0x3A) else { return nil }
      if pattern == "%:*" || pattern == "%%:*" { return value.slice(0, colon).string }
      return pattern == "#*:" || pattern == "##*:" ? value.slice(colon + 1).string : nil
    }
  }

  /// The first value, by name, that is such a thing.
  func first(where fits: (ByteView) -> Bool) -> String? {
    first(named: { _ in true }, where: fits)
  }

  /// The first value whose name speaks of such a thing and that is one.
  func first(named words: [StaticString], where fits: (ByteView) -> Bool) -> String? {
    first(named: { name in words.contains { name.contains($0) } }, where: fits)
  }

  private func first(named isNamed: (ByteView) -> Bool, where fits: (ByteView) -> Bool) -> String? {
    var best: (name: String, value: String)?
    for (name, value) in values where best.map({ name < $0.name }) ?? true {
      if name.withView(isNamed), value.withView(fits) { best = (name, value) }
    }
    return best?.value
  }
}
