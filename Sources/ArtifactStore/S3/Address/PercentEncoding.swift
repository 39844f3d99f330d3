import Bytes

/// Percent-encoding as Signature V4 wants it: every byte but `A–Z a–z 0–9 - . _ ~`, with upper-case digits.
///
/// - Parameter keepingSlash: true for paths. Nothing else is normalized: S3 signs the path that it receives, so empty segments
///   and dots stay as the key has them.
func percentEncoded(_ text: String, keepingSlash: Bool = false) -> String {
  let digits = Array("0123456789ABCDEF".utf8)
  var out: [UInt8] = []
  for byte in text.utf8 {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: out.append(byte)
    case 0x2F where keepingSlash: out.append(byte)
    default: out += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
  }
  return String(decoding: out, as: UTF8.self)
}

/// Undoes the encoding of a listing (`encoding-type=url`), in which a space may be `+`. A `%` that no digits follow stays.
func percentDecoded(_ text: String) -> String {
  Array(text.utf8).withView { bytes in
    var out: [UInt8] = []
    var place = 0
    while place < bytes.count {
      if bytes[place] == 0x25, let high = hexDigit(bytes[place + 1]), let low = hexDigit(bytes[place + 2]) {
        out.append(high << 4 | low)
        place += 3
      } else {
        out.append(bytes[place] == 0x2B ? 0x20 : bytes[place])
        place += 1
      }
    }
    return String(decoding: out, as: UTF8.self)
  }
}
