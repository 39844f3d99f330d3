import Bytes

/// Lines that a command writes about itself instead of results.
enum CommandMessage {
  /// Why the line is no result: `netstat: command not found`, `lsof: WARNING: …`, `ps: …`; nil for any other line.
  static func reason(_ line: ByteView) -> String? {
    let text = line.trimmed
    if text.hasSuffix("command not found") || text.hasSuffix(": not found") {
      return "the command was not found on the host"
    }
    if text.hasSuffix("No such file or directory") { return "the command did not find its file" }
    if text.hasSuffix("Permission denied") || text.hasSuffix("Operation not permitted") {
      return "the command was denied access"
    }
    if text.hasPrefix("Usage:") || text.hasPrefix("usage:") || text.contains("invalid option")
      || text.contains("unrecognized option") || text.contains("Try '")
    {
      return "the command printed its usage"
    }
    if text.hasPrefix("no crontab for ") { return "the user has no crontab" }
    if text.hasPrefix("(Not all processes could be identified")
      || text.hasPrefix("will not be shown, you would have to be root")
    {
      return "the command was not run as root"
    }
    for name in ["lsof", "ps", "netstat", "ss", "last", "lastlog", "df", "mount", "w", "who", "find", "lsmod"]
      as [StaticString]
    where text.hasPrefix(ByteView(name)) && text[name.utf8CodeUnitCount] == 0x3A {
      return "the command's own message"
    }
    if text.hasPrefix("Output information may be incomplete") || text.hasPrefix("sudo: unable to resolve host") {
      return "the command's own message"
    }
    return nil
  }
}
