import Bytes

/// What records were told already: a record counts as the same only when its identifier and its whole content are.
///
/// Holds at least the last `capacity` records and at most twice as many, so that memory stays bounded.
struct SeenRecords: ~Copyable {
  private let capacity: Int
  private var recent = KeyTable()
  private var older = KeyTable()

  init(capacity: Int = 1 << 18) { self.capacity = max(capacity, 1) }

  /// - Returns: false when a record of this identifier and these bytes is known.
  mutating func insert(_ identifier: ByteView, _ bytes: ByteView) -> Bool {
    insert(identifier, content: bytes.fingerprint)
  }

  /// What differs under one identifier must not be lost: identifiers are told apart exactly, contents by a hash.
  ///
  /// - Returns: false when the record is known.
  mutating func insert(_ identifier: ByteView, content: UInt64) -> Bool {
    let (key, name) =
      if let (high, low) = Self.uuid(identifier) {
        (KeyTable.Key(high: high, low: low, content: content), "")
      } else {
        (KeyTable.Key(high: 0, low: 0, content: content), identifier.slice(0, 1024).string)
      }
    if older.contains(key, name) { return false }
    if recent.count >= capacity {
      if recent.contains(key, name) { return false }
      swap(&older, &recent)
      recent = KeyTable()
    }
    return recent.insert(key, name)
  }

  /// The 128 bits of `5f3a…-…` in AWS's own form, lower case; nil for anything else, which is then kept as it is written.
  static func uuid(_ text: ByteView) -> (UInt64, UInt64)? {
    guard text.count == 36, text[8] == 0x2D, text[13] == 0x2D, text[18] == 0x2D, text[23] == 0x2D,
      let first = text.u64(0), let second = text.u32(9), let third = text.u32(14), let fourth = text.u32(19),
      let fifth = text.u64(24), let sixth = text.u32(32),
      let one = digits(first), let two = digits(UInt64(second) | UInt64(third) << 32),
      let three = digits(UInt64(fourth) | fifth << 32), let four = digits(fifth >> 32 | UInt64(sixth) << 32)
    else { return nil }
    return (one << 32 | two, three << 32 | four)
  }

  /// The value of eight lower-case hexadecimal digits, all at once, the first of them the lowest four bits; nil where one is none.
  private static func digits(_ text: UInt64) -> UInt64? {
    let ones: UInt64 = 0x0101_0101_0101_0101
    // A digit's low half, or a letter's and nine.
    let values = text & 0x0F0F_0F0F_0F0F_0F0F &+ (text >> 6 & ones) &* 9
    let areLetters = (values &+ 6 &* ones) >> 4 & ones
    // Written back they must be the same.
    guard values & 0xF0F0_F0F0_F0F0_F0F0 == 0, values &+ 0x3030_3030_3030_3030 &+ areLetters &* 0x27 == text else {
      return nil
    }
    var packed = (values | values >> 4) & 0x00FF_00FF_00FF_00FF
    packed = (packed | packed >> 8) & 0x0000_FFFF_0000_FFFF
    return (packed | packed >> 16) & 0xFFFF_FFFF
  }
}

/// A set of keys side by side in memory, each found at or soon behind the place that its hash names. The standard library's hashes
/// each key twice as long.
private struct KeyTable: ~Copyable {
  struct Key: Equatable {
    var high: UInt64
    var low: UInt64
    var content: UInt64

    static let none = Key(high: 0, low: 0, content: 0)
    var isNone: Bool { high | low | content == 0 }
  }

  /// Keys that are names as well, or that the empty place's own would be.
  private struct Named: Hashable {
    var name: String
    var content: UInt64
  }

  private(set) var count = 0
  /// A power of two; half of them at most are taken.
  private var slots: [Key] = []
  private var named: Set<Named> = []

  /// Who writes the records must not know which of them meet.
  private static let seeds = (
    UInt64.random(in: 0 ... .max) | 1, UInt64.random(in: 0 ... .max) | 1, UInt64.random(in: 0 ... .max) | 1
  )

  func contains(_ key: Key, _ name: String) -> Bool {
    if !name.isEmpty || key.isNone { return named.contains(Named(name: name, content: key.content)) }
    return !slots.isEmpty && slots[place(of: key)] == key
  }

  /// - Returns: false when it is there.
  mutating func insert(_ key: Key, _ name: String) -> Bool {
    if !name.isEmpty || key.isNone {
      guard named.insert(Named(name: name, content: key.content)).inserted else { return false }
      count += 1
      return true
    }
    if count * 2 >= slots.count { grow() }
    let place = place(of: key)
    if slots[place] == key { return false }
    slots[place] = key
    count += 1
    return true
  }

  /// Where the key is, or the free place where it belongs.
  private func place(of key: Key) -> Int {
    let (first, second, third) = Self.seeds
    var hash = key.high &* first ^ (key.low ^ key.content >> 32) &* second
    hash = (hash ^ hash >> 32 ^ key.content) &* third
    var place = Int(truncatingIfNeeded: (hash ^ hash >> 29) >> 8) & (slots.count - 1)
    while !slots[place].isNone, slots[place] != key { place = (place + 1) & (slots.count - 1) }
    return place
  }

  private mutating func grow() {
    let old = slots
    slots = Array(repeating: .none, count: max(old.count * 2, 1024))
    for key in old where !key.isNone { slots[place(of: key)] = key }
  }
}
