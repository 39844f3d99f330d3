import Bytes
import Synchronization

/// A zlib stream read at any place, without unpacking it: what LiME writes with `compress=1`.
///
/// Opening decodes the stream once (some hundred MB a second) and notes places to go on from, about one in a MiB: where
/// in the input, and the bytes decoded last (2 KiB with LiME's window of 11 bits). A read decodes from the place before.
/// Memory: at most 32 MiB of places (they become sparser on a long stream) and 32 MiB of decoded pieces.
final class InflatedStream: RandomAccess {
  /// Decoded bytes that can be read.
  let byteCount: UInt64
  /// Input bytes that they came from.
  let inputByteCount: UInt64
  /// Why the stream ends before its end; nil when all is well.
  let damage: String?

  private struct Restart: Sendable {
    var produced: UInt64
    var place: Int
    var bits: Int32
    var window: [UInt8]
  }

  /// The inflater of the last read, for the read that goes on from there.
  private struct Cursor: @unchecked Sendable { var inflater: Inflater?; var base: UInt64 = 0 }

  private static let pieceByteCount = 1 << 20
  private static let windowLimit = 32 << 20
  /// No compressor makes a block that decodes to more; from a longer one on a read in the middle would cost too much.
  private static let blockLimit: UInt64 = 64 << 20

  private let file: MappedFile
  private let restarts: [Restart]
  private let pieces = DecodedParts(capacity: 32)
  private let cursor = Mutex(Cursor())

  /// The header of a zlib stream: method 8, a window of 2^8 to 2^15 bytes, and a check modulo 31.
  static func recognizes(_ head: ByteView) -> Bool {
    head[0] & 0x0F == 8 && head[0] >> 4 <= 7 && (Int(head[0]) << 8 | Int(head[1])) % 31 == 0 && head[1] & 0x20 == 0
  }

  /// What the first bytes of a stream decode to.
  static func decodedHead(_ head: ByteView, count: Int) -> [UInt8] {
    guard recognizes(head), let inflater = Inflater(head) else { return [] }
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      filled = inflater.decode(into: UnsafeMutableRawBufferPointer(buffer), stopAtBlocks: false).count
    }
  }

  init?(_ file: MappedFile) {
    guard let inflater = Inflater(file.view) else { return nil }
    self.file = file
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.pieceByteCount, alignment: 64)
    defer { piece.deallocate() }
    var restarts: [Restart] = []
    var spacing: UInt64 = 1 << 20
    var windows = 0
    var blockStart: UInt64 = 0
    var damage: String?
    walk: while true {
      switch inflater.decode(into: piece, stopAtBlocks: true).status {
      case .running:
        if inflater.produced - blockStart > Self.blockLimit {
          damage = "A block of the zlib stream decodes to more than \(Self.blockLimit) bytes"
          break walk
        }
      case .blockEnd(let bits):
        blockStart = inflater.produced
        guard blockStart - (restarts.last?.produced ?? 0) >= spacing else { continue }
        let window = inflater.window
        restarts.append(
          Restart(produced: blockStart, place: inflater.place, bits: bits, window: window))
        windows += window.count
        if windows > Self.windowLimit {
          restarts = restarts.indices.filter { $0 % 2 == 1 }.map { restarts[$0] }
          windows = restarts.reduce(0) { $0 + $1.window.count }
          spacing *= 2
        }
      case .finished: break walk
      case .checksumDiffers:
        damage = "Bytes of the zlib stream differ from the checksum at its end; it is not known which"
        break walk
      case .cut:
        damage = "The file ends inside of its zlib stream"
        break walk
      case .broken(let why):
        damage = "The zlib stream is damaged at byte \(inflater.place) (\(why))"
        break walk
      }
    }
    byteCount = inflater.produced
    inputByteCount = UInt64(inflater.place)
    let produced = inflater.produced
    self.damage = damage.map { "\($0): \(produced) bytes of it can be decoded." }
    self.restarts = restarts
  }

  func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    var done = 0
    while done < buffer.count, offset < byteCount, UInt64(done) < byteCount - offset {
      let place = offset + UInt64(done)
      let piece = piece(place / UInt64(Self.pieceByteCount))
      let within = Int(place % UInt64(Self.pieceByteCount))
      let number = min(buffer.count - done, piece.count - within)
      guard number > 0 else { break }
      UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + number])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: piece.bytes[within..<within + number]))
      done += number
    }
    return done
  }

  private func piece(_ number: UInt64) -> DecodedParts.Part {
    if let known = pieces.find(number) { return known }
    // One at a time: the next reader wants the piece behind this one, and the cursor stands there.
    return cursor.withLock { cursor in
      if let known = pieces.find(number) { return known }
      let start = number * UInt64(Self.pieceByteCount)
      let inflater = inflater(for: start, &cursor)
      let made = DecodedParts.Part(capacity: Self.pieceByteCount) { buffer in
        decode(buffer, at: start, with: inflater, base: cursor.base)
      }
      return pieces.add(number, made)
    }
  }

  /// Decodes on to a place, over the buffer, and then into it.
  private func decode(
    _ buffer: UnsafeMutableRawBufferPointer, at start: UInt64, with inflater: Inflater?, base: UInt64
  ) -> Int {
    guard let inflater else { return 0 }
    while base + inflater.produced < start {
      let left = start - base - inflater.produced
      let passed = UnsafeMutableRawBufferPointer(rebasing: buffer[0..<Int(min(left, UInt64(buffer.count)))])
      guard inflater.decode(into: passed, stopAtBlocks: false).count > 0 else { return 0 }
    }
    let wanted = Int(min(UInt64(buffer.count), byteCount - start))
    return inflater.decode(
      into: UnsafeMutableRawBufferPointer(rebasing: buffer[0..<wanted]), stopAtBlocks: false
    ).count
  }

  /// The cursor's inflater where it is on the way, else one from the last restart at or before the place.
  private func inflater(for start: UInt64, _ cursor: inout Cursor) -> Inflater? {
    var low = 0
    var high = restarts.count
    while low < high {
      let middle = (low + high) / 2
      if restarts[middle].produced <= start { low = middle + 1 } else { high = middle }
    }
    let restart = low > 0 ? restarts[low - 1] : nil
    if let inflater = cursor.inflater {
      let position = cursor.base + inflater.produced
      if position <= start, position >= restart?.produced ?? 0 { return inflater }
    }
    if let restart {
      cursor.inflater = Inflater(file.view, place: restart.place, bits: restart.bits, window: restart.window)
      cursor.base = restart.produced
    } else {
      cursor.inflater = Inflater(file.view)
      cursor.base = 0
    }
    return cursor.inflater
  }
}
