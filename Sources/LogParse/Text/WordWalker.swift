import Bytes

/// Walks the words between runs of blanks without making a list of them, for lines that come by the million.
struct WordWalker {
  private let text: ByteView
  private var place = 0

  init(_ text: ByteView) { self.text = text }

  /// The next word; an empty view behind the last.
  mutating func next() -> ByteView {
    while text[place] == 0x20 || text[place] == 0x09 { place += 1 }
    let start = place
    place = text.firstIndex(of: 0x20, from: start) ?? text.count
    return text.slice(start, place)
  }
}

extension ByteView {
  /// Where the last occurrence of a word with its blanks begins, looked for from the end: it is among the last words, and
  /// one look at each costs less than a search of the whole line.
  func lastPlace(of word: StaticString) -> Int? {
    var rest = self
    while let blank = rest.lastIndex(of: 0x20) {
      if slice(blank).hasPrefix(word) { return blank }
      rest = slice(0, blank)
    }
    return nil
  }
}

extension String {
  /// `sshd (pid 392): Accepted …` in one piece and one allocation; bytes that are no UTF-8 become U+FFFD.
  init(program: String, pid: Int64?, saying body: ByteView) {
    let count = program.utf8.count
    self.init(unsafeUninitializedCapacity: count + body.count + 32) { buffer in
      var place = 0
      func put(_ byte: UInt8) {
        buffer[place] = byte
        place += 1
      }
      if count > 0 {
        for byte in program.utf8 { put(byte) }
        if let pid {
          for byte in " (pid ".utf8 { put(byte) }
          if pid < 0 { put(0x2D) }
          let magnitude = pid.magnitude
          var divisor: UInt64 = 1
          while magnitude / divisor >= 10 { divisor *= 10 }
          while divisor > 0 {
            put(UInt8(0x30 + magnitude / divisor % 10))
            divisor /= 10
          }
          put(0x29)
        }
        put(0x3A)
        put(0x20)
      }
      UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[place...])
        .copyMemory(from: body.unsafeBytes)
      return place + body.count
    }
  }
}
