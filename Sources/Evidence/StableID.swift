import COpenSSL

/// Names that are the same on every machine and in every run: UUID version 5 (RFC 9562, section 5.5).
public enum StableID {
  /// The project's own namespace; never to be changed, or every finding gets a new name.
  static let namespace: [UInt8] = [
    0x6f, 0x0d, 0x3c, 0x41, 0x8e, 0x55, 0x4b, 0x52, 0x9a, 0x7d, 0x21, 0x5e, 0xc0, 0x9b, 0x77, 0x1a,
  ]

  public static func uuid(_ parts: String..., version: UInt8 = 5) -> String {
    uuid(namespace: namespace, name: parts.joined(separator: "\u{1F}"), version: version)
  }

  /// - Parameter version: what the UUID calls itself; 5 is what it is, some formats take none but 4.
  public static func uuid(namespace: [UInt8], name: String, version: UInt8 = 5) -> String {
    let hash = StreamingHash(.sha1)
    namespace.withUnsafeBytes { hash.update($0) }
    Array(name.utf8).withUnsafeBytes { hash.update($0) }
    var bytes = Array(hash.finish().prefix(16))
    // SHA-1 is always there in OpenSSL 3 outside FIPS; a policy that forbids it leaves the nil UUID rather than a crash.
    while bytes.count < 16 { bytes.append(0) }
    bytes[6] = bytes[6] & 0x0F | (version & 0x0F) << 4
    bytes[8] = bytes[8] & 0x3F | 0x80
    let hex = Array(hexadecimal(bytes))
    return [hex[0..<8], hex[8..<12], hex[12..<16], hex[16..<20], hex[20..<32]].map { String($0) }.joined(separator: "-")
  }
}
