import Bytes

/// Elements of the lists that a shell keeps: `a=(203.0.113.9 4444)` and `${a[1]}`, `declare -A c=([h]=203.0.113.9)` and
/// `${c[h]}`.
enum ShellLists {
  private static let maximumElements = 16
  private static let reach = 512

  /// - Parameter use: from the dollar sign on.
  static func element(_ use: ByteView, in text: ByteView) -> ByteView? {
    guard use[0] == 0x24, use[1] == 0x7B, let open = use.slice(0, 64).firstIndex(of: 0x5B), open > 2,
      let close = use.slice(0, 96).firstIndex(of: 0x5D, from: open), use[close + 1] == 0x7D
    else { return nil }
    let key = use.slice(open + 1, close).array.filter { $0 != 0x22 && $0 != 0x27 && $0 != 0x5C }
    guard !key.isEmpty, let start = beginning(of: use.slice(2, open), in: text) else { return nil }
    return key.withView { find($0, in: text.slice(start, min(text.count, start + reach))) }
  }

  /// Behind `name=(`.
  private static func beginning(of name: ByteView, in text: ByteView) -> Int? {
    var from = 0
    var looks = 0
    while let place = text.firstIndex(of: name, from: from), looks < 64 {
      from = place + 1
      looks += 1
      let end = place + name.count
      if text[end] == 0x3D, text[end + 1] == 0x28, !isWordByte(text[place - 1]) { return end + 2 }
    }
    return nil
  }

  private static func find(_ key: ByteView, in list: ByteView) -> ByteView? {
    let number = key.integer.map { Int($0) }
    var place = 0
    var count = 0
    while place < list.count, count < maximumElements {
      while isAny(list[place], of: " \t\n\"'\\"), place < list.count { place += 1 }
      if list[place] == 0x29 { return nil }
      var start = place
      while place < list.count, !isAny(list[place], of: " \t\n\"'\\)") { place += 1 }
      let word = list.slice(start, place)
      if word[0] == 0x5B, let close = word.firstIndex(of: 0x5D), word[close + 1] == 0x3D {
        // `[h]=value`, and `[h]="value"`.
        let isWanted = word.slice(1, close) == key
        if word.count == close + 2 {
          while isAny(list[place], of: "\"'\\"), place < list.count { place += 1 }
          start = place
          while place < list.count, !isAny(list[place], of: " \t\n\"'\\)") { place += 1 }
        } else {
          start += close + 2
        }
        if isWanted { return list.slice(start, place) }
      } else if let number, number == count {
        return word.isEmpty ? nil : word
      }
      count += 1
    }
    return nil
  }
}
