import Bytes

extension RandomAccess {
  /// Up to `count` bytes at a place, copied. For headers: small.
  func bytes(at offset: UInt64, count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: max(count, 0)) { buffer, filled in
      filled = read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
    }
  }

  /// Calls the body with the places of a needle from `start` on, in order, until it returns false. One pass, in
  /// windows of 1 MiB.
  func forEachPlace(of needle: [UInt8], from start: UInt64, _ body: (UInt64) -> Bool) {
    guard !needle.isEmpty else { return }
    let window = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { window.deallocate() }
    var offset = start
    while offset < byteCount {
      let number = read(at: offset, into: window)
      let view = ByteView(UnsafeRawBufferPointer(rebasing: window[0..<number]))
      guard view.count >= needle.count else { return }
      var place = 0
      while let found = needle.withView({ view.firstIndex(of: $0, from: place) }) {
        if !body(offset + UInt64(found)) { return }
        place = found + 1
      }
      // The last bytes again, for a needle that lies across two windows.
      offset += UInt64(view.count - needle.count + 1)
    }
  }
}
