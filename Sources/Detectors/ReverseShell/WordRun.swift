import Bytes

/// A word of a command line.
struct ShellWord {
  let text: ByteView
  /// The last part of the path that it may be: `/bin/sh` is `sh`.
  let name: ByteView
}

/// Words that follow each other in a `ShellLine`, borrowed from it as a `ByteView` borrows bytes: three machine words that cost
/// nothing to copy or to slice, valid while the line is. Total like a view: a place outside holds the empty word.
struct WordRun: RandomAccessCollection, @unchecked Sendable {
  typealias Index = Int
  typealias Indices = Range<Int>
  typealias SubSequence = WordRun

  /// Of place 0; slices keep the places of what they were cut from.
  private let base: UnsafePointer<ShellWord>?
  let startIndex: Int
  let endIndex: Int

  /// - Parameter base: of at least `count` words.
  init(base: UnsafePointer<ShellWord>?, count: Int) {
    self.init(base: base, 0, base == nil ? 0 : Swift.max(count, 0))
  }

  @inline(__always)
  private init(base: UnsafePointer<ShellWord>?, _ start: Int, _ end: Int) {
    self.base = base
    startIndex = start
    endIndex = end
  }

  @inline(__always)
  subscript(place: Int) -> ByteView {
    guard place >= startIndex, place < endIndex, let base else { return ByteView("") }
    return base[place].text
  }

  /// The name of the word at a place.
  @inline(__always)
  func name(_ place: Int) -> ByteView {
    guard place >= startIndex, place < endIndex, let base else { return ByteView("") }
    return base[place].name
  }

  @inline(__always)
  subscript(bounds: Range<Int>) -> WordRun {
    let start = Swift.min(Swift.max(bounds.lowerBound, startIndex), endIndex)
    return WordRun(base: base, start, Swift.min(Swift.max(bounds.upperBound, start), endIndex))
  }

  @inline(__always)
  var indices: Range<Int> { startIndex..<endIndex }
}

/// Where a line keeps its words: blocks that stay where they are, so that commands can borrow from them while others are
/// still being read. The words of one command lie in one block.
struct WordStorage {
  private static let blockCount = 1024

  private var blocks: [UnsafeMutablePointer<ShellWord>] = []
  private var block: UnsafeMutablePointer<ShellWord>?
  private var capacity: Int
  private var count = 0
  /// Where the words begin that were not taken yet.
  private var first = 0

  /// - Parameter capacity: of the first block.
  init(capacity: Int) {
    self.capacity = Swift.min(Swift.max(capacity, 1), Self.blockCount)
    let block = UnsafeMutablePointer<ShellWord>.allocate(capacity: self.capacity)
    self.block = block
    blocks.append(block)
  }

  func deallocate() { for block in blocks { block.deallocate() } }

  var hasWords: Bool { count > first }

  @inline(__always)
  mutating func add(_ word: ShellWord) {
    if count == capacity { grow() }
    guard let block else { return }
    (block + count).initialize(to: word)
    count += 1
  }

  /// Another block, with what was not taken yet.
  private mutating func grow() {
    guard let block else { return }
    let held = count - first
    capacity = Swift.max(Self.blockCount, held * 2)
    let next = UnsafeMutablePointer<ShellWord>.allocate(capacity: capacity)
    next.moveInitialize(from: block + first, count: held)
    blocks.append(next)
    self.block = next
    (first, count) = (0, held)
  }

  /// What was added since the last time: the words of one command. Valid until `deallocate`.
  mutating func take() -> WordRun {
    defer { first = count }
    return WordRun(base: block.map { $0 + first }, count: count - first)
  }
}
