/// Bytes as offset, hexadecimal and text, sixteen a line: nothing in it can act on a terminal.
enum HexDump {
  static func lines(_ bytes: [UInt8], from offset: UInt64) -> [String] {
    stride(from: 0, to: bytes.count, by: 16).map { start in
      let row = bytes[start..<min(start + 16, bytes.count)]
      let hex = row.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined(separator: " ")
      let text = row.map { (0x20..<0x7F).contains($0) ? String(Character(Unicode.Scalar($0))) : "." }.joined()
      let place = String(offset &+ UInt64(start), radix: 16)
      let padded = String(repeating: "0", count: max(10 - place.count, 0)) + place
      return "\(padded)  \(hex)\(String(repeating: " ", count: 48 - hex.count - (hex.isEmpty ? 0 : 1) + 1))|\(text)|"
    }
  }
}
