import Bytes

/// Finds kallsyms in physical memory by its shape. Kernel read-only data are physically contiguous, so no page table is
/// needed.
///
/// Orders of the tables seen: A (5.10, 6.1) offsets, relative_base, num_syms, names, markers, token_table, token_index; B
/// (6.4 and later) num_syms, names, markers, token_table, token_index, offsets, relative_base; C (7.x) as B without a base.
struct KallsymsSearch {
  let memory: PhysicalMemory

  /// "0\0" … "9\0": digits are tokens of one character, because names use all ten.
  static let needle: [UInt8] = Array("0123456789".utf8).flatMap { [$0, 0] }

  /// Where the tables lie, physically.
  struct Place: Equatable {
    var tokenTable: UInt64
    var tokenIndex: UInt64
    var names: UInt64
    var count: Int
    var offsets: UInt64
    /// Nil in order C.
    var relativeBase: UInt64?
  }

  struct Found {
    var place: Place
    /// Addresses are physical where the table is place-relative, else virtual.
    var kallsyms: Kallsyms
  }

  /// What VMCOREINFO of 6.0 and later tells, turned into physical addresses.
  struct Hint {
    var tokenTable: UInt64
    var names: UInt64
    var count: Int
    var offsets: UInt64
    var relativeBase: UInt64?
  }

  // MARK: By pattern

  /// - Parameter hit: where the needle was seen.
  func tables(aroundDigitsAt hit: UInt64) -> Found? {
    guard let start = tokenTableStart(hit), let tokens = tokens(at: start) else { return nil }
    for reach in [8 << 20, 16 << 20] {
      if let found = tables(start, tokens, reach: reach) { return found }
    }
    return nil
  }

  private func tables(_ start: UInt64, _ tokens: Tokens, reach: Int) -> Found? {
    let low = start > UInt64(reach) ? start - UInt64(reach) : 0
    let behind = memory.bytes(low & ~3, Int(start - low & ~3)).bytes
    var found: Found?
    behind.withView { view in
      forEachMarkers(view) { place, markers in
        guard let (names, count) = namesStart(view, markersAt: place, markers) else { return true }
        let names1 = SymbolNames(
          names: view.slice(names, place).array, count: count, markers: markers, tokens: tokens.texts)
        let namesAt = low & ~3 + UInt64(names)
        found = finish(start, tokens, names1, namesAt: namesAt)
        return found == nil
      }
    }
    return found
  }

  struct Tokens {
    var texts: [[UInt8]]
    /// Physical address of the array of 256 offsets.
    var index: UInt64
  }

  /// Token 0x30 is "0": the table begins 0x30 texts before.
  private func tokenTableStart(_ hit: UInt64) -> UInt64? {
    guard hit >= 4096 else { return nil }
    let behind = memory.bytes(hit - 4096, 4096).bytes
    var place = behind.count - 1
    guard behind[place] == 0 else { return nil }
    for _ in 0..<0x30 {
      guard place > 0, let previous = behind.withView({ $0.slice(0, place).lastIndex(of: 0) }) else { return nil }
      place = previous
    }
    return hit - 4096 + UInt64(place) + 1
  }

  /// Proven by the index array, which repeats where each text begins.
  func tokens(at start: UInt64) -> Tokens? {
    let bytes = memory.bytes(start, 0x4000).bytes
    return bytes.withView { view in
      var texts: [[UInt8]] = []
      var index: [UInt8] = []
      var place = 0
      for _ in 0..<256 {
        guard let end = view.firstIndex(of: 0, from: place) else { return nil }
        texts.append(view.slice(place, end).array)
        index.append(UInt8(truncatingIfNeeded: place))
        index.append(UInt8(truncatingIfNeeded: place >> 8))
        place = end + 1
      }
      guard let found = index.withView({ view.firstIndex(of: $0, from: place) }), found < place + 64 else { return nil }
      return Tokens(texts: texts, index: start &+ UInt64(found))
    }
  }

  /// Arrays that begin with 0 and grow by steps that 256 names can have, from the highest address down.
  private func forEachMarkers(_ view: ByteView, _ body: (_ place: Int, _ markers: [UInt32]) -> Bool) {
    var end = view.count / 4 - 1
    var index = end - 1
    var next = view.u32(4 * end) ?? 0
    while index >= 0 {
      let value = view.u32(4 * index) ?? 0
      let isStep = next > value && (0x200..<0x8000).contains(next - value)
      if !isStep { end = index }
      if isStep, value == 0, end - index + 1 >= 64 {
        let markers = (index...end).map { view.u32(4 * $0) ?? 0 }
        if !body(4 * index, markers) { return }
      }
      next = value
      index -= 1
    }
  }

  /// Where the names begin, and how many there are: the count stands just before (order C) or eight bytes before.
  private func namesStart(_ view: ByteView, markersAt place: Int, _ markers: [UInt32]) -> (start: Int, count: Int)? {
    let last = Int(markers.last ?? 0)
    let blocks = markers.count
    var start = (place - last) & ~3
    for _ in 0..<0x2000 {
      start -= 4
      guard start >= 8 else { return nil }
      for distance in [4, 8] where distance == 4 || start & 7 == 0 {
        guard let count = view.u32(start - distance).map(Int.init), count > (blocks - 1) * 256, count <= blocks * 256,
          fits(view.slice(start, place), markers, count)
        else { continue }
        return (start, count)
      }
    }
    return nil
  }

