import Bytes

/// The text detectors, together.
public enum TextDetectors {
  public static let all: [any TextDetector] = [log4Shell, reverseShell, behaviour]

  private static let log4Shell = Log4ShellDetector()
  private static let reverseShell = ReverseShellDetector()
  private static let behaviour = BehaviourDetector()

  /// The versions of all: part of every result's key.
  public static var version: String { all.map { "\(type(of: $0))\($0.version)" }.joined(separator: ",") }

  /// Everything that any of them sees in a text, by place. Each makes one pass for its rare literals, several GB/s where
  /// there is nothing; so big stretches of memory may be given whole. Ranges are places in `text`.
  public static func scan(_ text: ByteView, _ origin: TextOrigin) -> [TextDetection] {
    var found = log4Shell.scan(text, origin)
    // Who looks for attempts names them.
    if origin == .command, !found.isEmpty, Mention.isAll(of: text) {
      for place in found.indices { found[place].severity = .informational }
    }
    if origin == .command, let short = Repeats.removed(from: text), short.count <= ReverseShellDetector.wholeLength {
      found += short.withView { acts($0, origin, wrapped: found.isEmpty) }.map { one in
        var one = one
        one.range = 0..<text.count
        one.raw = text.slice(0, 4096).string
        return one
      }
    } else {
      found += acts(text, origin, wrapped: found.isEmpty)
    }
    if found.isEmpty { return found }
    return found.sorted { ($0.range.lowerBound, $0.rule) < ($1.range.lowerBound, $1.rule) }
  }

  /// What is done, and what is wrapped in it.
  private static func acts(_ text: ByteView, _ origin: TextOrigin, wrapped looksInside: Bool) -> [TextDetection] {
    // By name: asking each whether it shares layers costs more than most texts.
    let layers = SharedLayers(text)
    let found = looksInside && origin == .command ? wrapped(text, layers) : []
    return found + reverseShell.scan(text, origin, layers) + behaviour.scan(text, origin, layers)
  }

  /// Log4Shell payloads in what a command wraps: `echo … | base64 -d | curl -d @-`, to any depth.
  private static func wrapped(_ text: ByteView, _ layers: SharedLayers) -> [TextDetection] {
    guard layers.mayHold else { return [] }
    for (index, layer) in layers.unwrapped.enumerated() {
      // Layers come one for each wrapping, so in one of them a payload stands as it is.
      let opens = layer.text.withView { text in
        text.contains("${") && (text.firstIndex(of: 0x6A) != nil || text.firstIndex(of: 0x4A) != nil)
      }
      var found = opens ? layer.text.withView { log4Shell.scan($0, .command) } : []
      if found.isEmpty { continue }
      let steps = layers.unwrapped[...index].map {
        "\($0.step): \(String(decoding: $0.text.prefix(512), as: UTF8.self))"
      }
      for place in found.indices {
        found[place].range = 0..<text.count
        found[place].raw = text.slice(0, 4096).string
        found[place].steps = steps + found[place].steps
      }
      return found
    }
    return []
  }
}

/// A detector that looks into the layers of a command, which it shares with others.
protocol LayeredDetector: TextDetector {
  func scan(_ text: ByteView, _ origin: TextOrigin, _ layers: SharedLayers) -> [TextDetection]
}

extension LayeredDetector {
  public func scan(_ text: ByteView, _ origin: TextOrigin) -> [TextDetection] { scan(text, origin, SharedLayers(text)) }
}
