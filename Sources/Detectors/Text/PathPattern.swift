import Bytes

/// Patterns in place of a path: `/???/b??h`, `/bin/b*h`, `/bin/n[c]`, `/e?c/shadow`.
enum PathPattern {
  /// What patterns in place of a path mostly stand for.
  private static let programs: [StaticString] = [
    "/bin/sh", "/bin/nc", "/bin/bash", "/bin/dash", "/bin/ncat", "/usr/bin/nc", "/usr/bin/sh", "/usr/bin/bash",
    "/usr/bin/ncat",
    "/usr/bin/curl", "/usr/bin/wget", "/usr/bin/socat", "/usr/bin/python3", "/usr/bin/perl", "/bin/cat", "/bin/netcat",
    "/etc/shadow",
  ]

  /// `/???/b??h`, `/bin/n[c]`: the program that the pattern fits, where a letter of its name is left.
  static func path(_ text: ByteView, _ place: Int) -> (length: Int, path: StaticString, start: Int)? {
    var start = place
    while start > 0, place - start < 16, isWordByte(text[start - 1]) || isAny(text[start - 1], of: "/?*[]") {
      start -= 1
    }
    guard text[start] == 0x2F, start == 0 || isAny(text[start - 1], of: " \t\n;|&(\"'`,{=:") else { return nil }
    var end = place
    while end - start < 24, isWordByte(text[end]) || isAny(text[end], of: "/?*[]") { end += 1 }
    let pattern = text.slice(start, end)
    let name = ShellWords.baseName(pattern)
    guard (0..<name.count).contains(where: { isWordByte(name[$0]) }) else { return nil }
    for program in programs where fits(ByteView(program), pattern) { return (end - start, program, start) }
    return nil
  }

  /// `?` stands for any character, `*` for any number of them, `[ab]` for one of those; a slash is none of them.
  private static func fits(_ path: ByteView, _ pattern: ByteView) -> Bool {
    var place = 0
    var index = 0
    // The last star: where the pattern goes on behind it, and where in the path.
    var star: (place: Int, index: Int)?
    while index < path.count {
      if pattern[place] == 0x2A {
        star = (place + 1, index)
        place += 1
      } else if let length = unit(pattern, place, path[index]) {
        place += length
        index += 1
      } else if let last = star, path[last.index] != 0x2F {
        star = (last.place, last.index + 1)
        (place, index) = (last.place, last.index + 1)
      } else {
        return false
      }
    }
    while pattern[place] == 0x2A { place += 1 }
    return place == pattern.count
  }

  /// The length of what in the pattern stands for a character.
  private static func unit(_ pattern: ByteView, _ place: Int, _ character: UInt8) -> Int? {
    switch pattern[place] {
    case 0x3F where character != 0x2F: return 1
    case 0x5B:
      guard let close = pattern.firstIndex(of: 0x5D, from: place),
        pattern.slice(place + 1, close).firstIndex(of: character) != nil
      else { return nil }
      return close + 1 - place
    case character: return 1
    default: return nil
    }
  }
}
