import Bytes

/// What the needs of rules are asked of: an object's size and its first bytes, as far as they are known.
struct YaraSubject {
  /// Bytes of the object; of one that is still being read, bytes so far.
  let count: Int
  /// The object from its beginning on, all or a part.
  let head: ByteView
  /// Whether all of the object has been read. Of one that has not, only what is certain whatever follows counts as so.
  let isWhole: Bool

  init(count: Int, head: ByteView, isWhole: Bool) {
    self.count = count
    self.head = head
    self.isWhole = isWhole
  }

  /// A whole object.
  init(_ view: ByteView) { self.init(count: view.count, head: view, isWhole: true) }

  /// Whether `filesize` compares so.
  func hasSize(_ how: YaraNeed.Comparison, _ number: Int64) -> Bool {
    if isWhole { return how.holds(Int64(count), number) }
    // It can only grow.
    switch how {
    case .more, .atLeast, .unequal: return Int64(count) > number
    case .less, .atMost, .equal: return false
    }
  }

  /// Whether the integer at an offset may compare so, as far as the first bytes tell. Outside of the object it is undefined, and every comparison with it false.
  func mayHold(_ width: Int, _ isBigEndian: Bool, at offset: Int64, _ how: YaraNeed.Comparison, _ number: Int64) -> Bool
  {
    guard offset >= 0, let place = Int(exactly: offset) else { return false }
    if isWhole, place > count - width { return false }
    guard place <= head.count - width else { return isWhole }
    var value: Int64 = 0
    for index in 0..<width {
      value = value << 8 | Int64(head[place + (isBigEndian ? index : width - 1 - index)])
    }
    return how.holds(value, number)
  }
}
