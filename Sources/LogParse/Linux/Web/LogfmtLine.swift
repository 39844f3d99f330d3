import Bytes
import Evidence

/// A line of `key=value` pairs with the time among the first: what Docker, containerd, Prometheus, Grafana and other programs in Go
/// write. Valid while the line is.
struct LogfmtLine {
  let time: Timestamp
  private(set) var level: ByteView?

  // time="2026-11-25T05:20:26.245Z" level=info msg="…"        level=warn ts=2026-11-25T05:20:26.245Z caller=main.go:12 msg="…"
  init?(_ line: ByteView, _ zone: Timestamp.Zone) {
    // Of nearly all lines the first bytes settle it.
    switch line[0] {
    case UInt8(ascii: "t"):
      guard line.hasPrefix("time=") || line.hasPrefix("ts=") || line.hasPrefix("t=") || line.hasPrefix("timestamp=")
      else {
        return nil
      }
    case UInt8(ascii: "l"): guard line.hasPrefix("level=") || line.hasPrefix("logger=") else { return nil }
    default: return nil
    }
    var rest = line.slice(0, 512)
    var found: Timestamp?
    for _ in 0..<5 {
      guard let (key, after) = rest.cut(0x3D), key.count <= 16 else { break }
      let isQuoted = after[0] == 0x22
      let value: ByteView
      if isQuoted {
        let close = after.firstIndex(of: 0x22, from: 1) ?? after.count
        value = after.slice(1, close)
        rest = after.slice(close + 1).trimmed
      } else {
        let end = after.firstIndex(of: 0x20) ?? after.count
        value = after.slice(0, end)
        rest = after.slice(end).trimmed
      }
      switch key {
      case _ where key == "time" || key == "ts" || key == "t" || key == "timestamp":
        found = found ?? Timestamp(iso8601: value, assuming: zone)
      case _ where key == "level" || key == "lvl": level = value
      default: break
      }
    }
    guard let found else { return nil }
    time = found
  }
}
