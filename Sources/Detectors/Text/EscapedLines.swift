import Bytes

/// A script that was written as a string of C, JSON or `echo -e`: `"#!/bin/sh\nnc -e /bin/sh …\n"`.
enum EscapedLines {
  /// The text with its `\n` and `\r` broken into lines, and blanks for `\t`; nil where there is no `\n`, or no string.
  static func broken(_ text: ByteView) -> [UInt8]? {
    if text.contains(syslogEnd) { return unfolded(text) }
    guard text.contains("\\n"), isString(text) else { return nil }
    var out: [UInt8] = []
    out.reserveCapacity(text.count)
    var copied = 0
    var from = 0
    while let place = text.firstIndex(of: 0x5C, from: from) {
      // A string within a string doubles them.
      var letter = place + 1
      while text[letter] == 0x5C, letter - place < 8 { letter += 1 }
      from = letter
      guard let plain = plain(text[letter]) else { continue }
      out.append(contentsOf: text.slice(copied, place).unsafeBytes)
      out.append(plain)
      copied = letter + 1
      from = copied
    }
    guard copied > 0 else { return nil }
    out.append(contentsOf: text.slice(copied).unsafeBytes)
    return out
  }

  /// As rsyslog writes a control character: a command of several lines that sudo ran is one line in its log.
  private static let syslogEnd: StaticString = "#012"

  private static func unfolded(_ text: ByteView) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(text.count)
    var copied = 0
    while let place = text.firstIndex(of: ByteView(syslogEnd), from: copied) {
      out.append(contentsOf: text.slice(copied, place).unsafeBytes)
      out.append(0x0A)
      copied = place + 4
    }
    out.append(contentsOf: text.slice(copied).unsafeBytes)
    return out
  }

  private static func plain(_ letter: UInt8) -> UInt8? {
    switch letter {
    case 0x6E, 0x72: 0x0A
    case 0x74: 0x20
    default: nil
    }
  }

  private static func isString(_ text: ByteView) -> Bool {
    text.firstIndex(of: 0x22) != nil || text.contains("printf") || text.contains("echo -") || text.contains("#!/")
  }
}
