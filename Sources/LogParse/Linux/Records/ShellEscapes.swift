import Bytes

/// What stands between `$'` and `'`, as GNU's programs quote a name for a shell.
enum ShellEscapes {
  private static let letters: [UInt8: UInt8] = [
    0x61: 0x07, 0x62: 0x08, 0x65: 0x1B, 0x66: 0x0C, 0x6E: 0x0A, 0x72: 0x0D, 0x74: 0x09, 0x76: 0x0B, 0x5C: 0x5C,
    0x27: 0x27, 0x22: 0x22,
  ]

  static func bytes(_ text: ByteView) -> [UInt8] {
    text.unescapedBytes { rest in rest.octalEscape ?? letters[rest[1]].map { ($0, 2) } }
  }
}
