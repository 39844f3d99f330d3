/// Where the brackets and strings of one JSON text end, noted by whoever went over it once, so that values nested in it are not
/// gone over again at every level at which they are read: a header of a WAF record would be, five times.
///
/// A table with a place for each byte of the text, which holds, for a bracket or quote that opens, twice the bytes to its end, and
/// one more for a string with a backslash. Nothing else is ever written, and what stands elsewhere from an earlier text is never
/// asked for by a reader that begins where the text begins; `JSONView` looks whether something closes there all the same.
public final class JSONEnds {
  /// Texts longer than this are read without: the table takes four times the room.
  public static let maximumCount = 1 << 20

  // Touched by this class's own methods alone, none of which calls back.
  @usableFromInline @exclusivity(unchecked) var table: UnsafeMutableBufferPointer<UInt32>
  @usableFromInline @exclusivity(unchecked) var depth = 0
  @usableFromInline @exclusivity(unchecked) var isWhole = false
  /// Places of the brackets that are open.
  @usableFromInline let opened: UnsafeMutableBufferPointer<UInt32>

  public init() {
    table = .allocate(capacity: 1 << 14)
    table.initialize(repeating: 0)
    opened = .allocate(capacity: JSONView.maximumDepth + 1)
    opened.initialize(repeating: 0)
  }

  deinit {
    table.deallocate()
    opened.deallocate()
  }

  /// A new text begins.
  @inlinable public func begin() {
    depth = 0
    isWhole = true
  }

  /// The text's places are no longer counted from its start.
  @inlinable public func abandon() { isWhole = false }

  /// - Parameter place: of the bracket, from the text's first byte.
  @inlinable public func open(_ place: Int) {
    guard isWhole, depth < opened.count, place >= 0, holds(place + 1) else { return abandon() }
    opened[depth] = UInt32(truncatingIfNeeded: place)
    depth += 1
  }

  @inlinable public func close(_ place: Int) {
    guard isWhole, depth > 0 else { return }
    depth -= 1
    let start = Int(opened[depth])
    table[start] = UInt32(truncatingIfNeeded: place &+ 1 &- start) << 1
  }

  /// - Parameters:
  ///   - start: of the opening quote.
  ///   - end: just behind the closing one.
  ///   - hasEscapes: whether a backslash stands in it.
  @inlinable public func string(_ start: Int, _ end: Int, hasEscapes: Bool) {
    guard isWhole, start >= 0, end > start, holds(start + 1) else { return abandon() }
    table[start] = UInt32(truncatingIfNeeded: end &- start) << 1 | (hasEscapes ? 1 : 0)
  }

  /// The table, with a place for each byte of the text; valid until the next text begins. nil where it does not hold all of
  /// the text.
  func places(ofTextWith count: Int) -> UnsafePointer<UInt32>? {
    guard isWhole, depth == 0, holds(count) else { return nil }
    return table.baseAddress.map { UnsafePointer($0) }
  }

  @inlinable
  func holds(_ count: Int) -> Bool { count <= table.count || grow(toHold: count) }

  @usableFromInline
  func grow(toHold count: Int) -> Bool {
    guard count <= Self.maximumCount else { return false }
    var capacity = table.count
    while capacity < count { capacity *= 2 }
    let larger = UnsafeMutableBufferPointer<UInt32>.allocate(capacity: capacity)
    larger.initialize(repeating: 0)
    for index in table.indices { larger[index] = table[index] }
    table.deallocate()
    table = larger
    return true
  }
}
