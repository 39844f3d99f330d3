import Bytes
import Foundation

/// Standard output is for results, standard error for everything said to a person.
enum Terminal {
  static let isInteractive = isatty(2) == 1

  /// One line to standard error.
  static func tell(_ line: String) { say("ir-analyze: \(printable(line))\n") }

  /// Text to standard error, as it is. That nobody reads it any more is no reason to stop.
  static func say(_ text: String) {
    let bytes = Array(text.utf8)
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { write(2, $0.baseAddress?.advanced(by: done), bytes.count - done) }
      if count < 0, errno == EINTR { continue }
      if count <= 0 { return }
      done += count
    }
  }

  /// Opens standard input, output and error where they are closed, so that no file of the store gets their number and what is
  /// said to a person is not written into evidence.
  static func openStandardFiles() {
    for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) < 0 { _ = open("/dev/null", O_RDWR) }
  }

  /// A line of results. Ends the program quietly when nobody reads any more (`| head`).
  static func print(_ line: String) { print(bytes: Array(line.utf8) + [0x0A]) }

  static func print(bytes: [UInt8]) { bytes.withUnsafeBytes { print(bytes: $0) } }

  static func print(bytes: UnsafeRawBufferPointer) {
    var done = 0
    while done < bytes.count {
      let count = write(1, bytes.baseAddress?.advanced(by: done), bytes.count - done)
      if count < 0, errno == EINTR { continue }
      // At once: other threads are at work, and what libraries do at a usual end takes from them what they use.
      if count < 0 {
        let trouble = errno
        if trouble == EPIPE { _exit(0) }
        tell("error: standard output takes no more: \(systemMessage(trouble))")
        _exit(ExitStatus.internalError.rawValue)
      }
      done += count
    }
  }

  /// Text of evidence as a terminal may show it: control characters, which move cursors and rename windows, are written out.
  static func printable(_ text: String) -> String {
    var out = ""
    for scalar in text.unicodeScalars {
      let value = scalar.value
      if value < 0x20 || (0x7F..<0xA0).contains(value) || (0x202A...0x202E).contains(value)
        || (0x2066...0x2069).contains(value)
      {
        out += "\\u{\(String(value, radix: 16))}"
      } else {
        out.unicodeScalars.append(scalar)
      }
    }
    return out
  }

  /// A path that a line can hold: of a long one its beginning and its end.
  static func short(_ path: String) -> String {
    path.utf8.count <= 240 ? path : "\(path.prefix(80))…\(path.suffix(120))"
  }

  /// `1.4 GiB`
  static func size(_ bytes: UInt64) -> String {
    var value = Double(bytes)
    for unit in ["B", "KiB", "MiB", "GiB", "TiB"] {
      if value < 1024 || unit == "TiB" {
        return unit == "B" ? "\(bytes) B" : String(format: "%.1f %@", value, unit as NSString)
      }
      value /= 1024
    }
    return "\(bytes) B"
  }
}
