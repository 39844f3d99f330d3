/// Numbers of eight bytes, and bytes led by their count: how things are kept in the cache.
struct StoredWriter {
  private(set) var data: [UInt8] = []

  mutating func integer(_ value: Int64) {
    withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) }
  }

  mutating func number(_ value: Int) { integer(Int64(value)) }

  mutating func bytes(_ value: [UInt8]) {
    number(value.count)
    data.append(contentsOf: value)
  }

  mutating func text(_ value: String) {
    number(value.utf8.count)
    data.append(contentsOf: value.utf8)
  }

  mutating func list<Item>(_ items: some Collection<Item>, _ write: (inout StoredWriter, Item) -> Void) {
    number(items.count)
    for item in items { write(&self, item) }
  }
}

/// Reads what `StoredWriter` wrote. Total: past the end everything is zero and empty, and `isShort` says so.
struct StoredReader {
  private let data: [UInt8]
  private var place = 0
  /// Whether something was not there, or not what it should be.
  var isShort = false

  init(_ data: [UInt8]) { self.data = data }

  mutating func integer() -> Int64 {
    guard data.count - place >= 8 else {
      isShort = true
      return 0
    }
    defer { place += 8 }
    return data.withUnsafeBytes { Int64(littleEndian: $0.loadUnaligned(fromByteOffset: place, as: Int64.self)) }
  }

  /// Counts, places and lengths; what no file of this size can mean is 0.
  mutating func number() -> Int {
    let value = integer()
    guard value >= 0, value <= max(data.count, 1 << 24) else {
      isShort = true
      return 0
    }
    return Int(value)
  }

  /// As many items as are told, fewer when the data ends before.
  mutating func list<Item>(_ read: (inout StoredReader) -> Item) -> [Item] {
    let count = number()
    var items: [Item] = []
    // Each item takes eight bytes at least.
    items.reserveCapacity(min(count, (data.count - place) / 8))
    while items.count < count, !isShort { items.append(read(&self)) }
    return items
  }

  mutating func bytes() -> [UInt8] {
    let range = self.range()
    return Array(data[range])
  }

  mutating func text() -> String {
    let range = self.range()
    return String(decoding: data[range], as: UTF8.self)
  }

  private mutating func range() -> Range<Int> {
    let count = number()
    guard count <= data.count - place else {
      isShort = true
      return 0..<0
    }
    defer { place += count }
    return place..<place + count
  }
}
