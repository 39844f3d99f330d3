import Bytes
import Evidence

/// A line that a format did not understand, where it may hold an attack: what is no record of a log is searched like one all the
/// same, for whoever can write to a log can write lines that its format does not know.
enum SkippedLine {
  /// Such lines of one file that become events.
  static let limit = 10_000
  /// Bytes of a line that are kept, and how many of them stand in front of the word that told.
  private static let textLimit = 1 << 16
  private static let front = 1 << 12

  /// Words of lookups, of shells over the network, and of what is fetched and run. That they are there says nothing yet.
  private static let leads = LiteralSet(
    exact: [
      "${", "/dev/tcp", "/dev/udp", "mkfifo", "mknod", "curl ", "wget ", "nc -", "ncat ", "netcat", "socat ", "bash -",
      "/bin/sh", "/bin/bash", "fsockopen", "python -c", "python3 -c", "perl -e", "pty.spawn", "LD_PRELOAD",
      "authorized_keys", "ld.so.preload",
    ],
    ignoringCase: ["jndi", "base64", "%24%7b", "u0024", "<?php", "eval("])

  /// Nil where nothing in the line is worth a look.
  static func event(_ line: TextLine) -> Event? { event(line.bytes, line.locator) }

  static func event(_ line: ByteView, _ locator: @autoclosure () -> Locator) -> Event? {
    var lead: Int?
    leads.forEachMatch(in: line) { place, _ in
      lead = place
      return nil
    }
    guard let lead else { return nil }
    let start = line.count > textLimit ? max(0, lead - front) : 0
    let text = line.slice(start, start + textLimit).string
    return Event(
      time: nil, .recorded, dataType: "text:line", message: "A line that its log's format does not know: \(text)",
      attributes: [Attribute("text", text)], locator: locator())
  }
}
