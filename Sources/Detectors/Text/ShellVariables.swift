import Bytes

/// Puts in what a command line assigns to names and uses further on: `x=bash; $x -i`, `a=/dev; cat $a/tcp/…`, `s=sh; ba$s`.
enum ShellVariables {
  /// One-liners have a few.
  private static let maximum = 16
  private static let maximumValue = 256

  private struct Assignment {
    var name: ByteView
    var value: ByteView
  }

  /// Whether anything that is assigned is used.
  static func mayHold(_ text: ByteView) -> Bool {
    let assigned = assignments(text)
    guard !assigned.isEmpty else { return false }
    var from = 0
    while let dollar = text.firstIndex(of: 0x24, from: from) {
      from = dollar + 1
      if let (name, _) = reference(text, dollar), value(name, assigned) != nil { return true }
    }
    return false
  }

  /// The text with all uses replaced; nil where there is none, or where they would make it much longer.
  static func expanded(_ text: ByteView) -> [UInt8]? {
    let assigned = assignments(text)
    guard !assigned.isEmpty else { return nil }
    var out: [UInt8] = []
    var copied = 0
    var from = 0
    while let dollar = text.firstIndex(of: 0x24, from: from) {
      from = dollar + 1
      guard let (name, length) = reference(text, dollar), let value = value(name, assigned) else { continue }
      if out.isEmpty { out.reserveCapacity(text.count) }
      out.append(contentsOf: text.slice(copied, dollar).unsafeBytes)
      out.append(contentsOf: value.unsafeBytes)
      copied = dollar + length
      from = copied
      guard out.count <= text.count * 2 + 4096 else { return nil }
    }
    guard copied > 0 else { return nil }
    out.append(contentsOf: text.slice(copied).unsafeBytes)
    return out
  }

  private static func value(_ name: ByteView, _ assigned: [Assignment]) -> ByteView? {
    for one in assigned where one.name.count == name.count && one.name.hasPrefix(name) { return one.value }
    return nil
  }

  /// `$name`, `${name}`.
  private static func reference(_ text: ByteView, _ dollar: Int) -> (name: ByteView, length: Int)? {
    let isBraced = text[dollar + 1] == 0x7B
    let start = dollar + (isBraced ? 2 : 1)
    var end = start
    while isWordByte(text[end]), end - start < 64 { end += 1 }
    let name = text.slice(start, end)
    // `${name[@]}`, all words of a list.
    if isBraced, text[end] == 0x5B, text[end + 1] == 0x40 || text[end + 1] == 0x2A, text[end + 2] == 0x5D { end += 3 }
    guard end > start, !isBraced || text[end] == 0x7D else { return nil }
    return (name, end - dollar + (isBraced ? 1 : 0))
  }

  /// Plain words assigned where a command begins, the first for each name. Values that run or hold something else are not
  /// known.
  private static func assignments(_ text: ByteView) -> [Assignment] {
    guard text.firstIndex(of: 0x24) != nil else { return [] }
    var found: [Assignment] = []
    var from = 0
    var looks = 0
    while let equals = text.firstIndex(of: 0x3D, from: from), found.count < maximum, looks < 256 {
      from = equals + 1
      looks += 1
      var start = equals
      while start > 0, isWordByte(text[start - 1]), equals - start < 64 { start -= 1 }
      guard start < equals, text[start] > 0x39, start == 0 || isAny(text[start - 1], of: " ;&|(\n\t\"'>") else {
        continue
      }
      // `a=(bash -i)`, a list, is taken for its words.
      let quote: UInt8 = text[from] == 0x28 ? 0x29 : text[from]
      let isQuoted = quote == 0x22 || quote == 0x27 || quote == 0x29 && text[from] == 0x28
      let first = isQuoted ? from + 1 : from
      var end = first
      while end < text.count, end - first < maximumValue, isPlain(text[end], isQuoted: isQuoted) { end += 1 }
      guard end > first, isQuoted ? text[end] == quote : isAny(text[end], of: " ;&|)\n\t\"'") || end == text.count
      else { continue }
      let name = text.slice(start, equals)
      if value(name, found) == nil { found.append(Assignment(name: name, value: text.slice(first, end))) }
    }
    return found
  }

  private static func isPlain(_ byte: UInt8, isQuoted: Bool) -> Bool {
    isWordByte(byte) || isAny(byte, of: "/.:-@+,%=") || isQuoted && isAny(byte, of: " <>&")
  }
}
