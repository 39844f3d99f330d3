import Bytes
import Evidence

/// Finds commands and code that give a shell to another machine, under every wrapping that `CommandLayers` undoes, and says
/// to which host and port.
///
/// Each matcher wants both halves, a connection and a shell that reads from it, so port checks, transfers, relays and
/// certificate look-ups stay quiet.
public struct ReverseShellDetector: LayeredDetector {
  public let version = 11

  public init() {}

  /// Up to this length a command or a field is looked at whole; longer texts around their leads.
  static let wholeLength = 16 << 10
  static let maximumDetections = 1024

  func scan(_ text: ByteView, _ origin: TextOrigin, _ shared: SharedLayers) -> [TextDetection] {
    if text.count <= Self.wholeLength, origin == .command {
      guard shared.whole.hasLead || shared.whole.mayPoll || shared.mayHold else { return [] }
      let found = inspect(text, 0..<text.count, lead: nil, origin, shared)
      return !found.isEmpty && Mention.isAll(of: text) ? [] : found
    }
    var found: [TextDetection] = []
    ReverseShellLeads.set.forEachMatch(in: text) { place, lead in
      guard found.count < Self.maximumDetections else { return nil }
      guard ReverseShellLeads.isPlausible(text, place, lead) else { return place + 1 }
      let range = ReverseShellLeads.region(text, around: place, origin)
      found += inspect(
        text, range, lead: place, origin, SharedLayers(text.slice(range.lowerBound, range.upperBound)))
      return range.upperBound
    }
    return found
  }

  /// Looks at a stretch of text and at everything wrapped in it.
  private func inspect(
    _ text: ByteView, _ range: Range<Int>, lead: Int?, _ origin: TextOrigin, _ shared: SharedLayers
  ) -> [TextDetection] {
    let part = shared.whole.text
    var layers = [CommandLayer(text: part.array, step: "", isRewording: true)]
    var texts = [shared.whole]
    if lead != nil || shared.mayHold {
      layers += shared.unwrapped
      texts += shared.texts
    }
    var best: [ShellMatch] = []
    var layerOf: [Int] = []
    // What starts a wrapped command is named outside of the wrapping.
    let carrier = layers.count > 1 ? ShellText.carrier(part) : nil
    // Where quotes are encoded, code's far end is read out of what happens to stand there, such as the log's own client:
    // the first plainer layer with such a shell says it better.
    var unsure: Int?
    // More than are told cannot be told.
    for (index, layer) in texts.enumerated() where best.count < 8 {
      let (found, isCode) =
        layer.hasLead || layer.mayPoll ? Self.matches(ShellText(layer), mayPoll: layer.mayPoll) : ([], false)
      var matches = found
      if index > 0, let carrier {
        for place in matches.indices where matches[place].language == nil { matches[place].technique = carrier }
      }
      for match in matches {
        if let place = unsure, index > 0, isCode, match.technique == best[place].technique,
          match.isBind == best[place].isBind, match.endpoint.host != nil, !Self.hiddenQuotes.occurs(in: layer.text)
        {
          (best[place], layerOf[place]) = (match, index)
          unsure = nil
          continue
        }
        // The same shell in plainer words, or seen by a second matcher. The one that names more stays.
        if let same = best.firstIndex(where: { Self.isSame($0, match) }) {
          if best[same].endpoint.host == nil && match.endpoint.host != nil { best[same].endpoint = match.endpoint }
          if best[same].endpoint.port == nil { best[same].endpoint.port = match.endpoint.port }
        } else if best.count < 8 {
          best.append(match)
          layerOf.append(index)
          if index == 0, isCode, texts.count > 1, Self.hiddenQuotes.occurs(in: part) { unsure = best.count - 1 }
        }
      }
    }
    return zip(best, layerOf).map { match, layer in
      // Around a lead the region is wide; the line with the shell, or with what wraps it, is what a reader wants.
      let place = lead.map { layer == 0 ? range.lowerBound + match.place : $0 }
      let shown = place.map { Self.line(text, around: $0, in: range) } ?? range
      return detection(match, layers: Array(layers.prefix(layer + 1)), of: text, shown, origin)
    }
  }

