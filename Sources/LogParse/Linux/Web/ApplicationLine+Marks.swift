import Bytes

/// Marks that stand where most programs have none.
extension ApplicationLine {
  // INFO 1234 --- [demo] [nio-8080-exec-1] c.e.DemoApplication : …
  /// Spring Boot's process and thread, which stay in the text. From version 3 on the application's name may stand in front of the
  /// thread, and what a trace is known by behind it.
  mutating func readSpring() {
    guard thread == nil, level != nil, (0x30...0x39).contains(text[0]),
      let (number, rest) = text.slice(0, 256).cut(0x20),
      rest.hasPrefix("--- ["), let process = CivilTime.number(number)
    else { return }
    pid = Int64(process)
    var left = rest.slice(4)
    for _ in 0..<3 {
      guard left[0] == 0x5B, let close = left.firstIndex(of: 0x5D) else { break }
      let inner = left.slice(1, close).trimmed
      left = left.slice(close + 1).trimmed
      let isTrace = inner.unsafeBytes.allSatisfy { $0 == 0x2D || $0 == 0x20 || hexDigit($0) != nil }
      if !isTrace || thread == nil && left[0] != 0x5B { thread = inner }
    }
  }

  // I! Detected the instance is EC2                            (Telegraf and CloudWatch's agent)
  // util.py[WARNING]: Failed to run                            (cloud-init)
  // cwlogs.push - INFO - 1234 - MainThread - text              (Python, as many set its logging up)
  /// A level behind the name of what wrote the line, or of one letter. The name stays in the text.
  mutating func readLevelBehindName() {
    guard level == nil, stream == nil else { return }
    if text[1] == 0x21, text[2] == 0x20 {
      switch text[0] {
      case UInt8(ascii: "I"): level = ByteView("INFO")
      case UInt8(ascii: "W"): level = ByteView("WARNING")
      case UInt8(ascii: "E"): level = ByteView("ERROR")
      case UInt8(ascii: "D"): level = ByteView("DEBUG")
      default: return
      }
      text = text.slice(3)
      return
    }
    let front = text.slice(0, 96)
    guard let blank = front.firstIndex(of: 0x20), blank > 2 else { return }
    if front[blank - 1] == 0x3A, front[blank - 2] == 0x5D, let open = front.firstIndex(of: 0x5B), open < blank {
      level = Self.level(front.slice(open + 1, blank - 2))
    } else if front[blank + 1] == 0x2D, front[blank + 2] == 0x20, let word = front.slice(blank + 3).cut(0x20)?.before,
      case let rest = front.slice(blank + 3 + word.count), rest[1] == 0x2D, rest[2] == 0x20
    {
      level = Self.level(word)
    }
  }
}
