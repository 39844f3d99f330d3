import Bytes

/// Finds where a piece of code connects to: the arguments of its connecting call, through variables where it uses them.
enum CodeEndpoints {
  enum Token {
    case string(ByteView)
    case number(ByteView)
    case name(ByteView)
  }

  /// How far the arguments may lie from the call's name.
  static let reach = 240

  /// - Parameter places: of connecting calls, best first.
  static func find(_ shell: ShellText, from places: [Int]) -> Endpoint {
    var best = Endpoint(host: nil, port: nil)
    // C says the port on its own.
    let named = shell.text.firstIndex(of: ByteView("htons(")).flatMap { Self.port(shell, from: $0) }
    for place in places {
      if var endpoint = CallArguments.endpoint(shell, from: place) {
        if let named { endpoint.port = named }
        return endpoint
      }
      var endpoint = arguments(shell, tokens(shell.text.slice(place, place + reach)))
      if let named { endpoint.port = named }
      if endpoint.host != nil, endpoint.port != nil { return endpoint }
      if best.host == nil, best.port == nil { best = endpoint }
    }
    // A call on fields or parameters: what the text assigns to names that speak of a host and a port.
    let variables = shell.variables
    let host = variables.first(named: ["host", "ip", "addr", "server", "target"], where: Endpoint.isPlainHost)
    let port = variables.first(named: ["port"]) { Endpoint.port($0) != nil }.flatMap {
      $0.withView { Endpoint.port($0) }
    }
    if let host, let port {
      return Endpoint(host: best.host ?? host, port: best.host == nil ? port : best.port ?? port)
    }
    // Or a host in quotes with a number behind it anywhere: `new Shell('203.0.113.66', 4444)`.
    let anywhere = literal(shell)
    if anywhere.port != nil { return anywhere }
    // A number in the call may be a timeout; without anything better it is taken for the port.
    return Endpoint(host: best.host ?? host ?? anywhere.host, port: port ?? best.port)
  }

  /// The port that a listening call names.
  static func port(_ shell: ShellText, from place: Int) -> Int? {
    for token in tokens(shell.text.slice(place, place + reach)) {
      switch token {
      case .number(let text), .string(let text):
        if let port = Endpoint.port(text), text.array.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) { return port }
        if case .string = token, let pair = Endpoint.pair(text) { return pair.port }
      case .name(let name):
        if let port = shell.variables[name.string]?.withView({ Endpoint.port($0) }) { return port }
      }
    }
    return nil
  }

  private static func arguments(_ shell: ShellText, _ tokens: [Token]) -> Endpoint {
    var host: String?
    var port: Int?
    func take(_ word: ByteView, quoted: Bool) {
      // `"tcp://$host:$port"`
      if quoted, host == nil, let dollar = word.firstIndex(of: 0x24), let colon = word.lastIndex(of: 0x3A),
        colon > dollar
      {
        let pair = shell.endpoint(word.slice(dollar, colon), word.slice(colon + 1))
        if let name = pair.host, name.withView(Endpoint.isPlainHost) { (host, port) = (name, pair.port ?? port) }
      }
      var text = word
      // PHP's transports: `tcp://203.0.113.66`.
      if quoted, let slashes = word.slice(0, 8).firstIndex(of: ByteView("://")) { text = word.slice(slashes + 3) }
      if host == nil, quoted || text.firstIndex(of: 0x2E) != nil, Endpoint.isPlainHost(text) {
        host = text.string
      } else if let pair = Endpoint.pair(text), host == nil, let name = pair.host, name.withView(Endpoint.isPlainHost) {
        host = name
        port = pair.port
      } else if port == nil, text.count <= 5, let number = Endpoint.port(text),
        text.array.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 })
      {
        port = number
      }
    }
    for token in tokens where host == nil || port == nil {
      switch token {
      case .string(let text):
        take(text, quoted: true)
        // `os.getenv("RHOST")`
        if text.count <= 32, let value = shell.variables[text.string] { value.withView { take($0, quoted: true) } }
      case .number(let text): take(text, quoted: false)
      case .name(let name):
        guard name.count <= 64, let value = shell.variables[name.string] else { continue }
        value.withView { take($0, quoted: true) }
      }
    }
    return Endpoint(host: host, port: port)
  }

  private static func literal(_ shell: ShellText) -> Endpoint {
    var fallback = Endpoint(host: nil, port: nil)
    let tokens = tokens(shell.text)
    for (index, token) in tokens.enumerated() {
      guard case .string(let text) = token else { continue }
      let isHost = Endpoint.isPlainHost(text)
      guard isHost || Endpoint.pair(text)?.host?.withView(Endpoint.isPlainHost) == true else { continue }
      let endpoint = arguments(shell, Array(tokens[index..<min(index + 3, tokens.count)]))
      if endpoint.port != nil { return endpoint }
      if fallback.host == nil, text.array.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 || $0 == 0x2E }) { fallback = endpoint }
    }
    return fallback
  }

  /// Strings, numbers and names in order. A backslash before a quote belongs to the quote: code within code.
  static func tokens(_ text: ByteView) -> [Token] {
    var tokens: [Token] = []
    var place = 0
    while place < text.count, tokens.count < 4096 {
      let byte = text[place]
      if byte == 0x22 || byte == 0x27 {
        var end = place + 1
        // A string with the other quote in it is code in a shell's quotes.
        let other: UInt8 = byte == 0x22 ? 0x27 : 0x22
        while end < text.count, text[end] != byte, text[end] != 0x5C, text[end] != 0x0A, end - place < 256,
          text[end] != other
        {
          end += 1
        }
        if text[end] == byte || text[end] == 0x5C && text[end + 1] == byte {
          tokens.append(.string(text.slice(place + 1, end)))
          // The end of one string may be the start of the next where quotes do not pair up: only a short string is skipped.
          place = text[end] == byte ? end + 1 : end + 2
        } else {
          place += 1
        }
      } else if isWordByte(byte) {
        var end = place
        while end < text.count, isWordByte(text[end]) { end += 1 }
        let isNumber = byte >= 0x30 && byte <= 0x39
        if isNumber, text[end] == 0x2E, text[end + 1] >= 0x30, text[end + 1] <= 0x39 {
          // An address without quotes.
          while end < text.count, isWordByte(text[end]) || text[end] == 0x2E { end += 1 }
          tokens.append(.string(text.slice(place, end)))
        } else if !isNumber {
          tokens.append(.name(text.slice(place, end)))
        } else if text[place - 1] != 0x5B || text[end] != 0x5D {
          // `argv[2]` is no number of a port's.
          tokens.append(.number(text.slice(place, end)))
        }
        place = max(end, place + 1)
      } else {
        place += 1
      }
    }
    return tokens
  }
}
