import Bytes

/// Small texts under xz or bzip2: `base64 -d | xz -d | sh`, `exec(bz2.decompress(b64decode(…)))`.
enum PackedText {
  /// As long as the shortest that hold a command; of xz, whose frame alone has 32 bytes, and of bzip2.
  private static let minimum = 56
  /// Commands are short; a script of this length is seen from its beginning.
  private static let maximum = 64 << 10

  /// Whether Base64 of either begins with these digits.
  static func mayBegin(_ digits: ByteView) -> Bool {
    guard digits.count >= minimum else { return false }
    return digits.hasPrefix("/Td6WFoA") || digits.hasPrefix("Qlpo") && digits.slice(6).hasPrefix("FBWSZTW")
  }

  /// What they stand for; nil where that is no text, or they are damaged before they give any.
  static func text(_ digits: ByteView) -> [UInt8]? {
    let packed = Base64.decode(digits)
    // Few texts shrink to a fiftieth.
    let limit = min(maximum, packed.count * 50 + 256)
    guard let stream = try? DecodedStream(MemoryStream(packed)), !stream.encodings.isEmpty,
      let bytes = try? stream.readFront(limit)
    else { return nil }
    return TextCodes.printable(bytes)
  }
}
