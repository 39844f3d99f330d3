import Bytes

/// Undoes LZO1X, the way of makedumpfile's `-l`. Every step is checked against both buffers; there is no recursion and
/// no table.
///
/// An instruction's first byte gives a length and part of a distance; its last two bits (`state`) the number of literals
/// that follow it. What an instruction below 16 means depends on the state before. Source: lzo.rst in the documentation
/// of the Linux kernel.
enum LZO {
  /// Decodes into the front of the buffer; nil where the data is broken, refers outside, or does not fit.
  static func decode(_ input: ByteView, into buffer: UnsafeMutableRawBufferPointer) -> Int? {
    var decoder = Decoder(input: input, output: buffer)
    return decoder.run()
  }

  private struct Decoder {
    let input: ByteView
    let output: UnsafeMutableRawBufferPointer
    var place = 0
    var count = 0
    /// Literals of the last instruction: 0, 1 to 3, or 4 for a long run.
    var state = 0

    mutating func run() -> Int? {
      // A stream may begin with a run of literals in a form of its own.
      if input[0] > 17, input.count > 0 {
        let length = Int(input[0]) - 17
        place = 1
        guard literals(length) else { return nil }
        state = min(length, 4)
      }
      while place < input.count {
        let code = Int(input[place])
        place += 1
        switch code {
        case 0..<16 where state == 0:
          guard let more = length(code, from: 15), literals(3 + more) else { return nil }
          state = 4
        case 0..<16:
          let next = Int(input[place])
          place += 1
          let distance = next << 2 + code >> 2
          let near = state < 4
          guard match(distance + (near ? 1 : 2049), near ? 2 : 3, code) else { return nil }
        case 16..<32:
          guard let more = length(code & 7, from: 7), let pair = input.u16(place) else { return nil }
          place += 2
          let distance = 16384 + (code & 8) << 11 + Int(pair >> 2)
          // A distance of nothing ends the stream.
          if distance == 16384 { return place == input.count ? count : nil }
          guard match(distance, 2 + more, Int(pair)) else { return nil }
        case 32..<64:
          guard let more = length(code & 31, from: 31), let pair = input.u16(place) else { return nil }
          place += 2
          guard match(1 + Int(pair >> 2), 2 + more, Int(pair)) else { return nil }
        default:
          let next = Int(input[place])
          place += 1
          let length = code < 128 ? 3 + (code >> 5 & 1) : 5 + (code >> 5 & 3)
          guard match(next << 3 + (code >> 2 & 7) + 1, length, code) else { return nil }
        }
      }
      return nil
    }

    /// A length whose bits are all zero goes on: 255 for each zero byte, then the first other byte.
    private mutating func length(_ bits: Int, from base: Int) -> Int? {
      if bits != 0 { return bits }
      var value = base
      while input[place] == 0 {
        place += 1
        value += 255
        guard place < input.count, value <= output.count else { return nil }
      }
      value += Int(input[place])
      place += 1
      return value
    }

    private mutating func literals(_ number: Int) -> Bool {
      guard number <= input.count - place, number <= output.count - count else { return false }
      UnsafeMutableRawBufferPointer(rebasing: output[count..<count + number])
        .copyMemory(from: input.slice(place, place + number).unsafeBytes)
      place += number
      count += number
      return true
    }

    /// Repeats bytes from before, then takes the literals that the instruction's last bits ask for.
    private mutating func match(_ distance: Int, _ number: Int, _ code: Int) -> Bool {
      guard distance <= count, number <= output.count - count else { return false }
      // Byte by byte: a distance shorter than the length repeats what it has just written.
      for index in count..<count + number { output[index] = output[index - distance] }
      count += number
      state = code & 3
      return literals(state)
    }
  }
}
