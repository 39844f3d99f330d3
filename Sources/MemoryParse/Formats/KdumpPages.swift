import Bytes

/// A bitmap in a file, with the number of set bits before every 128 bytes of it.
struct FileBitmap: Sendable {
  /// Bits that one count stands for.
  static let stretch: UInt64 = 1024

  let bitCount: UInt64
  let setCount: UInt64
  private let source: FlattenedFile
  private let offset: UInt64
  private let ranks: [UInt64]

  /// One pass over the bitmap. Bits behind the end of the file are not set.
  init(_ source: FlattenedFile, at offset: UInt64, bitCount: UInt64) {
    self.source = source
    self.offset = offset
    // The bitmap is in the file whole, also in a flattened one.
    let bitCount = min(bitCount, source.file.byteCount * 8)
    self.bitCount = bitCount
    var ranks: [UInt64] = []
    var rank: UInt64 = 0
    for start in stride(from: 0, to: bitCount, by: Int(Self.stretch)) {
      ranks.append(rank)
      rank += Self.words(source, offset, start, bitCount).reduce(0) { $0 + UInt64($1.nonzeroBitCount) }
    }
    self.ranks = ranks
    setCount = rank
  }

  /// The 16 words of the stretch that begins at a bit; bits from `bitCount` on are 0.
  private static func words(
    _ source: FlattenedFile, _ offset: UInt64, _ start: UInt64, _ bitCount: UInt64
  ) -> [UInt64] {
    var words = [UInt64](repeating: 0, count: Int(stretch / 64))
    let count = Int(min(stretch, bitCount - min(start, bitCount)) + 7) / 8
    _ = words.withUnsafeMutableBytes { buffer in
      source.read(at: offset + start / 8, into: UnsafeMutableRawBufferPointer(rebasing: buffer[0..<count]))
    }
    let last = bitCount - min(start, bitCount)
    if last < stretch, last % 64 != 0 {
      words[Int(last / 64)] = UInt64(littleEndian: words[Int(last / 64)]) & ((1 << (last % 64)) - 1)
    }
    return words
  }

  func words(from start: UInt64) -> [UInt64] { Self.words(source, offset, start, bitCount) }

  func isSet(_ bit: UInt64) -> Bool {
    guard bit < bitCount else { return false }
    return source.withBytes(at: offset + bit / 8, count: 1) { $0[0] >> UInt8(bit % 8) & 1 == 1 } ?? false
  }

  /// Set bits before one.
  func rank(of bit: UInt64) -> UInt64 {
    let stretch = Int(bit / Self.stretch)
    guard bit < bitCount, stretch < ranks.count else { return setCount }
    let start = bit / Self.stretch * Self.stretch
    return ranks[stretch] + UInt64(setBits(from: start, count: Int(bit - start)))
  }

  /// Set bits among less than a stretch of them.
  private func setBits(from start: UInt64, count: Int) -> Int {
    let counted = source.withBytes(at: offset + start / 8, count: (count + 7) / 8) { view in
      var sum = 0
      for index in 0..<count / 64 { sum += (view.u64(index * 8) ?? 0).nonzeroBitCount }
      for index in count / 64 * 8..<count / 8 { sum += view[index].nonzeroBitCount }
      return sum + (view[count / 8] & ((1 << UInt8(count % 8)) - 1)).nonzeroBitCount
    }
    return counted ?? 0
  }
}

/// Which pages a kdump file holds, and the number of each among its descriptors.
struct KdumpPages: Sendable {
  /// 16 TiB in pages of 4 KiB.
  private static let maximumCount: UInt64 = 1 << 32

  /// Descriptors that the file has.
  let descriptorCount: UInt64
  /// Descriptors before the first of this file, where it is a part of a split dump.
  private let firstDescriptor: UInt64
  private let own: Range<UInt64>
  private let dumped: FileBitmap

  init(_ header: KdumpHeader, _ source: FlattenedFile) {
    let count = min(header.pageCount, Self.maximumCount)
    dumped = FileBitmap(source, at: header.bitmaps + header.bitmapByteCount, bitCount: count)
    own = (header.ownPages ?? 0..<count).clamped(to: 0..<dumped.bitCount)
    firstDescriptor = dumped.rank(of: own.lowerBound)
    descriptorCount = dumped.rank(of: own.upperBound) - firstDescriptor
  }

  /// The number of a page's descriptor; nil where the dump does not have the page.
  func descriptor(of page: UInt64) -> UInt64? {
    own.contains(page) && dumped.isSet(page) ? dumped.rank(of: page) - firstDescriptor : nil
  }

  /// Stretches of pages that can be read, up to a number of them; more are left out.
  /// - Parameter isThere: whether the page of a descriptor is in the file, asked for each where it is given. Without it
  ///   the bitmap is believed.
  func held(
    limit: Int, isThere: ((_ descriptor: UInt64) -> Bool)? = nil
  ) -> (ranges: [Range<UInt64>], isComplete: Bool) {
    var ranges: [Range<UInt64>] = []
    var number: UInt64 = 0
    let first = own.lowerBound & ~(FileBitmap.stretch - 1)
    for start in stride(from: first, to: own.upperBound, by: Int(FileBitmap.stretch)) {
      let words = dumped.words(from: start)
      for index in words.indices {
        let base = start + UInt64(index) * 64
        var word = Self.mask(words[index], at: base, to: own)
        if let isThere { word = Self.filter(word, &number, isThere) }
        // A stretch of set bits at a time.
        while word != 0 {
          let low = UInt64(word.trailingZeroBitCount)
          let length = UInt64((~(word >> low)).trailingZeroBitCount)
          word = low + length >= 64 ? 0 : word & ~(((1 << length) - 1) << low)
          let range = base + low..<base + min(low + length, 64)
          if let last = ranges.last, last.upperBound == range.lowerBound {
            ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
          } else if ranges.count < limit {
            ranges.append(range)
          } else {
            return (ranges, false)
          }
        }
      }
    }
    return (ranges, true)
  }

  /// The bits of a word, whose first is the page `base`, that lie in a range of pages.
  private static func mask(_ word: UInt64, at base: UInt64, to range: Range<UInt64>) -> UInt64 {
    let low = range.lowerBound > base ? range.lowerBound - base : 0
    let high = range.upperBound > base ? range.upperBound - base : 0
    guard low < 64, high > low else { return 0 }
    let upTo = high >= 64 ? UInt64.max : (1 << high) - 1
    return word & upTo & ~((1 << low) - 1)
  }

  /// The bits whose descriptors are there; `number` is the first one's.
  private static func filter(_ word: UInt64, _ number: inout UInt64, _ isThere: (UInt64) -> Bool) -> UInt64 {
    var kept = word
    var left = word
    while left != 0 {
      let bit = left & (~left &+ 1)
      left &= left - 1
      if !isThere(number) { kept &= ~bit }
      number += 1
    }
    return kept
  }
}
