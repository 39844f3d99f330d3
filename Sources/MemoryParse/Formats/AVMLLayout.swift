import Bytes

/// Where the blocks of an AVML file (version 2) lie.
///
/// A block: 32 bytes of header as LiME's, with magic `AVML` and version 2; a Snappy framed stream of the block's bytes; a
/// `u64` length of that stream. Blocks are cut at 16 MiB and those of zeros are left out.
/// Source: src/image.rs of github.com/microsoft/avml.
struct AVMLLayout {
  static let magic: UInt32 = 0x4C4D_5641

  /// Snappy writes at least 3 bytes for 64. A block that claims more is a lie, and could make a scan of it last for ever.
  private static let maximumRatio: UInt64 = 22

  private static func isPlausible(_ byteCount: UInt64, in streamByteCount: UInt64) -> Bool {
    byteCount / maximumRatio <= streamByteCount
  }

  struct Block: Sendable {
    var start: UInt64
    /// Half open.
    var end: UInt64
    /// Of the Snappy stream in the file.
    var stream: UInt64
    var streamByteCount: UInt64
    var byteCount: UInt64 { end - start }
  }

  /// In order of address, not overlapping.
  private(set) var blocks: [Block] = []
  private(set) var accounts = FileAccounts()
  private(set) var damage: [String] = []

  private let file: MappedFile

  init(_ file: MappedFile) {
    self.file = file
    // The lengths stand behind the streams, so the quick way is backwards; it touches a page or two of each block. Where
    // it does not lead to the front (a cut file), the chunk headers are walked forwards.
    if !walkBackwards() { walkForwards() }
    settle()
  }

  /// Puts the blocks in order and says what each byte of the file was. Of blocks for the same addresses, which no writer
  /// makes, the first one counts.
  private mutating func settle() {
    var kept: [Block] = []
    for index in blocks.indices.sorted(by: { (blocks[$0].start, $0) < (blocks[$1].start, $1) }) {
      let block = blocks[index]
      accounts.add(.header, from: block.stream - 32, count: 32)
      if let last = kept.last, block.start < last.end {
        accounts.add(
          .skipped("another block holds the same addresses"), from: block.stream, count: block.streamByteCount)
        damage.append("The block \(hex(block.start))-\(hex(block.end - 1)) overlaps another one: not read.")
      } else {
        kept.append(block)
        accounts.add(.payload, from: block.stream, count: block.streamByteCount)
      }
      accounts.add(.header, from: block.stream + block.streamByteCount, count: 8)
    }
    blocks = kept
  }

  static func open(_ file: MappedFile) throws(MemoryImageError) -> (any MemoryImage, ImageReport) {
    let layout = AVMLLayout(file)
    let image = AVMLImage(file: file, blocks: layout.blocks)
    var report = ImageReport(format: "avml", version: "2")
    report.compression = "snappy"
    report.damage = layout.damage
    report.runs = image.runs
    report.state("blocks", String(layout.blocks.count))
    report.state("blocks of zeros", "left out by the writer: a hole inside of RAM may be zeros")
    if layout.blocks.isEmpty {
      throw MemoryImageError(.damaged, "the AVML file holds no memory. \(layout.damage.first ?? "")")
    }
    report.take(layout.accounts.close(byteCount: file.byteCount, unclaimed: "between AVML blocks"))
    return (image, report)
  }

  /// Start and end (half open) that a header claims.
  static func header(_ bytes: ByteView) -> (start: UInt64, end: UInt64)? {
    guard bytes.u32(0) == magic, bytes.u32(4) == 2, let first = bytes.u64(8), let last = bytes.u64(16),
      bytes.u64(24) == 0, first <= last, last < RunTable.addressLimit
    else { return nil }
    return (first, last + 1)
  }

  private func header(at offset: UInt64) -> (start: UInt64, end: UInt64)? {
    Self.header(file.view(at: offset, count: 32))
  }

  private mutating func walkBackwards() -> Bool {
    var found: [Block] = []
    var end = file.byteCount
    while end > 0 {
      guard end >= 40, found.count < RunTable.maximumCount, let length = file.view(at: end - 8, count: 8).u64(0),
        length <= end - 40, let range = header(at: end - 40 - length),
        Self.isPlausible(range.end - range.start, in: length)
      else { return false }
      found.append(Block(start: range.start, end: range.end, stream: end - 8 - length, streamByteCount: length))
      end = end - 40 - length
    }
    blocks = found.reversed()
    return true
  }

  private mutating func walkForwards() {
    var place: UInt64 = 0
    while place < file.byteCount {
      guard blocks.count < RunTable.maximumCount else {
        damage.append("More than \(RunTable.maximumCount) blocks; the file is not read from byte \(place) on.")
        accounts.add(.skipped("too many blocks"), from: place, to: file.byteCount)
        return
      }
      guard let range = header(at: place) else {
        let next = nextHeader(from: place + 1)
        damage.append("\((next ?? file.byteCount) - place) bytes without an AVML header at byte \(place): not read.")
        accounts.add(.skipped("no AVML header before these bytes"), from: place, to: next ?? file.byteCount)
        guard let next else { return }
        place = next
        continue
      }
      place = take(range, at: place)
    }
  }

  /// Adds a block whose stream's length is not known, and returns where the next header should be.
  private mutating func take(_ range: (start: UInt64, end: UInt64), at place: UInt64) -> UInt64 {
    let stream = place + 32
    let view = file.view(at: stream, count: Int(clamping: file.byteCount - min(stream, file.byteCount)))
    let wanted = range.end - range.start
    let walk = SnappyFrames.walk(view, from: 0, byteCount: wanted)
    var block = Block(start: range.start, end: range.end, stream: stream, streamByteCount: UInt64(walk.end))
    if walk.byteCount == wanted {
      let end = stream + UInt64(walk.end)
      if file.view(at: end, count: 8).u64(0) != block.streamByteCount {
        damage.append("The length behind the block \(hex(range.start))-\(hex(range.end - 1)) is wrong or missing.")
      }
      blocks.append(block)
      return end + 8
    }
    let next = nextHeader(from: stream + UInt64(walk.end))
    if let next, next >= stream + 8, Self.isPlausible(wanted, in: next - 8 - stream) {
      // The stream is broken in the middle; its end is known, and the index finds the chunks behind the break.
      block.streamByteCount = next - 8 - stream
      damage.append("The Snappy stream of the block \(hex(range.start))-\(hex(range.end - 1)) is damaged.")
    } else {
      block.end = block.start + walk.byteCount
      damage.append(
        "The Snappy stream of the block \(hex(range.start))-\(hex(range.end - 1)) ends early: "
          + "\(wanted - walk.byteCount) of its \(wanted) bytes are missing.")
    }
    if block.end > block.start { blocks.append(block) }
    if block.end < range.end, walk.byteCount > 0 {
      accounts.add(
        .skipped("a Snappy stream that cannot be read on"), from: stream + UInt64(walk.end), to: next ?? file.byteCount)
    }
    return next ?? file.byteCount
  }

  /// A header with the name of a Snappy stream behind it: compressed memory does not look like that by chance.
  private func nextHeader(from offset: UInt64) -> UInt64? {
    var found: UInt64?
    let magicAndVersion: [UInt8] = [0x41, 0x56, 0x4D, 0x4C, 2, 0, 0, 0]
    file.forEachPlace(of: magicAndVersion, from: offset) { place in
      guard header(at: place) != nil,
        SnappyFrames.signature.withView({ file.view(at: place + 32, count: 10).hasPrefix($0) })
      else { return true }
      found = place
      return false
    }
    return found
  }
}
