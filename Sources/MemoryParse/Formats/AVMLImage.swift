import Bytes
import Synchronization

/// An AVML image (version 2), read where it lies: blocks by the file's own lengths, chunks (64 KiB) by their headers when
/// a block is first read, and only the chunks that are asked for are decoded.
///
/// Keeps at most 128 decoded chunks (8 MiB) and the places of a million chunks (24 MB, 64 GiB of memory). Every decoded chunk's checksum is compared: a
/// chunk that cannot be decoded is missing, one with another checksum is handed out and told in `damageFound`.
final class AVMLImage: SelfCheckingImage {
  let format = "avml"
  var runs: [PhysicalRun] { table.runs }
  private let table: RunTable
  private let file: MappedFile
  private let blocks: [AVMLLayout.Block]
  private let chunks = DecodedParts(capacity: 128)
  private let indexes = Mutex(Indexes())
  private let damage = DamageLog()

  private struct Indexes {
    var chunks: [Int: [SnappyFrames.Chunk]] = [:]
    /// Blocks in the order in which they were indexed.
    var order: [Int] = []
    var count = 0
  }
  private static let indexLimit = 1 << 20

  /// - Parameter blocks: in order of address, not overlapping.
  init(file: MappedFile, blocks: [AVMLLayout.Block]) {
    self.file = file
    self.blocks = blocks
    table = RunTable(blocks.map { PhysicalRun(start: $0.start, end: $0.end, fileOffset: nil) })
  }

  var damageFound: [String] { damage.sentences }

  func view(physical: UInt64, count: Int) -> ByteView? { nil }

  func read(physical: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    var done = 0
    while done < buffer.count, let block = block(of: physical &+ UInt64(done)) {
      let number = read(
        block, at: physical + UInt64(done) - blocks[block].start,
        into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...]))
      if number == 0 { break }
      done += number
    }
    return done
  }

  private func block(of physical: UInt64) -> Int? {
    var low = 0
    var high = blocks.count
    while low < high {
      let middle = (low + high) / 2
      if blocks[middle].start <= physical { low = middle + 1 } else { high = middle }
    }
    return low > 0 && physical < blocks[low - 1].end ? low - 1 : nil
  }

  /// Reads up to the end of one chunk.
  private func read(_ number: Int, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let index = index(of: number)
    guard let place = Self.chunk(holding: offset, in: index) else {
      damage.note(at: blocks[number].start) {
        "Of the block at \(hex(blocks[number].start)) some chunks cannot be found; "
          + "\(index.reduce(0) { $0 + UInt64($1.count) }) of \(blocks[number].byteCount) bytes are there."
      }
      return 0
    }
    let chunk = index[place]
    let within = Int(offset - chunk.start)
    let wanted = min(chunk.count - within, buffer.count)
    let key = UInt64(number) << 32 | UInt64(place)
    let part: DecodedParts.Part
    if let known = chunks.find(key) {
      part = known
    } else if wanted == chunk.count {
      // A whole chunk goes where it is wanted, and a scan of everything does not turn out what walks need.
      return decode(chunk, of: number, into: buffer)
    } else {
      part = chunks.add(key, DecodedParts.Part(capacity: chunk.count) { decode(chunk, of: number, into: $0) })
    }
    guard part.count >= within + wanted else { return 0 }
    buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: part.bytes[within..<within + wanted]))
    return wanted
  }

  private func decode(
    _ chunk: SnappyFrames.Chunk, of number: Int, into buffer: UnsafeMutableRawBufferPointer
  ) -> Int {
    let block = blocks[number]
    let physical = block.start + chunk.start
    let stream = file.view(at: block.stream, count: Int(clamping: block.streamByteCount))
    switch SnappyFrames.decode(chunk, of: stream, into: buffer) {
    case .whole: return chunk.count
    case .checksumDiffers:
      damage.note(at: physical) {
        "The \(chunk.count) bytes at \(hex(physical)) differ from their checksum; they are read as they are."
      }
      return chunk.count
    case .broken:
      damage.note(at: physical) { "The \(chunk.count) bytes at \(hex(physical)) cannot be decoded." }
      return 0
    }
  }

  private func index(of number: Int) -> [SnappyFrames.Chunk] {
    if let known = indexes.withLock({ $0.chunks[number] }) { return known }
    let block = blocks[number]
    let made = SnappyFrames.index(
      file.view(at: block.stream, count: Int(clamping: block.streamByteCount)), byteCount: block.byteCount)
    indexes.withLock { indexes in
      if indexes.chunks.updateValue(made, forKey: number) != nil { return }
      indexes.order.append(number)
      indexes.count += made.count
      while indexes.count > Self.indexLimit, indexes.order.count > 1 {
        indexes.count -= indexes.chunks.removeValue(forKey: indexes.order.removeFirst())?.count ?? 0
      }
    }
    return made
  }

  private static func chunk(holding offset: UInt64, in index: [SnappyFrames.Chunk]) -> Int? {
    var low = 0
    var high = index.count
    while low < high {
      let middle = (low + high) / 2
      if index[middle].start <= offset { low = middle + 1 } else { high = middle }
    }
    guard low > 0, offset - index[low - 1].start < UInt64(index[low - 1].count) else { return nil }
    return low - 1
  }
}
