import Bytes

/// Keeps the last few names of hosts and programs as strings, so that they are not made anew for every line.
struct NameCache {
  struct Name {
    var text: String
    /// What kind of speaker a program of this name is.
    var source: SyslogRecord.Source
    /// A unit of systemd's stands in the program's place (`journalctl -o with-unit`).
    var isUnit: Bool

    init(text: String) {
      self.text = text
      source = SyslogRecord.source(of: text)
      isUnit = text.hasSuffix(".service") || text.hasSuffix(".scope")
    }
  }

  private static let capacity = 16

  /// Length and first bytes of each name: they tell most names apart, and short ones altogether.
  private var keys: [UInt64] = []
  private var bytes: [[UInt8]] = []
  private var names: [Name] = []
  private var next = 0
  /// Where the last name that was asked for is kept, how long it is, and all of it where it is short.
  private var last = 0
  private var lastCount = 0
  private var lastWord: WordCache.Key?

  mutating func name(_ view: ByteView) -> Name {
    lastCount = view.count
    lastWord = WordCache.key(view)
    let key = Self.key(view)
    for index in keys.indices where keys[index] == key && (view.count < 8 || bytes[index].withView { $0 == view }) {
      last = index
      return names[index]
    }
    let made = Name(text: view.string)
    if names.count < Self.capacity {
      last = names.count
      keys.append(key)
      bytes.append(view.array)
      names.append(made)
    } else {
      last = next
      keys[next] = key
      bytes[next] = view.array
      names[next] = made
      next = (next + 1) % Self.capacity
    }
    return made
  }

  /// How long the last name that was asked for is, where a text begins with it and a blank; 0 where it does not.
  func lastCount(startingIn text: ByteView) -> Int {
    text[lastCount] == 0x20 && isLast(text.slice(0, lastCount)) ? lastCount : 0
  }

  /// Whether this is the last name that was asked for.
  func isLast(_ view: ByteView) -> Bool {
    guard view.count == lastCount else { return false }
    // Without a look at the kept bytes: to count a use of them costs more than the comparison.
    if let lastWord { return WordCache.key(view) == lastWord }
    return last < bytes.count && bytes[last].withView { $0 == view }
  }

  private static func key(_ view: ByteView) -> UInt64 {
    if let front = view.u64(0) { return front &+ UInt64(view.count) << 56 }
    var key = UInt64(view.count)
    for byte in view.unsafeBytes { key = key << 8 | UInt64(byte) }
    return key
  }
}
