import Bytes
import Evidence

/// What somebody asked of dnf, and of update-alternatives, which settles what program a name stands for.
struct PackageCommand {
  private let tool: String
  private let time: Timestamp
  private let command: String

  // 2026-11-25T05:20:12+0000 DDEBUG Command: dnf install -y nmap
  // update-alternatives 2026-11-25 05:20:12: run with --install /usr/bin/nc nc /bin/nc.openbsd 50
  init?(_ line: ByteView, _ zone: Timestamp.Zone) {
    if line[0] == UInt8(ascii: "u") {
      guard line.hasPrefix("update-alternatives "), line[39] == 0x3A,
        let time = Timestamp(iso8601: line.slice(20, 39), assuming: zone),
        case let rest = line.slice(40).trimmed, rest.hasPrefix("run with ")
      else { return nil }
      tool = "update-alternatives"
      self.time = time
      command = "update-alternatives " + rest.slice(9, 1 << 16).string
      return
    }
    guard (0x30...0x39).contains(line[0]), line[10] == 0x54, let (stamp, rest) = line.slice(0, 1 << 16).cut(0x20),
      let (level, words) = rest.cut(0x20), level == "DDEBUG" || level == "DEBUG", words.hasPrefix("Command: "),
      let time = Timestamp(iso8601: stamp, assuming: zone)
    else { return nil }
    tool = "dnf"
    self.time = time
    command = words.slice(9).string
  }

  func event(_ locator: Locator) -> Event {
    Event(
      time: time, .start, dataType: "linux:package:transaction", message: "\(tool) was run: \(command)",
      attributes: [Attribute("command", command)], locator: locator)
  }
}
