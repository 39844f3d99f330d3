import Bytes

/// One-liners that a limit cut before the part with the shell: auditd keeps 128 bytes of a process's title, and logs have
/// limits of their own. What is left of the published ones says what they were.
enum CutCode {
  /// Longer texts are programs.
  private static let maximum = 4096

  static func match(_ shell: ShellText) -> ShellMatch? {
    guard shell.text.count <= maximum, let technique = technique(shell), isOpen(shell.text) else { return nil }
    // A host counts where its quote was still written.
    let places = [".connect((", "$i="].compactMap { (call: StaticString) in shell.text.firstIndex(of: ByteView(call)) }
    return ShellMatch(
      technique: technique, endpoint: CodeEndpoints.find(shell, from: places),
      place: places.first ?? 0)
  }

  private static func technique(_ shell: ShellText) -> String? {
    // `python -c 'import socket,subprocess,os;s=socket.socket(…`: who only looks whether a port is open starts nothing.
    if shell.has("socket.socket("), shell.has("import"), shell.has("subprocess") || shell.has("pty"),
      runs(shell, "python", "-c")
    {
      return "python"
    }
    guard shell.has("Socket") || shell.has("fork;exit"), runs(shell, "perl", "-e") else { return nil }
    let isPublished =
      shell.has("use Socket;$i=") && shell.has("socket(S,")
      || shell.has("$p=fork;exit,if($p);foreach my $key(keys %ENV)")
    return isPublished ? "perl" : nil
  }

  private static func runs(_ shell: ShellText, _ interpreter: StaticString, _ option: StaticString) -> Bool {
    shell.commands.contains { command in
      let places = command.words.indices.dropLast()
      return places.contains { place in
        command.words.name(place).hasPrefix(interpreter)
          && command.words[(place + 1)...].prefix(3).contains { $0.hasPrefix(option) }
      }
    }
  }

  /// Whether a bracket is open where the text ends, or a call's name is not yet followed by one.
  private static func isOpen(_ text: ByteView) -> Bool {
    var depth = 0
    for byte in text.unsafeBytes {
      if byte == 0x28 { depth += 1 }
      if byte == 0x29 { depth -= 1 }
    }
    if depth > 0 { return true }
    // `…;os.du`
    let last = text.slice((text.lastIndex(of: 0x3B) ?? text.count) + 1)
    return !last.isEmpty && last.count <= 16 && last.firstIndex(of: 0x2E) != nil
      && (0..<last.count).allSatisfy { isWordByte(last[$0]) || last[$0] == 0x2E }
  }
}
