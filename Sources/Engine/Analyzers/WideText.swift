import Bytes
import Detectors

/// Text in UTF-16 among bytes, narrowed so that detectors of plain text can read it: command lines and scripts in the heaps
/// of Java and PowerShell.
///
/// Only characters of ASCII make up a run, which is all that a command needs. Both byte orders and odd places are read.
/// Eight bytes at a time, so memory without such text costs little.
enum WideText {
  /// Shorter runs hold no command with an address.
  static let minimumCount = 16
  static let maximumCount = 16 << 10

  /// What the detectors see in it. Log4Shell lookups in UTF-16 are found without this.
  static func detections(in view: ByteView) -> [TextDetection] {
    var found: [TextDetection] = []
    forEachRun(in: view) { start, text in
      for var detection in text.withView({ detector.scan($0, .bytes) }) {
        detection.range = start + 2 * detection.range.lowerBound..<start + 2 * detection.range.upperBound
        detection.steps.insert("UTF-16 read", at: 0)
        found.append(detection)
      }
    }
    return found
  }

  private static let detector = ReverseShellDetector()

  /// Calls the body with each run: the place of its first character's byte, and its characters.
  static func forEachRun(in view: ByteView, _ body: (_ start: Int, _ text: [UInt8]) -> Void) {
    let bytes = view.unsafeBytes
    var place = 0
    var done = 0
    while place + 8 <= bytes.count {
      let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
      let isEven = word & 0xFF00_FF00_FF00_FF00 == 0
      guard word != 0, isEven || word & 0x00FF_00FF_00FF_00FF == 0 else {
        place += 8
        continue
      }
      let first = isEven ? place : place + 1
      // Where the byte of a character lies that must be zero.
      let high = isEven ? 1 : -1
      guard (0..<4).allSatisfy({ isText(view[first + 2 * $0]) }) else {
        place += 8
        continue
      }
      var start = first
      while start - 2 >= done, isText(view[start - 2]), view[start - 2 + high] == 0 { start -= 2 }
      var end = first + 8
      while end < bytes.count, end - start < 2 * maximumCount, isText(view[end]), view[end + high] == 0 { end += 2 }
      // At an odd place the last character may have no second byte in the view.
      let stop = min(end, bytes.count)
      if end - start >= 2 * minimumCount {
        body(start, stride(from: start, to: stop, by: 2).map { view[$0] })
      }
      done = stop
      place = max(place + 8, stop & ~7)
    }
  }

  @inline(__always)
  private static func isText(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte < 0x7F || byte == 0x09 || byte == 0x0A || byte == 0x0D
  }
}
