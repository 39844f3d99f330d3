import Bytes
import Evidence

/// Files that shells run when they start or end: `.bashrc`, `.profile`, `/etc/profile.d/*`, `.zshrc`, `rc.local` …
/// One event for each line that is not a comment; lines ending in a backslash go on.
struct ShellStartupFormat: LogFormat {
  let name = "linux.shell_startup"
  let version = 3

  private static let names: Set<String> = [
    ".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".bash_aliases", ".profile", ".zshrc", ".zshenv",
    ".zprofile", ".zlogin", ".zlogout", ".kshrc", ".cshrc", ".tcshrc", ".login", ".xprofile", ".xinitrc", ".xsessionrc",
    "bash.bashrc", "bashrc", "profile", "zshrc", "zshenv", "zprofile", "zlogin", "zlogout", "csh.cshrc", "csh.login",
    "csh.logout", ".pam_environment", "rc.local", "environment", "config.fish",
  ]

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard Self.names.contains(String(sample.name)) || Self.isInFolder(sample.path), sample.isText,
      ShellCommand.isPlausible(sample)
    else { return nil }
    return .medium
  }

  private static func isInFolder(_ path: String) -> Bool {
    path.contains("profile.d/") || path.contains("/environment.d/") && path.hasSuffix(".conf")
      || path.contains("fish/conf.d/") && path.hasSuffix(".fish")
  }

  /// Lines that are joints of the shell's language and run nothing.
  private static let joints: Set<String> = [
    "fi", "else", "then", "do", "done", "esac", ";;", "{", "}", "return", "exit", "exit 0", ":", "true",
  ]

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let name = context.path.split(separator: "/").last ?? ""
    let isBoot = name == "rc.local"
    let user = isBoot ? "root" : FileOwner.user(ofPath: context.path)
    let isEnd = name.hasSuffix("logout")
    let schedule = isBoot ? "at boot" : isEnd ? "as a login shell ends" : "as a shell starts"
    var begun: (text: String, locator: Locator)?
    func finish(_ text: String, _ locator: Locator) {
      guard !Self.joints.contains(text) else { return }
      let entry = PersistenceEntry(
        mechanism: isBoot ? .rcLocal : .shellStartup, command: text, user: user, schedule: schedule)
      sink.event(
        entry.event(
          isBoot
            ? "The system runs at boot: \(text)"
            : "A shell of \(user ?? "any user") runs as it \(isEnd ? "ends" : "starts"): \(text)", locator))
    }
    try readLines(stream, into: sink) { line in
      let text = line.bytes.trimmed
      if begun == nil, text[0] == 0x23 { return .parsed }
      let goesOn = text[text.count - 1] == 0x5C
      // Taken out first, so that the text grows in place.
      var now = begun ?? ("", line.locator)
      begun = nil
      now.text += (goesOn ? text.dropLast(1) : text).string
      now.locator = now.locator.reaching(line.end)
      if goesOn, now.text.utf8.count < 1 << 16 {
        begun = now
      } else {
        finish(now.text, now.locator)
      }
      return .parsed
    }
    if let begun { finish(begun.text, begun.locator) }
  }
}
