import Bytes

/// Lines at which a table of another command begins, where nothing stands between the outputs of one command and the next.
enum TranscriptTable {
  /// The format that the line begins; nil for any other line.
  static func format(_ line: ByteView) -> String? {
    guard line.count >= 12, line.count < 4096 else { return nil }
    switch line[0] {
    case 0x41 where line.hasPrefix("Active Internet connections") || line.hasPrefix("Active UNIX domain sockets"):
      return "capture.netstat"
    case 0x4B where line.hasPrefix("Kernel IP routing table") || line.hasPrefix("Kernel IPv6 routing table"):
      return "capture.netstat"
    case 0x50 where line.hasPrefix("Proto Recv-Q Send-Q "): return "capture.netstat"
    case 0x4E where line.hasPrefix("Netid ") && line.contains("State") && line.contains("Recv-Q"): return "capture.ss"
    case 0x53 where line.hasPrefix("State ") && line.contains("Recv-Q"): return "capture.ss"
    case 0x43 where line.hasPrefix("COMMAND ") && line.contains(" FD ") && line.contains(" NODE "):
      return "capture.lsof"
    case 0x43 where line.hasPrefix("Chain ") && (line.contains(" (policy ") || line.contains(" references)")):
      return "capture.iptables"
    case 0x43 where line.hasPrefix("CONTAINER ID "): return "capture.docker_ps"
    case 0x4D where line.hasPrefix("Module ") && line.contains("Size") && line.contains("Used by"):
      return "capture.lsmod"
    case 0x46 where line.hasPrefix("Filesystem ") && line.contains("Mounted on"): return "capture.filesystem"
    case 0x55 where line.hasPrefix("Username ") && line.contains("Port") && line.contains("Latest"):
      return "capture.lastlog"
    case 0x55 where line.hasPrefix("USER ") && line.contains("LOGIN@"): return "capture.w"
    case 0x55 where line.hasPrefix("UNIT ") && (line.contains("LOAD") || line.contains("STATE")):
      return "capture.systemd_units"
    case 0x4C where line.hasPrefix("Linux ") && line.contains(" #"): return "capture.uname"
    case 0x20, 0x31...0x39:
      if line.contains(" up "), line.contains("load average") {
        return line.trimmed.hasPrefix("top - ") ? "capture.ps" : "capture.w"
      }
      if line.contains(" total "), line.contains(" used "), line.contains(" free "), line.contains("shared") {
        return "capture.free"
      }
      if line[1] == 0x3A, line.contains(": <"), line.contains(" mtu ") { return "capture.interface" }
      fallthrough
    default:
      // The header of ps is of any words.
      return line.contains("PID") && PsLayout(line) != nil ? "capture.ps" : nil
    }
  }
}
