import CPlatform

extension ByteView {
  /// CRC-32C (Castagnoli).
  public var crc32c: UInt32 { platform_crc32c(unsafeBytes.baseAddress, count) }
}
