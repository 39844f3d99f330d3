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
    // By name: asking each whether it shares layers costs more than most texts.
    let layers = SharedLayers(text)
    let found =
      log4Shell.scan(text, origin) + reverseShell.scan(text, origin, layers) + behaviour.scan(text, origin, layers)
    if found.isEmpty { return found }
    return found.sorted { ($0.range.lowerBound, $0.rule) < ($1.range.lowerBound, $1.rule) }
  }
}

/// A detector that looks into the layers of a command, which it shares with others.
protocol LayeredDetector: TextDetector {
  func scan(_ text: ByteView, _ origin: TextOrigin, _ layers: SharedLayers) -> [TextDetection]
}

extension LayeredDetector {
  public func scan(_ text: ByteView, _ origin: TextOrigin) -> [TextDetection] { scan(text, origin, SharedLayers(text)) }
}
