import CPlatform

extension ByteView {
  /// CRC-32C (Castagnoli).
  public var crc32c: UInt32 { platform_crc32c(unsafeBytes.baseAddress, count) }

  /// FNV-1a, eight bytes at a time and four of these side by side, since each multiplication waits for the one before: tells texts
  /// apart quickly, and proves nothing.
  public var fingerprint: UInt64 {
    let prime: UInt64 = 0x100_0000_01b3
    var lanes = SIMD4<UInt64>(
      0xcbf2_9ce4_8422_2325, 0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb)
    let bytes = unsafeBytes
    var place = 0
    while bytes.count - place >= 32 {
      for lane in 0..<4 {
        let word = bytes.loadUnaligned(fromByteOffset: place &+ lane &* 8, as: UInt64.self).littleEndian
        lanes[lane] = (lanes[lane] ^ word) &* prime
      }
      place += 32
    }
    var hash = lanes[0]
    for lane in 1..<4 { hash = (hash ^ lanes[lane] ^ lanes[lane] >> 29) &* prime }
    while let word = u64(place) {
      hash = (hash ^ word) &* prime
      place += 8
    }
    for index in place..<max(place, count) { hash = (hash ^ UInt64(self[index])) &* prime }
    // High bits of the words reach the low ones only so.
    return hash ^ hash >> 29
  }
}
