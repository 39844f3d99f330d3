import Bytes
import Evidence

/// ssh's configuration (`~/.ssh/config`, `ssh_config`, `ssh_config.d/*.conf`): what makes ssh run a command or load a library
/// as somebody uses it. Other settings give no event.
struct SSHClientFormat: LogFormat {
  let name = "linux.ssh_config"
  let version = 1

  private static let commands: Set<String> = [
    "proxycommand", "localcommand", "knownhostscommand", "pkcs11provider", "securitykeyprovider", "xauthlocation",
  ]
  private static let known: Set<String> = [
    "host", "match", "include", "hostname", "user", "port", "identityfile", "proxyjump", "sendenv", "hashknownhosts",
    "gssapiauthentication", "forwardagent", "serveraliveinterval", "stricthostkeychecking", "userknownhostsfile",
    "permitlocalcommand", "controlmaster", "controlpath", "controlpersist", "localforward", "remoteforward",
    "dynamicforward", "requesttty", "remotecommand", "compression", "loglevel", "ciphers", "kexalgorithms", "macs",
  ]

  func recognizes(_ sample: FormatSample) -> Confidence? {
    let isNamed =
      sample.name == "ssh_config" || sample.path.contains("ssh_config.d/")
      || sample.name == "config" && sample.path.split(separator: "/").dropLast().last == ".ssh"
    guard isNamed, sample.isText else { return nil }
    let lines = sample.lines(60).map(\.trimmed).filter { $0[0] != 0x23 }
    let settings = lines.filter { Self.setting($0).map { Self.isKnown($0.name) } ?? false }
    return settings.count * 2 >= lines.count ? .high : nil
  }

  private static func isKnown(_ name: String) -> Bool { known.contains(name) || commands.contains(name) }

  private static func setting(_ text: ByteView) -> (name: String, value: ByteView)? {
    var end = 0
    while end < text.count, text[end] != 0x20, text[end] != 0x09, text[end] != 0x3D { end += 1 }
    guard end > 0, end < 64 else { return nil }
    let rest = text.slice(end).trimmed
    return (text.slice(0, end).string.lowercased(), rest[0] == 0x3D ? rest.dropFirst(1).trimmed : rest)
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let user = FileOwner.user(ofPath: context.path)
    var hosts = "any host"
    func emit(_ key: String, _ command: String, _ locator: Locator) {
      var entry = PersistenceEntry(
        mechanism: .sshClient, command: command, user: user, schedule: "as ssh connects to \(hosts)")
      entry.extra.add("name", key)
      sink.event(
        entry.event("ssh of \(user ?? "any user") runs by \(key) as it connects to \(hosts): \(command)", locator))
    }
    try readLines(stream, into: sink) { line in
      let text = line.bytes.trimmed
      if text[0] == 0x23 { return .parsed }
      guard let (name, value) = Self.setting(text), !value.isEmpty else {
        return .skipped("line is not a setting of ssh")
      }
      switch name {
      case "host": hosts = value == "*" ? "any host" : value.slice(0, 1024).string
      case "match":
        // match host x exec "command"
        hosts = value.slice(0, 1024).string
        if let place = value.firstIndex(of: ByteView("exec ")) {
          let rest = value.slice(place + 5).trimmed
          let quoted = rest[0] == 0x22 ? rest.slice(1, rest.firstIndex(of: 0x22, from: 1) ?? rest.count) : rest
          emit("Match exec", quoted.string, line.locator)
        }
      case _ where Self.commands.contains(name) && !(value == "none"): emit(name, value.string, line.locator)
      default: break
      }
      return .parsed
    }
  }
}
