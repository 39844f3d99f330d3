import Bytes
import Evidence

/// A public key as OpenSSH writes it: type, base64, comment.
struct PublicKey {
  var type: String
  /// `SHA256:…`, as `ssh-keygen -l` and sshd's log show it.
  var fingerprint: String?
  var comment: String

  /// - Parameter text: begins with the type.
  init?(_ text: ByteView) {
    let words = text.words(limit: 3)
    guard words.count >= 2, Self.isType(words[0]), words[1].hasPrefix("AAAA") else { return nil }
    type = words[0].string
    comment = words.count > 2 ? words[2].string : ""
    fingerprint = Self.decode(words[1]).map { "SHA256:" + Self.encode(Digest(of: $0).bytes) }
  }

  static func isType(_ word: ByteView) -> Bool {
    word.hasPrefix("ssh-") || word.hasPrefix("ecdsa-sha2-") || word.hasPrefix("sk-ssh-") || word.hasPrefix("sk-ecdsa-")
  }

  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// Base64; nil for anything else, and beyond 64 KiB.
  static func decode(_ text: ByteView) -> [UInt8]? {
    guard text.count <= 1 << 16 else { return nil }
    var bytes: [UInt8] = []
    var bits: UInt32 = 0
    var number = 0
    for index in 0..<text.count {
      let value: UInt32
      switch text[index] {
      case let byte where (0x41...0x5A).contains(byte): value = UInt32(byte - 0x41)
      case let byte where (0x61...0x7A).contains(byte): value = UInt32(byte - 0x61) + 26
      case let byte where (0x30...0x39).contains(byte): value = UInt32(byte - 0x30) + 52
      case 0x2B: value = 62
      case 0x2F: value = 63
      case 0x3D: continue
      default: return nil
      }
      bits = (bits << 6 | value) & 0xFFFFFF
      number += 6
      if number >= 8 {
        number -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(number)))
      }
    }
    return bytes
  }

  /// Base64 without padding.
  private static func encode(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let part = bytes[start..<min(start + 3, bytes.count)]
      var bits: UInt32 = 0
      for byte in part { bits = bits << 8 | UInt32(byte) }
      bits <<= UInt32(3 - part.count) * 8
      for index in 0...part.count { text.append(alphabet[Int(bits >> UInt32(18 - index * 6) & 63)]) }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
