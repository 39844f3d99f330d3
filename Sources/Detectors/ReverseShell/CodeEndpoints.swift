import Bytes

/// Finds where a piece of code connects to: the arguments of its connecting call, through variables where it uses them.
enum CodeEndpoints {
  /// How far the arguments may lie from the call's name.
  static let reach = 240

  /// - Parameter places: of connecting calls, best first.
  static func find(_ shell: ShellText, from places: [Int]) -> Endpoint {
    var best = Endpoint(host: nil, port: nil)
    for place in places {
      let (endpoint, isSure) = shell.called(at: place)
      if isSure || endpoint.host != nil && endpoint.port != nil { return endpoint }
      if best.host == nil, best.port == nil { best = endpoint }
    }
    let (host, port) = shell.assigned
    if let host, let port {
      return Endpoint(host: best.host ?? host, port: best.host == nil ? port : best.port ?? port)
    }
    // Or a host in quotes with a number behind it anywhere: `new Shell('203.0.113.66', 4444)`.
    let anywhere = shell.literalEndpoint
    if anywhere.port != nil { return anywhere }
    // A number in the call may be a timeout; without anything better it is taken for the port.
    return Endpoint(host: best.host ?? host ?? anywhere.host, port: port ?? best.port)
  }

  /// What a call is given, whatever the language; sure where the call's own form says which is which.
  static func called(_ shell: ShellText, at place: Int) -> (endpoint: Endpoint, isSure: Bool) {
    if var endpoint = CallArguments.endpoint(shell, from: place) {
      endpoint.port = shell.namedPort ?? endpoint.port
      return (endpoint, true)
    }
    var endpoint = arguments(shell, CodeTokens(CallArguments.call(shell.text, from: place, reach: reach)))
    if endpoint.host == nil || endpoint.port == nil {
      // Or what stands soon behind, if a host is there: a number alone may be any, such as a timeout.
      let text = shell.text.slice(place, place + reach)
      let beside = endpoint.host == nil ? literal(shell, in: text) : endpoint
      let near = beside.port != nil && beside.host != nil ? beside : arguments(shell, CodeTokens(text))
      if near.host != nil { endpoint = near }
    }
    endpoint.port = shell.namedPort ?? endpoint.port
    return (endpoint, false)
  }

  /// C says the port on its own.
  static func namedPort(_ shell: ShellText) -> Int? {
    shell.text.firstIndex(of: ByteView("htons(")).flatMap { place in
      port(shell, in: CallArguments.call(shell.text, from: place, reach: reach))
    }
  }

  /// A call on fields or parameters: what the text assigns to names that speak of a host and a port.
  static func assigned(_ shell: ShellText) -> (host: String?, port: Int?) {
    let variables = shell.variables
    let port = variables.first(named: ["port"]) { Endpoint.port($0) != nil }.flatMap {
      $0.withView { Endpoint.port($0) }
    }
    return (host(variables), port)
  }

  private static func host(_ variables: Variables) -> String? {
    if let host = variables.first(named: ["host", "addr", "server", "target"], where: Endpoint.isPlainHost) {
      return host
    }
    if let host = variables[ByteView("ip")], host.withView(Endpoint.isPlainHost) { return host }
    // `pipe` and `script` have an `ip` in them too.
    return variables.first(named: ["ip"]) { Endpoint.isPlainHost($0) && !$0.isEmpty && $0[$0.count - 1] <= 0x39 }
  }

  /// The port that a listening call names.
  static func port(_ shell: ShellText, from place: Int) -> Int? {
    port(shell, in: shell.text.slice(place, place + reach))
  }

  private static func port(_ shell: ShellText, in text: ByteView) -> Int? {
    for token in CodeTokens(text) {
      switch token {
      case .number(let text), .string(let text):
        if let port = Endpoint.port(text), text.array.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) { return port }
        guard case .string = token else { continue }
        if let pair = Endpoint.pair(text) { return pair.port }
        // `os.getenv("LPORT")`
        if text.count <= 32, let port = shell.variables[text]?.withView({ Endpoint.port($0) }) { return port }
      case .name(let name):
        if let port = shell.variables[name]?.withView({ Endpoint.port($0) }) { return port }
      }
    }
    return nil
  }

  private static func arguments(_ shell: ShellText, _ tokens: some Sequence<CodeTokens.Token>) -> Endpoint {
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
        if text.count <= 32, let value = shell.variables[text] { value.withView { take($0, quoted: true) } }
      case .number(let text): take(text, quoted: false)
      case .name(let name):
        guard name.count <= 64, let value = shell.variables[name] else { continue }
        value.withView { take($0, quoted: true) }
      }
    }
    return Endpoint(host: host, port: port)
  }

  /// Tcl's `[socket -async host port]` has no quotes, and its variables are `set`.
  static func tcl(_ shell: ShellText, from places: [Int]) -> Endpoint? {
    for place in places {
      let text = shell.text.slice(place, place + reach)
      var end = 0
      while end < text.count, !isAny(text[end], of: "];\n") { end += 1 }
      var words = text.slice(0, end).words(limit: 10).dropFirst()
      while let flag = words.first, flag[0] == 0x2D { words = words.dropFirst(flag == "-async" ? 1 : 2) }
      guard words.count >= 2, let host = words.first, let port = words.dropFirst().first else { continue }
      let endpoint = shell.endpoint(host, port)
      if endpoint.host != nil, endpoint.port != nil { return endpoint }
    }
    return nil
  }

  /// The first host in quotes with a number behind it.
  static func literal(_ shell: ShellText, in text: ByteView) -> Endpoint {
    var fallback = Endpoint(host: nil, port: nil)
    var tokens = CodeTokens.strings(text)
    while let token = tokens.next() {
      guard case .string(let text) = token else { continue }
      // Most strings have nothing of a host: asked first, as it costs least.
      guard text.firstIndex(of: 0x2E) != nil || text.firstIndex(of: 0x3A) != nil || text == "localhost" else {
        continue
      }
      let isHost = Endpoint.isPlainHost(text)
      guard isHost || Endpoint.pair(text)?.host?.withView(Endpoint.isPlainHost) == true else { continue }
      let endpoint = arguments(shell, tokens.again.prefix(3))
      if endpoint.port != nil { return endpoint }
      if fallback.host == nil, text.array.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 || $0 == 0x2E }) { fallback = endpoint }
    }
    return fallback
  }
}
