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

  public init(root: String? = nil) { self.root = root }

  /// What came of compiling.
  struct Outcome {
    /// nil when the library does not start or nothing is left to compile.
    var rules: YaraRules?
    /// What the rules were compiled from: without the files, and the rules, that do not compile.
    var sources: [YaraSource]
    var diagnostics: [RuleDiagnostic]
  }

  /// Compiles the sources together, or reads from the cache what came of it the last time.
  func compile(_ sources: [YaraSource], cache: RuleCache?) -> Outcome {
    guard let cache, definitions.isEmpty, !sources.isEmpty else { return compile(sources).outcome }
    let key = YaraStored.key(sources, root: root)
    if let stored = YaraStored.read(cache, key) {
      let left = stored.repair.apply(to: sources)
      return Outcome(rules: stored.rules, sources: left, diagnostics: stored.repair.diagnostics)
    }
    let (outcome, repair) = compile(sources)
    if let rules = outcome.rules {
      // Written while the caller makes its index.
      rules.change { YaraStored.write(cache, key, rules, repair) }
    } else {
      YaraStored.write(cache, key, nil, repair)
    }
    return outcome
  }

  /// Compiles the sources together, each in a namespace of its own.
  ///
  /// First all in one go; only when that fails, each alone to find the broken ones, and in these the broken rules; then
  /// the rest again. A set without errors costs one compilation, a set with errors about three.
  func compile(_ sources: [YaraSource]) -> (outcome: Outcome, repair: YaraRepair) {
    var repair = YaraRepair()
    let whole = compileTogether(sources)
    if whole.rules != nil || YaraLibrary.started != ERROR_SUCCESS || sources.isEmpty {
      repair.diagnostics = whole.diagnostics
      return (Outcome(rules: whole.rules, sources: sources, diagnostics: whole.diagnostics), repair)
    }
    for source in sources {
      repair.examine(source) { source in
        let alone = compileTogether([source])
        return (alone.rules != nil, alone.rules == nil ? alone.diagnostics : [])
      }
    }
    let left = repair.apply(to: sources)
    let rest: (rules: YaraRules?, diagnostics: [RuleDiagnostic]) = left.isEmpty ? (nil, []) : compileTogether(left)
    repair.diagnostics += rest.diagnostics
    return (Outcome(rules: rest.rules, sources: left, diagnostics: repair.diagnostics), repair)
  }

  private func compileTogether(_ sources: [YaraSource]) -> (rules: YaraRules?, diagnostics: [RuleDiagnostic]) {
    compile(sources.map { (namespace: $0.namespace, path: $0.path, text: $0.text) })
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
  var reach: YaraReach
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
      isCaseless: shim_re_flags(tree) & UInt32(RE_FLAGS_NO_CASE) != 0, reach: YaraReach(tree: root)))
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
  let resolver = YaraIncludes(root: state.root)
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

/// realpath(3): absolute, every link followed; nil where there is no such file.
func realPath(_ path: String) -> String? {
  guard let resolved = realpath(path, nil) else { return nil }
  defer { free(resolved) }
  return String(cString: resolved)
}
