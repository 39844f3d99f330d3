/// Bytes that are appended to bare memory: for what is made anew for every record of a log.
///
/// Not copyable. An array checks with every append that nobody shares it and that there is room, which for short texts costs more
/// than copying them.
public struct ByteBuilder: ~Copyable {
  private(set) var memory: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  public internal(set) var count = 0

  public init() {
    capacity = 1 << 10
    memory = .allocate(capacity: capacity)
  }

  deinit { memory.deallocate() }

  /// Forgets the bytes, keeps their room.
  public mutating func removeAll() { count = 0 }

  /// A copy.
  public var bytes: [UInt8] { Array(UnsafeBufferPointer(start: memory, count: count)) }

  /// The bytes where they lie; valid within the call only.
  public borrowing func withView<T, E>(_ body: (ByteView) throws(E) -> T) throws(E) -> T {
    try body(ByteView(UnsafeBufferPointer(start: memory, count: count)))
  }

  /// Makes room for so many bytes more.
  @inline(__always)
  public mutating func reserve(_ more: Int) {
    if capacity - count < more { grow(more) }
  }

  @inline(never)
  private mutating func grow(_ more: Int) {
    let larger = max(capacity * 2, count + more)
    let place = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
    place.update(from: memory, count: count)
    memory.deallocate()
    memory = place
    capacity = larger
  }

  public mutating func append(_ byte: UInt8) {
    reserve(1)
    push(byte)
  }

  /// A byte for which room was made.
  @inline(__always)
  mutating func push(_ byte: UInt8) {
    memory[count] = byte
    count += 1
  }

  public mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let base = bytes.baseAddress else { return }
    reserve(bytes.count)
    copy(base, bytes.count)
  }

  /// Bytes for which room was made. Most are words, for which a call costs more than copying them.
  @inline(__always)
  private mutating func copy(_ base: UnsafePointer<UInt8>, _ number: Int) {
    let from = UnsafeRawPointer(base)
    let to = UnsafeMutableRawPointer(memory + count)
    // Two parts that may overlap.
    switch number {
    case 8...16: Self.copyEnds(UInt64.self, from, to, number)
    case 17...32: Self.copyEnds(SIMD2<UInt64>.self, from, to, number)
    case 4...7: Self.copyEnds(UInt32.self, from, to, number)
    case 0..<4: for place in 0..<number { (memory + count)[place] = base[place] }
    default: to.copyMemory(from: from, byteCount: number)
    }
    count += number
  }

  @inline(__always)
  private static func copyEnds<Part: BitwiseCopyable>(
    _: Part.Type, _ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ number: Int
  ) {
    let last = number - MemoryLayout<Part>.size
    let end = from.loadUnaligned(fromByteOffset: last, as: Part.self)
    to.storeBytes(of: from.loadUnaligned(as: Part.self), as: Part.self)
    to.storeBytes(of: end, toByteOffset: last, as: Part.self)
  }

  public mutating func append(_ view: ByteView) { append(view.unsafeBytes.bindMemory(to: UInt8.self)) }

  public mutating func append(_ text: String) { text.withView { append($0) } }

  /// A text and an end behind it.
  public mutating func append(_ text: String, end: UInt8) {
    text.withView { bytes in
      reserve(bytes.count + 1)
      push(bytes.unsafeBytes.bindMemory(to: UInt8.self), end: end)
    }
  }

  /// Bytes and an end behind them, for which room was made.
  @inline(__always)
  public mutating func push(_ bytes: UnsafeBufferPointer<UInt8>, end: UInt8) {
    if let base = bytes.baseAddress { copy(base, bytes.count) }
    push(end)
  }

  /// In decimal digits, with a sign where it is negative.
  public mutating func append(decimal number: Int64) {
    if number < 0 { append(0x2D) }
    append(decimal: number.magnitude)
  }

  /// In decimal digits.
  public mutating func append(decimal number: UInt64) {
    // The longest has twenty; they are made from the last to the first.
    reserve(20)
    var length = 1
    var rest = number / 10
    while rest > 0 {
      length += 1
      rest /= 10
    }
    rest = number
    var place = count + length
    repeat {
      place -= 1
      memory[place] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    } while rest > 0
    count += length
  }
}
