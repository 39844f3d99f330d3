import CYara
import Foundation

/// Compiles YARA files so that a broken one fails alone, with file, line and words.
public struct YaraCompiler {
  /// The externals that public rule sets expect, all text. Defined empty at compile time; a scan sets them.
  public static let externals = ["filename", "filepath", "extension", "filetype", "owner"]

  /// `include` may name files in here only; nil forbids it.
  public var root: String?

  /// Further externals, as `yara -d` defines them: `true`/`false`, whole numbers, fractions, else text.
  public var definitions: [(name: String, value: String)] = []

  /// Names of namespaces: the file's path, or `default` for all as the `yara` command does.
  public var isolatesFiles = true

  public init(root: String? = nil) { self.root = root }

  /// Compiles the sources together, each in a namespace of its own.
  ///
  /// First all in one go; only when that fails, each alone to find the broken ones, then the rest again: a set without
  /// errors costs one compilation, a set with errors at most three.
  ///
  /// - Returns: nil rules when the library does not start or nothing is left to compile.
  public func compile(_ sources: [YaraSource]) -> (rules: YaraRules?, diagnostics: [RuleDiagnostic]) {
    let whole = compileTogether(sources)
    if let rules = whole.rules { return (rules, whole.diagnostics) }
    if YaraLibrary.started != ERROR_SUCCESS || sources.isEmpty { return whole }
    var diagnostics: [RuleDiagnostic] = []
    let good = sources.filter { source in
      let alone = compileTogether([source])
      if alone.rules == nil { diagnostics += alone.diagnostics }
      return alone.rules != nil
    }
    if good.isEmpty { return (nil, diagnostics) }
    let rest = compileTogether(good)
    return (rest.rules, diagnostics + rest.diagnostics)
  }

  private func compileTogether(_ sources: [YaraSource]) -> (rules: YaraRules?, diagnostics: [RuleDiagnostic]) {
    compile(sources.map { (namespace: isolatesFiles ? $0.path : "default", path: $0.path, text: $0.text) })
  }

  /// One compilation; nil rules at the first file with an error.
  func compile(_ units: [(namespace: String, path: String, text: [UInt8])]) -> (
    rules: YaraRules?, diagnostics: [RuleDiagnostic]
  ) {
    let failed = { (words: String) in
      (nil as YaraRules?, [RuleDiagnostic(.error, file: units.first?.path ?? "", words)])
    }
    guard YaraLibrary.started == ERROR_SUCCESS else { return failed(YaraLibrary.words(YaraLibrary.started)) }
    var created: UnsafeMutablePointer<YR_COMPILER>?
    let code = yr_compiler_create(&created)
    guard code == ERROR_SUCCESS, let compiler = created else { return failed(YaraLibrary.words(code)) }
    defer { yr_compiler_destroy(compiler) }

    let state = CompilerState(root: root)
    let user = Unmanaged.passUnretained(state).toOpaque()
    yr_compiler_set_callback(compiler, noteDiagnostic, user)
    yr_compiler_set_include_callback(compiler, readInclude, freeInclude, user)
    yr_compiler_set_re_ast_callback(compiler, notePattern, user)
    define(compiler)
    return withExtendedLifetime(state) {
      for unit in units {
        state.path = unit.path
        state.namespace = unit.namespace
        let errors = add(unit.text, namespace: unit.namespace, path: unit.path, to: compiler)
        if errors != 0 {
          if !state.diagnostics.contains(where: { $0.level == .error }) {
            state.diagnostics.append(RuleDiagnostic(.error, file: unit.path, "cannot be compiled"))
          }
          return (nil, state.diagnostics)
        }
      }
      var handle: UnsafeMutablePointer<YR_RULES>?
      let code = yr_compiler_get_rules(compiler, &handle)
      guard code == ERROR_SUCCESS, let handle else { return failed(YaraLibrary.words(code)) }
      return (YaraRules(owning: handle, patterns: state.patterns), state.diagnostics)
    }
  }

  private func define(_ compiler: UnsafeMutablePointer<YR_COMPILER>) {
    for name in Self.externals where !definitions.contains(where: { $0.name == name }) {
      yr_compiler_define_string_variable(compiler, name, "")
    }
    for (name, value) in definitions {
      if value == "true" || value == "false" {
        yr_compiler_define_boolean_variable(compiler, name, value == "true" ? 1 : 0)
      } else if let number = Int64(value) {
        yr_compiler_define_integer_variable(compiler, name, number)
      } else if let number = Double(value) {
        yr_compiler_define_float_variable(compiler, name, number)
      } else {
        yr_compiler_define_string_variable(compiler, name, value)
      }
    }
  }

  /// Through a FILE over the bytes at hand, because only so does libyara tell messages and includes which file is meant.
  private func add(
    _ text: [UInt8], namespace: String, path: String, to compiler: UnsafeMutablePointer<YR_COMPILER>
  ) -> Int32 {
    // fmemopen refuses an empty buffer; a blank line holds as many rules.
    var bytes = text.isEmpty ? [0x0A] : text
    return bytes.withUnsafeMutableBytes { buffer in
      guard let file = fmemopen(buffer.baseAddress, buffer.count, "r") else { return 1 }
      defer { fclose(file) }
      return yr_compiler_add_file(compiler, file, namespace, path)
    }
  }
}

