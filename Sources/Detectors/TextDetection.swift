import Bytes
import Evidence

/// What a text detector saw in a piece of text: a log field, a command line, a stretch of memory.
public struct TextDetection: Hashable, Sendable {
  public enum Kind: String, Sendable {
    case log4shell, reverseShell = "revshell", bindShell = "bindshell", behaviour
  }

  public var kind: Kind
  /// Stable rule name: `log4shell.jndi-lookup`, `reverse-shell.command-line`, `behaviour.metadata-credentials` …
  public var rule: String
  public var title: String
  public var severity: Severity
  public var confidence: Confidence
  public var attack: [String]
  /// In the text that was scanned.
  public var range: Range<Int>
  /// The text as it stood there (cut to a few KiB).
  public var raw: String
  /// One sentence with the facts.
  public var message: String
  /// Log4Shell: ldap, rmi, dns …
  public var scheme: String?
  public var host: String?
  public var port: Int?
  public var path: String?
  /// Log4Shell: names of secrets that the lookup would send (`AWS_SECRET_ACCESS_KEY`).
  public var leaks: [String] = []
  /// Reverse shells: `bash-dev-tcp`, `nc-exec`, `python-socket` …
  public var technique: String?
  /// The payload in its normal form, every encoding undone.
  public var decoded: String?
  /// The commands that were wrapped inside, outermost first.
  public var commands: [String] = []
  /// Each decoding step in words and its result, for an analyst to follow.
  public var steps: [String] = []

  public init(
    _ kind: Kind, rule: String, title: String, severity: Severity, confidence: Confidence = .high, attack: [String],
    range: Range<Int>, raw: String, message: String
  ) {
    self.kind = kind
    self.rule = rule
    self.title = title
    self.severity = severity
    self.confidence = confidence
    self.attack = attack
    self.range = range
    self.raw = raw
    self.message = message
  }
}

/// A detector over plain bytes of any origin. A value without state: safe to share, linear in the length of the text.
public protocol TextDetector: Sendable {
  /// Part of every result's key.
  var version: Int { get }

  /// Everything of its kind in the text, in order. Must look for a rare literal first and return at once where there is
  /// none: nearly all text holds nothing.
  func scan(_ text: ByteView, _ origin: TextOrigin) -> [TextDetection]
}

/// Where a text comes from decides how much of a hint is enough.
public enum TextOrigin: Sendable {
  /// A whole command as it was run or typed.
  case command
  /// A field of a log record.
  case logField
  /// Any bytes: memory, an unknown file; the text begins and ends anywhere.
  case bytes
}
