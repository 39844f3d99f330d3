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
  @inline(__always)
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
  /// `sshd (pid 392): Accepted …`; bytes that are no UTF-8 become U+FFFD.
  ///
  /// Put together on the stack, for a string that is made from bytes at hand costs two thirds of one that is written into.
  init(program: String, pid: Int64?, saying body: ByteView) {
    var program = program
    self = program.withUTF8 { program in
      withUnsafeTemporaryAllocation(byteCount: program.count + body.count + 32, alignment: 1) { buffer in
        var place = 0
        func put(_ bytes: UnsafeRawBufferPointer) {
          guard let source = bytes.baseAddress, let base = buffer.baseAddress else { return }
          (base + place).copyMemory(from: source, byteCount: bytes.count)
          place += bytes.count
        }
        if !program.isEmpty {
          put(UnsafeRawBufferPointer(program))
          if let pid {
            put(ByteView(" (pid ").unsafeBytes)
            if pid < 0 { put(ByteView("-").unsafeBytes) }
            place += Self.write(pid.magnitude, to: buffer, at: place)
            put(ByteView(")").unsafeBytes)
          }
          put(ByteView(": ").unsafeBytes)
        }
        put(body.unsafeBytes)
        return String(decoding: UnsafeRawBufferPointer(rebasing: buffer[..<place]), as: UTF8.self)
      }
    }
  }

  /// Writes a number's digits, at most twenty, and says how many they are.
  private static func write(_ number: UInt64, to buffer: UnsafeMutableRawBufferPointer, at place: Int) -> Int {
    var count = 1
    var power: UInt64 = 10
    while count < 19, number >= power {
      count += 1
      power *= 10
    }
    if number >= 10_000_000_000_000_000_000 { count = 20 }
    var rest = number
    for index in stride(from: place + count - 1, through: place, by: -1) {
      buffer[index] = UInt8(truncatingIfNeeded: 0x30 + rest % 10)
      rest /= 10
    }
    return count
  }
}
