import Bytes
import Foundation

/// The output of the `yara` command, line by line, so that the two can be compared with `diff`.
public struct YaraCommand: Sendable {
  /// `-s`: matching strings.
  public var showsStrings = false
  /// `-L`: their lengths.
  public var showsLengths = false
  /// `-e`: namespaces.
  public var showsNamespaces = false
  /// `-g`: tags.
  public var showsTags = false
  /// `-m`: metas.
  public var showsMetas = false

  public init() {}

  /// The command compiles every file into one namespace and leaves externals to `-d`.
  public static func compile(
    _ paths: [String], definitions: [(name: String, value: String)] = [], read: (String) -> [UInt8]?
  ) -> (rules: YaraRules?, diagnostics: [RuleDiagnostic]) {
    var compiler = YaraCompiler(root: nil)
    compiler.definitions = definitions
    var units: [(namespace: String, path: String, text: [UInt8])] = []
    for path in paths {
      guard let text = read(path) else { return (nil, [RuleDiagnostic(.error, file: path, "cannot be read")]) }
      units.append((namespace: "default", path: path, text: text))
    }
    compiler.root = paths.count == 1 ? realPath(paths[0]).map { ($0 as NSString).deletingLastPathComponent } : nil
    return compiler.compile(units)
  }

  /// What the command prints of one file.
  public func lines(_ result: YaraScanner.Result, path: String) -> [String] {
    var lines: [String] = []
    for match in result.matches {
      var line = showsNamespaces ? "\(match.rule.namespace):" : ""
      line += match.rule.name + " "
      if showsTags { line += "[\(match.rule.tags.joined(separator: ","))] " }
      if showsMetas { line += "[\(match.rule.metas.map { Self.meta($0) }.joined(separator: ","))] " }
      lines.append(line + path)
      guard showsStrings || showsLengths else { continue }
      for string in match.strings {
        let length = showsLengths ? "\(string.length):" : ""
        lines.append(
          "0x\(String(string.offset, radix: 16)):\(length)\(string.identifier)"
            + (showsStrings ? ": " + Self.data(string) : ""))
      }
    }
    return lines
  }

  private static func data(_ string: YaraStringMatch) -> String {
    guard string.isHexadecimal else { return YaraDetector.printable(string.data) }
    let digits = Array("0123456789ABCDEF".utf8)
    var text: [UInt8] = []
    for byte in string.data.prefix(64) {
      if !text.isEmpty { text.append(0x20) }
      text.append(contentsOf: [digits[Int(byte >> 4)], digits[Int(byte & 15)]])
    }
    return String(decoding: text, as: UTF8.self) + (string.data.count > 64 ? " ..." : "")
  }

  private static func meta(_ meta: YaraRuleInfo.Meta) -> String {
    switch meta.value {
    // The blank is the command's own.
    case .integer(let number): "\(meta.name) =\(number)"
    case .flag(let flag): "\(meta.name)=\(flag)"
    case .text(let text): "\(meta.name)=\"\(quoted(text))\""
    }
  }

  /// The command's own escapes inside a quoted meta.
  private static func quoted(_ text: String) -> String {
    var out = ""
    for byte in text.utf8 {
      switch byte {
      case 0x22, 0x27, 0x5C: out += "\\" + String(UnicodeScalar(byte))
      case 0x07...0x0D: out += "\\" + String(UnicodeScalar(Array("abtnvfr".utf8)[Int(byte) - 7]))
      case ..<0x20, 0x7F...:
        let octal = String(byte, radix: 8)
        out += "\\" + String(repeating: "0", count: 3 - octal.count) + octal
      default: out.unicodeScalars.append(UnicodeScalar(byte))
      }
    }
    return out
  }
}
