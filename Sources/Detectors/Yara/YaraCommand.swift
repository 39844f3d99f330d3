import Bytes
import CYara
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

  /// The command compiles a file into one namespace and leaves externals to `-d`.
  ///
  /// - Parameters:
  ///   - runsAll: whether there are objects on which all rules are run together.
  ///   - read: reads the file; what it includes must lie beside or below it.
  static func compile(
    _ path: String, definitions: [(name: String, value: String)] = [], cache: RuleCache? = nil, runsAll: Bool = true,
    read: (String) -> [UInt8]?
  ) -> (rules: YaraRules?, source: YaraSource?, diagnostics: [RuleDiagnostic]) {
    guard let text = read(path) else { return (nil, nil, [RuleDiagnostic(.error, file: path, "cannot be read")]) }
    let real = realPath(path)
    let root = real.map { ($0 as NSString).deletingLastPathComponent }
    var compiler = YaraCompiler(root: root)
    compiler.definitions = definitions
    let source = YaraSource(path: real ?? path, text: text, namespace: "default")
    let compiled = compiler.compile([source], cache: cache, runsAll: runsAll)
    return (
      compiled.rules, compiled.sources.first.map { YaraIncludes(root: root).flattened($0) }, compiled.diagnostics
    )
  }

  /// An engine for such rules, which finds what the command finds.
  public static func engine(
    _ path: String, definitions: [(name: String, value: String)] = [], cache: RuleCache? = nil, runsAll: Bool = true,
    read: (String) -> [UInt8]?
  ) throws(YaraError) -> (engine: YaraEngine?, diagnostics: [RuleDiagnostic]) {
    let (rules, source, diagnostics) = compile(
      path, definitions: definitions, cache: cache, runsAll: runsAll, read: read)
    guard let rules, let source else { return (nil, diagnostics) }
    let engine = try YaraEngine(
      rules, sources: [source], directory: nil, definitions: definitions)
    return (engine, diagnostics)
  }

  /// An engine for rules that `yarac` compiled; it runs them all, over the whole object.
  ///
  /// - Throws: `compiledFile` also for a definition of what the rules do not know, or know as another kind of value.
  public static func engine(
    compiled path: String, definitions: [(name: String, value: String)] = []
  ) throws(YaraError) -> YaraEngine {
    let rules = try YaraRules(compiled: path)
    let pointer = try rules.handle.pointer()
    for (name, value) in definitions {
      let code =
        switch YaraDefinition(value) {
        case .flag(let flag): yr_rules_define_boolean_variable(pointer, name, flag ? 1 : 0)
        case .integer(let number): yr_rules_define_integer_variable(pointer, name, number)
        case .number(let number): yr_rules_define_float_variable(pointer, name, number)
        case .text(let text): yr_rules_define_string_variable(pointer, name, text)
        }
      guard code == ERROR_SUCCESS else {
        throw YaraError(.compiledFile, "\(path): -d \(name)=\(value): \(YaraLibrary.words(code))")
      }
    }
    return try YaraEngine(rules, sources: [], directory: nil)
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
        let length = showsLengths ? "\(min(string.length, Self.mostShown)):" : ""
        lines.append(
          "0x\(String(string.offset, radix: 16)):\(length)\(string.identifier)"
            + (showsStrings ? ": " + Self.data(string) : ""))
      }
    }
    return lines
  }

  /// The command keeps no more of a match, and prints how much it kept.
  private static let mostShown = 512

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
