import CPlatform

extension ByteView {
  /// CRC-32C (Castagnoli).
  public var crc32c: UInt32 { platform_crc32c(unsafeBytes.baseAddress, count) }

  /// FNV-1a, eight bytes at a time: tells texts apart quickly, and proves nothing.
  public var fingerprint: UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    var place = 0
    while let word = u64(place) {
      hash = (hash ^ word) &* 0x100_0000_01b3
      place += 8
    }
    for index in place..<max(place, count) { hash = (hash ^ UInt64(self[index])) &* 0x100_0000_01b3 }
    // High bits of the words reach the low ones only so.
    return hash ^ hash >> 29
  }
}
