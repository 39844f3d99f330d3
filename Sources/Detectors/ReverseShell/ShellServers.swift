import Bytes

/// Servers that start a shell for whoever comes: telnet's without a login, and inetd's.
enum ShellServers {
  static let toolNames: [StaticString] = ["telnetd", "utelnetd", "in.telnetd"]
  static let names = NameTable(toolNames)

  /// `telnetd -l /bin/sh -p 4444`: a shell for whoever comes, where a login would ask who it is.
  static func telnet(_ shell: ShellText, _ index: Int, _ place: Int) -> ShellMatch? {
    let words = ToolWords(shell, index, after: place)
    var port: Int?
    var runs = false
    for (number, word) in words.words.enumerated() {
      let value = word.count > 2 ? word.slice(2) : words.word(number + 1)
      if word.hasPrefix("-l") { runs = runs || ShellWords.isShell(value) }
      if word.hasPrefix("-p") { port = shell.endpoint(ByteView(""), value).port }
    }
    guard runs else { return nil }
    return ShellMatch(
      technique: "telnet", endpoint: Endpoint(host: nil, port: port ?? 23), isBind: true,
      place: shell.commands[index].range.lowerBound)
  }

  /// A line of inetd.conf: `4444 stream tcp nowait root /bin/sh sh -i`.
  static func service(_ shell: ShellText) -> ShellMatch? {
    for command in shell.commands {
      guard let place = command.words.firstIndex(where: { $0 == "nowait" }), place >= 3,
        command.word(place - 2) == "stream", ShellWords.isShell(command.word(place + 2)),
        ShellWords.isShellReadingInput(command.words[(place + 3)...]) || command.words.count == place + 3
      else { continue }
      let port = Endpoint.port(command.word(place - 3)) ?? Endpoint.service(command.word(place - 3))
      return ShellMatch(
        technique: "other", language: "inetd", endpoint: Endpoint(host: nil, port: port), isBind: true,
        place: command.range.lowerBound)
    }
    return nil
  }
}
