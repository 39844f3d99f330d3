/// Gives each different run of bytes a number, in the order in which they first come, and the run for its number.
///
/// All runs lie in one piece of memory, with some twenty bytes beside for each: texts and a dictionary of them take four times as
/// much, and twice the time. What evidence holds cannot make a search slow: places depend on a number drawn for each value.
public struct ByteNumbers: ~Copyable {
  private var bytes = ByteBuilder()
  /// Where each run ends in `bytes`.
  private var ends: [UInt32] = []
  private var hashes: [UInt32] = []
  /// One more than a run's number, 0 where there is none; twice as many as there are runs, or more.
  private var slots = [UInt32](repeating: 0, count: 64)
  private let seed = UInt64.random(in: 0 ... .max)

  public init() {}

  public var count: Int { ends.count }

  /// - Returns: 0 for the first run, and so on; nil where all of them would be more than 4 GiB.
  public mutating func number(of run: ByteView) -> UInt32? {
    let hash = hash(run)
    var slot = Int(hash) & (slots.count - 1)
    while slots[slot] != 0 {
      let number = slots[slot] - 1
      if hashes[Int(number)] == hash, withRun(number, { $0 == run }) { return number }
      slot = (slot + 1) & (slots.count - 1)
    }
    guard let end = UInt32(exactly: bytes.count + run.count), ends.count < Int(UInt32.max) - 1 else { return nil }
    let number = UInt32(truncatingIfNeeded: ends.count)
    bytes.append(run)
    ends.append(end)
    hashes.append(hash)
    slots[slot] = number + 1
    if ends.count * 2 > slots.count { grow() }
    return number
  }

  /// The bytes that have the number; none where no run has it.
  public borrowing func withRun<T>(_ number: UInt32, _ body: (ByteView) -> T) -> T {
    let place = Int(number)
    let (start, end) = place < ends.count ? (place == 0 ? 0 : Int(ends[place - 1]), Int(ends[place])) : (0, 0)
    return bytes.withView { body($0.slice(start, end)) }
  }

  private mutating func grow() {
    slots = [UInt32](repeating: 0, count: slots.count * 2)
    for (number, hash) in hashes.enumerated() {
      var slot = Int(hash) & (slots.count - 1)
      while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = UInt32(truncatingIfNeeded: number) + 1
    }
  }

  /// Eight bytes at a time, each folded in by a multiplication to 128 bits.
  private borrowing func hash(_ run: ByteView) -> UInt32 {
    let buffer = run.unsafeBytes
    var state = seed ^ UInt64(truncatingIfNeeded: buffer.count)
    func fold(_ word: UInt64) {
      let product = (state ^ word).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
      state = product.high ^ product.low ^ seed
    }
    var place = 0
    while place + 8 <= buffer.count {
      fold(buffer.loadUnaligned(fromByteOffset: place, as: UInt64.self))
      place += 8
    }
    var rest: UInt64 = 0
    while place < buffer.count {
      rest = rest << 8 | UInt64(buffer[place])
      place += 1
    }
    fold(rest)
    return UInt32(truncatingIfNeeded: state ^ state >> 32)
  }
}