  private static let hiddenQuotes = LiteralSet(exact: [
    "%22", "%27", "%5B", "\\x22", "\\x27", "\\u0022", "\\u0027", "&quot;", "&#34", "&#39", "\\\\\"", "\"\"", "'\\''",
    "'\"'\"'",
  ])

  private static func line(_ text: ByteView, around place: Int, in range: Range<Int>) -> Range<Int> {
    var start = place
    while start > range.lowerBound, text[start - 1] != 0x0A, place - start < 1024 { start -= 1 }
    var end = min(max(place, range.lowerBound), range.upperBound)
    while end < range.upperBound, text[end] != 0x0A, end - place < 4096 { end += 1 }
    return min(start, end)..<end
  }

  private static func isSame(_ one: ShellMatch, _ other: ShellMatch) -> Bool {
    let sameHost = one.endpoint.host == nil || other.endpoint.host == nil || one.endpoint.host == other.endpoint.host
    let samePort = one.endpoint.port == nil || other.endpoint.port == nil || one.endpoint.port == other.endpoint.port
    return sameHost && samePort && one.isBind == other.isBind
  }

  /// - Returns: what is seen, and whether it is code, of which no more than one is told.
  private static func matches(_ shell: ShellText, mayPoll: Bool) -> (found: [ShellMatch], isCode: Bool) {
    var found = DevTCPMatcher.matches(shell)
    found += NetcatMatcher.matches(shell)
    found += RelayMatcher.matches(shell)
    if found.isEmpty, mayPoll { found = PollMatcher.matches(shell) }
    return found.isEmpty ? (ScriptMatcher.matches(shell), true) : (found, false)
  }

  private func detection(
    _ match: ShellMatch, layers: [CommandLayer], of text: ByteView, _ range: Range<Int>, _ origin: TextOrigin
  ) -> TextDetection {
    let host = match.endpoint.host
    let place = "\(host ?? "an unnamed host")\(match.endpoint.port.map { ":\($0)" } ?? "")"
    let message =
      match.isBind
      ? "Bind shell (\(match.language ?? match.technique)) waiting on port \(match.endpoint.port.map { String($0) } ?? "unnamed")"
      : "Reverse shell (\(match.language ?? match.technique)) to \(place) over \(match.transport)"
    // In memory or a log the text may be anyone's words about a shell; as a command it was meant.
    // A loop that only fetches and runs may be somebody's way of rolling out settings.
    let severity: Severity = origin == .command && match.sends != false ? .high : .medium
    let raw = text.slice(range.lowerBound, min(range.upperBound, range.lowerBound + 4096)).string
    var detection = TextDetection(
      match.isBind ? .bindShell : .reverseShell,
      rule: match.isBind ? "bind-shell.command-line" : "reverse-shell.command-line",
      title: match.isBind ? "Bind shell command" : "Reverse shell command", severity: severity,
      confidence: match.endpoint.port == nil && !match.isBind ? .medium : .high, attack: Self.attack(match),
      range: range, raw: raw,
      message: layers.count > 1 && layers.contains { !$0.isRewording } ? message + ", wrapped" : message)
    detection.technique = match.technique
    detection.host = host
    detection.port = match.endpoint.port
    detection.decoded = layers.last.map { String(decoding: $0.text.prefix(4096), as: UTF8.self) }
    detection.commands = layers.dropFirst().filter { !$0.isRewording }.map {
      String(decoding: $0.text.prefix(4096), as: UTF8.self)
    }
    detection.steps = layers.dropFirst().map { "\($0.step): \(String(decoding: $0.text.prefix(512), as: UTF8.self))" }
    return detection
  }

  private static func attack(_ match: ShellMatch) -> [String] {
    let interpreter =
      switch match.technique {
      case "python": "T1059.006"
      case "powershell", "conpty": "T1059.001"
      case "node": "T1059.007"
      case "perl", "ruby", "php", "lua", "awk", "tcl", "r": "T1059"
      default: "T1059.004"
      }
    return [interpreter, match.sends == nil ? "T1095" : "T1071.001"]
  }
}
