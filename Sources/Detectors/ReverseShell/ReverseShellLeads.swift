import Bytes

/// The words without which no reverse shell can be written, and the stretch of text to look at around one.
enum ReverseShellLeads {
  static let exact: [StaticString] = [
    "/dev/tcp/", "/dev/udp/", "/inet/tcp/", "/inet/udp/", "/inet4/", "/inet6/", "mkfifo", "mknod",
    "s_client", "gnutls-cli", "fsockopen",
    "stream_socket_client",
    "socket_connect", "TCPSocket", "TCPServer", "IO::Socket", "use Socket", "PeerAddr", "child_process", "net.Dial(",
    "tls.Dial(",
    "ProcessBuilder", "getRuntime()", "socketConnection(", "TcpStream::connect", "pty.spawn", "os.dup2", "dup2(s",
    ".connect((",
    "socket.tcp()", "ztcp ", "ztcp\t", "xterm -display", "telnet", "socat", "netcat", "ncat", "nc ", "nc\t", "nc\0",
    "nc.",
    "nc64", "nc\"", "nc'", "- nc\n",
    "rcat ",
    "rustcat ", "pwncat", "cryptcat", "sbd -", "dbd -", "websocat", "open_connection",
    ":gen_tcp.connect", "gen_tcp:connect", "stream tcp", "stream\ttcp", "{echo,",
    // `/dev/tcp/` and `bash -i` in Base64, by the place in a group of three.
    "L2Rldi90Y3Av", "9kZXYvdGNwL", "vZGV2L3RjcC", "YmFzaCAtaS", "Jhc2ggLWkg", "iYXNoIC1pI",
    // UTF-16, as memory holds it.
    "/\0d\0e\0v\0/\0t\0c\0p\0", "/\0d\0e\0v\0/\0u\0d\0p\0", "T\0C\0P\0C\0l\0i\0", "T\0c\0p\0C\0l\0i\0",
    "m\0k\0f\0i\0f\0o\0", "s\0o\0c\0a\0t\0", "n\0c\0 \0-\0", "n\0c\0a\0t\0 \0",
    // PowerShell's UTF-16: `$client`, `$c`.
    "JABjAGwAaQBlAG4AdA", "JABjACAAPQ",
  ]
  static let ignoringCase: [StaticString] = [
    "base64", "b64decode", "tcpclient(", "%2fdev%2f", "dev%2ftcp", "dev\\/tcp", "dev\\/udp", "invoke-conptyshell",
    "invoke-powershelltcp",
    "powercat", "%20-e%20", "%09-e%09", "+-e+", "bash+-i", "bash%20-i",
  ]
  static let set = LiteralSet(exact: exact, ignoringCase: ignoringCase)

  /// In a command more words are taken for leads, too common for memory.
  private static let commandSet = LiteralSet(
    exact: exact + ["/nc\n", "ocket", "OCKET", "connect(", "net.", "Tcp", "TCP", "telnet://", "/dev/"],
    ignoringCase: ignoringCase)

  /// Whether a command may hold or wrap a reverse shell at all.
  static func mayHold(_ command: ByteView) -> Bool { hasLead(command) || CommandLayers.mayHold(command) }

  /// Whether any word stands there without which no matcher speaks.
  static func hasLead(_ command: ByteView) -> Bool {
    var found = false
    commandSet.forEachMatch(in: command) { place, lead in
      guard isPlausible(command, place, lead), !command.slice(place).hasPrefix("/dev/null") else { return place + 1 }
      found = true
      return nil
    }
    return found
  }

  /// A cheap second look at the short words.
  static func isPlausible(_ text: ByteView, _ place: Int, _ lead: Int) -> Bool {
    guard text[place] == 0x6E, text[place + 1] == 0x63 else { return true }
    if text[place + 2] == 0x22 || text[place + 2] == 0x27 {
      // `"nc", "-e"`, `a0="nc" a1="-e"`: the first of a list.
      guard text[place - 1] == text[place + 2] || text[place - 1] == 0x2F else { return false }
      let rest = text.slice(place + 3, place + 12)
      return rest[0] == 0x2C || rest.hasPrefix(").arg") || rest[0] == 0x20 && rest.firstIndex(of: 0x3D) != nil
    }
    // `nc`: a word of its own, with a flag or something like a host behind it.
    var next = place + 3
    while text[next] == 0x20 || text[next] == 0x09, next - place < 16 { next += 1 }
    return !isWordByte(text[place - 1])
      && (isWordByte(text[next]) || isAny(text[next], of: "-$`\"'[") || text[next] == 0x3A && text[next + 1] == 0x3A)
  }

  private static let before = 1024
  private static let after = 8 << 10

  /// The text around a lead: in a log its field; in memory up to what cannot be text. Arguments of a process lie there
  /// with a zero byte between.
  static func region(_ text: ByteView, around place: Int, _ origin: TextOrigin) -> Range<Int> {
    var start = place
    while start > 0, place - start < before, isText(text, start - 1, origin) { start -= 1 }
    var end = place
    while end < text.count, end - place < after, isText(text, end, origin) { end += 1 }
    return start..<max(end, place + 1)
  }

  private static func isText(_ text: ByteView, _ place: Int, _ origin: TextOrigin) -> Bool {
    let byte = text[place]
    // Bytes that no UTF-8 text holds end it too: much of memory is full of them.
    if byte >= 0xF8 || byte == 0xC0 || byte == 0xC1 { return false }
    if byte >= 0x20 && byte != 0x7F || byte == 0x09 || byte == 0x0A || byte == 0x0D { return true }
    guard byte == 0 else { return false }
    return text[place - 1] >= 0x20 && text[place + 1] >= 0x20
  }
}
