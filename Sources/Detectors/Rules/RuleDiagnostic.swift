/// What is wrong with a rule file, in words its author can act on.
public struct RuleDiagnostic: Hashable, Sendable, CustomStringConvertible {
  public enum Level: String, Sendable {
    /// The rule works, and could work better (`string "$a" may slow down scanning`).
    case warning
    /// The file, or the rule, is left out.
    case error
  }

  public var level: Level
  /// As it was given, or relative to the rules directory.
  public var file: String
  /// From 1; nil where the reader could not say.
  public var line: Int?
  /// The rule's name or title, where it is known.
  public var rule: String?
  public var message: String

  public init(_ level: Level, file: String, line: Int? = nil, rule: String? = nil, _ message: String) {
    self.level = level
    self.file = file
    self.line = line
    self.rule = rule
    self.message = message
  }

  /// `web/shells.yar:12: error: syntax error, unexpected identifier (rule "x")`
  public var description: String {
    let place = line.map { "\(file):\($0)" } ?? file
    return "\(place): \(level.rawValue): \(message)" + (rule.map { " (rule \"\($0)\")" } ?? "")
  }
}