/// What the C callbacks need, handed to them as user data.
private final class CompilerState {
  let root: String?
  var path = ""
  var namespace = ""
  var diagnostics: [RuleDiagnostic] = []
  var patterns: [YaraRules.Key: [YaraPattern]] = [:]

  init(root: String?) { self.root = root }
}

/// What the compiler shows of a regular expression or hex string.
struct YaraPattern: Sendable {
  /// Plain alternatives, one of which every match holds, before the string's modifiers; nil where nothing can be said.
  var alternatives: [[UInt8]]?
  var isCaseless: Bool
}

private func notePattern(
  rule: UnsafePointer<YR_RULE>?, string: UnsafePointer<CChar>?, tree: UnsafePointer<RE_AST>?,
  user: UnsafeMutableRawPointer?
) {
  guard let user, let rule, let tree, let root = shim_re_root(tree) else { return }
  let state = Unmanaged<CompilerState>.fromOpaque(user).takeUnretainedValue()
  let key = YaraRules.Key(namespace: state.namespace, name: YaraRules.text(shim_rule_name(rule)))
  state.patterns[key, default: []].append(
    YaraPattern(
      alternatives: YaraLiteralFinder.alternatives(of: root),
      isCaseless: shim_re_flags(tree) & UInt32(RE_FLAGS_NO_CASE) != 0))
}

/// A source with more complaints than this repeats itself.
private let maximumDiagnostics = 1000

private func noteDiagnostic(
  level: Int32, file: UnsafePointer<CChar>?, line: Int32, rule: UnsafePointer<YR_RULE>?,
  message: UnsafePointer<CChar>?, user: UnsafeMutableRawPointer?
) {
  guard let user else { return }
  let state = Unmanaged<CompilerState>.fromOpaque(user).takeUnretainedValue()
  guard state.diagnostics.count < maximumDiagnostics else { return }
  state.diagnostics.append(
    RuleDiagnostic(
      level == YARA_ERROR_LEVEL_WARNING ? .warning : .error, file: file.map { String(cString: $0) } ?? state.path,
      line: line > 0 ? Int(line) : nil, rule: rule.flatMap { shim_rule_name($0) }.map { String(cString: $0) },
      YaraRules.text(message)))
}

/// A larger rule file than this is no rule file.
let maximumRuleFileSize = 16 << 20

private func readInclude(
  name: UnsafePointer<CChar>?, caller: UnsafePointer<CChar>?, namespace: UnsafePointer<CChar>?,
  user: UnsafeMutableRawPointer?
) -> UnsafePointer<CChar>? {
  guard let user, let name else { return nil }
  let state = Unmanaged<CompilerState>.fromOpaque(user).takeUnretainedValue()
  guard let root = state.root else { return nil }
  let resolver = YaraIncludes(root: root)
  guard let text = resolver.read(String(cString: name), from: caller.map { String(cString: $0) } ?? state.path) else {
    return nil
  }
  return text.withUnsafeBytes { bytes in
    guard let copy = malloc(bytes.count + 1) else { return nil }
    if let base = bytes.baseAddress { memcpy(copy, base, bytes.count) }
    copy.storeBytes(of: 0, toByteOffset: bytes.count, as: UInt8.self)
    return UnsafePointer(copy.assumingMemoryBound(to: CChar.self))
  }
}

private func freeInclude(text: UnsafePointer<CChar>?, user: UnsafeMutableRawPointer?) {
  free(UnsafeMutableRawPointer(mutating: text))
}

/// Reads what `include` names, and nothing outside the rules directory: neither `../` nor a link leads out.
struct YaraIncludes {
  let root: String

  /// - Parameters:
  ///   - name: as written after `include`.
  ///   - caller: path of the including file, relative to the root.
  func read(_ name: String, from caller: String) -> [UInt8]? {
    guard let path = resolve(name, from: caller), let data = FileManager.default.contents(atPath: path),
      data.count <= maximumRuleFileSize, !data.contains(0)
    else { return nil }
    return [UInt8](data)
  }

  func resolve(_ name: String, from caller: String) -> String? {
    guard !name.isEmpty, !name.hasPrefix("/"), let top = realPath(root) else { return nil }
    let folder = (caller as NSString).deletingLastPathComponent
    let joined = folder.hasPrefix("/") ? folder + "/" + name : root + "/" + folder + "/" + name
    guard let real = realPath(joined), real.hasPrefix(top + "/") else { return nil }
    return real
  }
}

/// realpath(3): absolute, every link followed; nil where there is no such file.
func realPath(_ path: String) -> String? {
  guard let resolved = realpath(path, nil) else { return nil }
  defer { free(resolved) }
  return String(cString: resolved)
}
