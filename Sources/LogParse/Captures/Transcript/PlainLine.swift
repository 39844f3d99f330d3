import Bytes

/// A line without what a terminal makes of it: colours, titles of windows, what was typed and deleted, what was written over.
enum PlainLine {
  /// Nil for a line that has nothing of it.
  static func cleaned(_ line: ByteView) -> [UInt8]? {
    guard line.unsafeBytes.contains(where: { $0 < 0x20 && $0 != 0x09 && $0 != 0 }) else { return nil }
    var out: [UInt8] = []
    out.reserveCapacity(line.count)
    var place = 0
    while place < line.count {
      let byte = line[place]
      switch byte {
      case 0x1B: place = end(ofEscape: line, at: place)
      case 0x08:
        _ = out.popLast()
        place += 1
      case 0x07: place += 1
      case 0x0D:
        // What follows is written over what stands there.
        place += 1
        if place < line.count { out.removeAll(keepingCapacity: true) }
      default:
        out.append(byte)
        place += 1
      }
    }
    return out
  }

  /// One past the sequence that begins at the place.
  private static func end(ofEscape line: ByteView, at start: Int) -> Int {
    var place = start + 2
    switch line[start + 1] {
    case 0x5B:  // CSI: parameters, then one byte from @ to ~.
      while place < line.count, line[place] < 0x40 || line[place] > 0x7E { place += 1 }
      return min(place + 1, line.count)
    case 0x5D, 0x50, 0x5E, 0x5F:  // A title and the like, up to BEL or ESC \.
      while place < line.count, line[place] != 0x07, line[place] != 0x1B { place += 1 }
      return min(line[place] == 0x1B ? place + 2 : place + 1, line.count)
    case 0x28, 0x29, 0x23, 0x25: return min(place + 1, line.count)
    default: return min(place, line.count)
    }
  }
}
