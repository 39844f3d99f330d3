import Bytes
import Evidence

/// sshd's configuration (`sshd_config`, `sshd_config.d/*.conf`): a setting a line. What makes sshd run a command
/// (`ForceCommand`, `AuthorizedKeysCommand`, `Subsystem`) is an entry of persistence.
struct SSHServerFormat: LogFormat {
  let name = "linux.sshd_config"
  let version = 1

  private static let known: Set<String> = [
    "port", "listenaddress", "addressfamily", "permitrootlogin", "passwordauthentication", "pubkeyauthentication",
    "authorizedkeysfile", "authorizedkeyscommand", "authorizedkeyscommanduser", "authorizedprincipalscommand",
    "authorizedprincipalscommanduser", "authorizedprincipalsfile", "forcecommand", "subsystem", "allowusers",
    "allowgroups", "denyusers", "denygroups", "match", "usepam", "hostkey", "permitemptypasswords", "x11forwarding",
    "allowtcpforwarding", "gatewayports", "permittunnel", "permituserenvironment", "acceptenv", "loglevel",
    "syslogfacility", "maxauthtries", "include", "printmotd", "banner", "trustedusercakeys", "chrootdirectory",
    "kbdinteractiveauthentication", "challengeresponseauthentication", "clientaliveinterval", "usedns", "strictmodes",
  ]

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let isNamed = sample.name == "sshd_config" || sample.path.contains("sshd_config.d/")
    let lines = sample.lines(200).map(\.trimmed).filter { $0[0] != 0x23 }
    let settings = lines.filter { Self.setting($0).map { Self.known.contains($0.name.string.lowercased()) } ?? false }
    if isNamed, settings.count * 2 >= lines.count { return .high }
    return settings.count >= 4 && settings.count * 4 >= lines.count * 3 ? .medium : nil
  }

  private static func setting(_ text: ByteView) -> (name: ByteView, value: ByteView)? {
    let words = text.words(limit: 2)
    if words.count == 2, words[0].firstIndex(of: 0x3D) == nil {
      return (words[0], words[1][0] == 0x3D ? words[1].slice(1).trimmed : words[1])
    }
    return text.cut(0x3D).map { ($0.before.trimmed, $0.after.trimmed) }
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var match: String?
    try readLines(stream, into: sink) { line in
      let text = line.bytes.trimmed
      if text[0] == 0x23 { return .parsed }
      guard let (name, value) = Self.setting(text), !name.isEmpty else {
        return .skipped("line is not a setting of sshd")
      }
      let key = name.string
      let said = value.string
      var extra: [Attribute] = []
      extra.add("name", key)
      extra.add("text", said)
      switch key.lowercased() {
      case "match":
        match = said.lowercased() == "all" ? nil : said
        return .parsed
      case "forcecommand", "authorizedkeyscommand", "authorizedprincipalscommand", "subsystem":
        extra.add("match", match)
        let command = key.lowercased() == "subsystem" ? value.words(limit: 2).last?.string ?? said : said
        let entry = PersistenceEntry(
          mechanism: .sshServer, command: command, schedule: match.map { "at each login of \($0)" } ?? "at each login",
          extra: extra)
        sink.event(entry.event("sshd runs at a login, by \(key): \(command)", line.locator))
      default:
        extra.add("match", match)
        sink.event(
          Event(
            time: nil, dataType: "linux:ssh:server_setting",
            message: "sshd is set up with \(key) \(said)\(match.map { " for \($0)" } ?? "").", attributes: extra,
            locator: line.locator))
      }
      return .parsed
    }
  }
}
