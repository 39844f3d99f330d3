import Bytes

/// The names part of kallsyms (`scripts/kallsyms.c`, `kernel/kallsyms.c`): each name a length and that many indices into
/// 256 tokens, whose texts joined are one type letter and the name.
///
/// Names are decoded on demand. A hash table of 4 bytes a slot finds one by its text. Names come in blocks of 256 whose
/// places the markers tell, so a hole in one block leaves the others.
struct SymbolNames {
  let count: Int
  private let names: [UInt8]
  private let markers: [UInt32]
  private let tokens: [[UInt8]]
  /// Symbol number + 1 by hash, 0 free; open addressing.
  private var table: [UInt32] = []
  /// Symbols whose names could not be read.
  private(set) var lostCount = 0

  /// More than any kernel has by far.
  static let maximumCount = 4_000_000

  /// - Parameter markers: place of every 256th name in `names`.
  init(names: [UInt8], count: Int, markers: [UInt32], tokens: [[UInt8]]) {
    self.names = names
    self.count = min(count, Self.maximumCount)
    self.markers = markers
    self.tokens = tokens
    build()
  }

  private mutating func build() {
    var size = 1024
    while size < count * 2 { size *= 2 }
    var slots = [UInt32](repeating: 0, count: size)
    var read = 0
    forEach { index, text in
      read += 1
      var slot = Int(truncatingIfNeeded: Self.hash(text.dropFirst(1))) & (size - 1)
      while slots[slot] != 0 { slot = (slot + 1) & (size - 1) }
      slots[slot] = UInt32(index + 1)
    }
    table = slots
    lostCount = count - read
  }

  /// FNV-1a.
  private static func hash(_ text: ByteView) -> UInt32 {
    var value: UInt32 = 0x811C_9DC5
    for index in 0..<text.count { value = (value ^ UInt32(text[index])) &* 0x0100_0193 }
    return value
  }

  /// Every name with its type letter in front, in order of the table. A block that does not end where the next begins is
  /// passed over from its first wrong name.
  func forEach(_ body: (_ index: Int, _ text: ByteView) -> Void) {
    var scratch = [UInt8](repeating: 0, count: 1024)
    names.withView { view in
      for block in 0..<(count + 255) / 256 where block < markers.count {
        let end = block + 1 < markers.count ? Int(markers[block + 1]) : view.count
        var place = Int(markers[block])
        for index in block * 256..<min(block * 256 + 256, count) {
          guard let (start, length) = Self.entry(view, place), length > 0, start + length <= end else { break }
          let used = expand(view.slice(start, start + length), into: &scratch)
          scratch.withUnsafeBytes { body(index, ByteView(UnsafeRawBufferPointer(rebasing: $0[0..<used]))) }
          place = start + length
        }
      }
    }
  }

  /// Length of a name: one byte, or two where bit 7 of the first is set (6.1 and later).
  @inline(__always)
  static func entry(_ view: ByteView, _ place: Int) -> (start: Int, length: Int)? {
    guard place >= 0, place < view.count else { return nil }
    let first = Int(view[place])
    return first & 0x80 == 0 ? (place + 1, first) : (place + 2, first & 0x7F | Int(view[place + 1]) << 7)
  }

  private func expand(_ indices: ByteView, into scratch: inout [UInt8]) -> Int {
    var used = 0
    for index in 0..<indices.count {
      let token = tokens[Int(indices[index])]
      for byte in token where used < scratch.count {
        scratch[used] = byte
        used += 1
      }
    }
    return used
  }

  /// Number of the first symbol of that name.
  func index(of name: String) -> Int? {
    guard !table.isEmpty else { return nil }
    return name.withView { wanted in
      var slot = Int(truncatingIfNeeded: Self.hash(wanted)) & (table.count - 1)
      var best: Int?
      while table[slot] != 0 {
        let index = Int(table[slot]) - 1
        if best.map({ index < $0 }) ?? true, text(at: index)?.dropFirst() == ArraySlice(wanted.array) { best = index }
        slot = (slot + 1) & (table.count - 1)
      }
      return best
    }
  }

  /// Type letter and name of a symbol.
  func text(at index: Int) -> [UInt8]? {
    guard index >= 0, index < count, index / 256 < markers.count else { return nil }
    return names.withView { view in
      var place = Int(markers[index / 256])
      for _ in 0..<index % 256 {
        guard let (start, length) = Self.entry(view, place), length > 0 else { return nil }
        place = start + length
      }
      guard let (start, length) = Self.entry(view, place), length > 0, start + length <= view.count else { return nil }
      return view.slice(start, start + length).array.flatMap { tokens[Int($0)] }
    }
  }
}
