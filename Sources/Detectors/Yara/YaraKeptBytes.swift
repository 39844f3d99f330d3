import Bytes

/// Of an object that is read once, from its beginning to its end, the parts that somebody wants. Bounded.
public final class YaraKeptBytes {
  /// The object's size.
  public private(set) var count = 0
  /// Blocks by their numbers. All are whole but the object's last.
  private var blocks: [Int: [UInt8]] = [:]
  /// Wanted, but not read yet.
  private var pending: Set<Int> = []
  /// More was wanted than is kept.
  private(set) var isFull = false

  static let block = 4096
  /// 16 MiB.
  private static let mostBlocks = 4096

  /// Keeps a part of the object, once it is read.
  ///
  /// - Returns: how many bytes that are.
  func want(_ range: Range<Int>) -> Int {
    guard !range.isEmpty, range.lowerBound >= 0 else { return 0 }
    let before = pending.count
    for number in range.lowerBound / Self.block...(range.upperBound - 1) / Self.block where blocks[number] == nil {
      pending.insert(number)
    }
    if blocks.count + pending.count > Self.mostBlocks { isFull = true }
    return (pending.count - before) * Self.block
  }

  /// Takes what is wanted out of a piece of the object.
  ///
  /// - Parameters:
  ///   - base: where the piece begins in the object.
  ///   - isLast: its end is the object's.
  func read(_ piece: ByteView, at base: Int, isLast: Bool) {
    if isFull { pending = [] }
    for number in pending.sorted() {
      let start = number * Self.block - base
      // What has gone by is lost.
      if start < 0 { isFull = true }
      guard start >= 0, start < piece.count, isLast || start + Self.block <= piece.count else { continue }
      blocks[number] = piece.slice(start, start + Self.block).array
      pending.remove(number)
    }
    guard isLast else { return }
    count = base + piece.count
    pending = []
  }

  /// What is kept, in order: where each run of bytes begins in the object.
  var runs: [(start: Int, bytes: [UInt8])] {
    var runs: [(start: Int, bytes: [UInt8])] = []
    for (number, bytes) in blocks.sorted(by: { $0.key < $1.key }) {
      if let last = runs.last, last.start + last.bytes.count == number * Self.block {
        runs[runs.count - 1].bytes += bytes
      } else {
        runs.append((number * Self.block, bytes))
      }
    }
    return runs
  }

  /// Bytes around a place as far as they are kept: at most `reach` to either side, and how many of them are before the place.
  public func bytes(around place: Int, reach: Int) -> (bytes: [UInt8], before: Int) {
    var first = place
    while first > max(place - reach, 0), blocks[(first - 1) / Self.block] != nil { first -= 1 }
    let last = min(place + reach, count)
    var all: [UInt8] = []
    for number in first / Self.block...max(last, first) / Self.block {
      guard let bytes = blocks[number] else { break }
      let start = number * Self.block
      let from = max(first - start, 0)
      let to = min(last - start, bytes.count)
      if from < to { all += bytes[from..<to] }
    }
    return (all, place - first)
  }
}