  /// Whether the names run from marker to marker. A few blocks may be torn by a hole.
  private func fits(_ names: ByteView, _ markers: [UInt32], _ count: Int) -> Bool {
    var good = 0
    var bad = 0
    for block in 0..<markers.count {
      var place = Int(markers[block])
      for _ in 0..<min(256, count - 256 * block) {
        guard let (start, length) = SymbolNames.entry(names, place), length > 0 else {
          place = -1
          break
        }
        place = start + length
      }
      let isGood =
        block + 1 < markers.count
        ? place == Int(markers[block + 1]) : place > 0 && place <= names.count && names.count - place < 16
      if isGood { good += 1 } else { bad += 1 }
      if bad > 4 + good / 2 { return false }
    }
    return good > bad
  }

  // MARK: Addresses

  private func finish(_ tokenTable: UInt64, _ tokens: Tokens, _ names: SymbolNames, namesAt: UInt64) -> Found? {
    let bytes = UInt64(4 * names.count)
    func align8(_ number: UInt64) -> UInt64 { (number &+ 7) & ~7 }
    var place = Place(
      tokenTable: tokenTable, tokenIndex: tokens.index, names: namesAt, count: names.count,
      offsets: (tokens.index &+ 512 &+ 3) & ~3, relativeBase: nil)
    search: do {
      // Order A: the count stands 4 or 8 bytes before the names, the base 8 to 64 before the count.
      for distance in stride(from: UInt64(12), through: 80, by: 4) {
        let at = namesAt &- distance
        if at & 7 == 0, let base = memory.u64(at), Self.isPlausibleBase(base) {
          place.relativeBase = base
          place.offsets = at &- align8(bytes)
          break search
        }
      }
      // Order B.
      for gap in stride(from: UInt64(0), to: 64, by: 8) {
        let offsets = align8(tokens.index &+ 512) &+ gap
        if let base = memory.u64(offsets &+ align8(bytes)), Self.isPlausibleBase(base) {
          place.relativeBase = base
          place.offsets = offsets
          break search
        }
      }
    }
    return Found(place: place, kallsyms: kallsyms(names, place))
  }

  private func kallsyms(_ names: SymbolNames, _ place: Place) -> Kallsyms {
    Kallsyms(
      names: names, offsets: memory.bytes(place.offsets, 4 * names.count).bytes, relativeBase: place.relativeBase,
      offsetsAddress: place.offsets)
  }

  /// The base is the running start of the kernel's text: 1 MiB steps on x86-64, 64 KiB on AArch64.
  static func isPlausibleBase(_ base: UInt64) -> Bool {
    (0xFFFF_FFFF_8000_0000..<0xFFFF_FFFF_C000_0000).contains(base) && base & 0xF_FFFF == 0
      || (0xFFFF_8000_0000_0000..<0xFFFF_FFF0_0000_0000).contains(base) && base & 0xFFFF == 0
  }

  // MARK: By VMCOREINFO

  /// The tables where VMCOREINFO says they are; nil where they are not.
  func tables(at hint: Hint) -> Found? {
    guard (1...SymbolNames.maximumCount).contains(hint.count), let tokens = tokens(at: hint.tokenTable),
      hint.tokenTable > hint.names, hint.tokenTable - hint.names < 64 << 20
    else { return nil }
    let bytes = memory.bytes(hint.names, Int(hint.tokenTable - hint.names)).bytes
    let markers = bytes.withView { view -> [UInt32] in
      // Alignment of the array is 4 from its own place, not from where the names begin.
      let shift = Int(4 - hint.names & 3) & 3
      var markers: [UInt32] = []
      forEachMarkers(view.dropFirst(shift)) { place, found in
        guard found.count == (hint.count + 255) / 256, fits(view.slice(0, place + shift), found, hint.count) else {
          return true
        }
        markers = found
        return false
      }
      return markers.isEmpty ? Self.countedMarkers(view, hint.count) : markers
    }
    let names = SymbolNames(names: bytes, count: hint.count, markers: markers, tokens: tokens.texts)
    guard names.lostCount < names.count / 2 else { return nil }
    let place = Place(
      tokenTable: hint.tokenTable, tokenIndex: tokens.index, names: hint.names, count: hint.count,
      offsets: hint.offsets, relativeBase: hint.relativeBase)
    return Found(place: place, kallsyms: kallsyms(names, place))
  }

  /// Where the array is lost the markers are counted out, as far as the names are whole.
  private static func countedMarkers(_ names: ByteView, _ count: Int) -> [UInt32] {
    var markers: [UInt32] = []
    var place = 0
    for index in 0..<count {
      if index % 256 == 0 { markers.append(UInt32(place)) }
      guard let (start, length) = SymbolNames.entry(names, place), length > 0 else { break }
      place = start + length
    }
    return markers
  }
}
