import Bytes

/// The arguments of auditd's EXECVE record: in quotes, or in hexadecimal digits where one holds a blank or a quote.
enum AuditArguments {
  /// A record has them all; longer lists are spread over several.
  private static let maximum = 128
  /// Of a record: auditd writes no longer lines.
  private static let maximumLength = 16 << 10

  /// `a0="socat" a1=657865633A…` as the command line that it was; nil where none is in digits, for the others are read as
  /// they stand.
  static func joined(_ text: ByteView) -> [UInt8]? {
    guard text.count < maximumLength, let start = text.firstIndex(of: ByteView(" argc=")) else { return nil }
    var out: [UInt8] = []
    var hasDigits = false
    var from = start
    for number in 0..<maximum {
      let name = Array(" a\(number)=".utf8)
      guard let place = name.withView({ text.firstIndex(of: $0, from: from) }) else { break }
      let first = place + name.count
      var end = first
      if text[first] == 0x22 {
        end = text.firstIndex(of: 0x22, from: first + 1) ?? text.count
        append(text.slice(first + 1, end).array, to: &out)
      } else {
        while end < text.count, text[end] > 0x20 { end += 1 }
        let value = text.slice(first, end)
        let bytes = bytes(value)
        hasDigits = hasDigits || bytes != nil
        append(bytes ?? value.array, to: &out)
      }
      from = end
    }
    return hasDigits ? out : nil
  }

  private static func append(_ argument: [UInt8], to out: inout [UInt8]) {
    if !out.isEmpty { out.append(0x20) }
    out += argument
  }

  private static func bytes(_ digits: ByteView) -> [UInt8]? {
    guard digits.count >= 2, digits.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 2)
    for place in stride(from: 0, to: digits.count, by: 2) {
      guard let high = hexDigit(digits[place]), let low = hexDigit(digits[place + 1]) else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }
}
