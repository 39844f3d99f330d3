/// Numbers for what JSON values say, whatever the spacing, the order of keys and the escapes in which they are written: texts
/// that differ in nothing else have the same. What is nested deeper than 64 levels counts as it is written.
///
/// Members are added up, so their order does not matter; elements follow one another. Who writes the text does not know the
/// numbers that it is mixed with, and so cannot choose two contents that meet. They are others in each instance.
public struct JSONFingerprint: Sendable {
  private let first = UInt64.random(in: 0 ... .max)
  private let second = UInt64.random(in: 0 ... .max) | 1

  public init() {}

  public func of(_ json: JSONView) -> UInt64 { of(json, 64) }

  /// What one member adds to the sum of its object's members.
  ///
  /// - Parameter value: the number of its value.
  public func ofMember(_ key: ByteView, _ value: UInt64) -> UInt64 {
    let name = key.firstIndex(of: 0x5C) == nil ? mix(key, 1) : JSONView.unescape(key).withView { mix($0, 1) }
    return mix(name, value &+ 1)
  }

  private func of(_ json: JSONView, _ depth: Int) -> UInt64 {
    let bytes = json.bytes
    switch bytes[0] {
    case 0x22:
      guard let raw = json.rawString else { return mix(bytes, 5) }
      return json.hasEscapes ? JSONView.unescape(raw).withView { mix($0, 6) } : mix(raw, 6)
    case 0x7B where depth > 0:
      var sum: UInt64 = 0
      let isWhole = json.forEachMember { key, value in
        sum &+= ofMember(key, of(value, depth - 1))
        return true
      }
      // Of what is broken only the bytes tell.
      return isWhole ? mix(sum, 2) : mix(bytes, 7)
    case 0x5B where depth > 0:
      var all: UInt64 = 3
      let isWhole = json.forEachElement {
        all = mix(all, of($0, depth - 1))
        return true
      }
      return isWhole ? all : mix(bytes, 7)
    default: return mix(bytes, 4)
    }
  }

  /// Both halves of the product, each number hidden first.
  @inline(__always)
  private func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = (left ^ first).multipliedFullWidth(by: right ^ second)
    return product.high ^ product.low
  }

  /// Sixteen bytes at a time; the last are read again where the length is no multiple.
  @inline(__always)
  private func mix(_ bytes: ByteView, _ kind: UInt64) -> UInt64 {
    let raw = bytes.unsafeBytes
    let count = raw.count
    func word(_ place: Int) -> UInt64 { raw.loadUnaligned(fromByteOffset: place, as: UInt64.self) }
    var all = UInt64(truncatingIfNeeded: count) << 8 | kind
    var place = 0
    while count - place > 16 {
      all = mix(all ^ word(place), word(place + 8))
      place += 16
    }
    if count >= 16 { return mix(all ^ word(count - 16), word(count - 8)) }
    if count >= 8 { return mix(all ^ word(0), word(count - 8)) }
    if count >= 4 {
      let front = UInt64(raw.loadUnaligned(fromByteOffset: 0, as: UInt32.self))
      return mix(all, front << 32 | UInt64(raw.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self)))
    }
    var last: UInt64 = 0
    while place < count {
      last = last << 8 | UInt64(raw[place])
      place += 1
    }
    return mix(all, last)
  }
}
