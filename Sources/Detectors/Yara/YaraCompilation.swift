import CYara
import Evidence
import Foundation

/// One run of libyara's compiler.
extension YaraCompiler {
  /// What one compilation gives.
  struct Product: @unchecked Sendable {
    /// Only where the rules are to be run.
    var pointer: YaraHandle.Pointer?
    var infos: [YaraRuleInfo]
    var patterns: [YaraRules.Key: [YaraPattern]]
  }

  /// - Parameter isRun: makes the automaton, which takes a quarter of the time; no error can come of it.
  ///
  /// - Returns: besides the first error in what each `include` of a file brings in, by the name that it has in that file.
  func product(_ units: [Unit], isRun: Bool) -> (
    product: Product?, diagnostics: [RuleDiagnostic], included: [String: RuleDiagnostic]
  ) {
    let failed = { (words: String) in
      (nil as Product?, [RuleDiagnostic(.error, file: units.first?.path ?? "", words)], [String: RuleDiagnostic]())
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
        state.included = []
        state.namespace = unit.namespace
        let errors = add(unit.text, namespace: unit.namespace, path: unit.path, to: compiler)
        if errors != 0 {
          if !state.diagnostics.contains(where: { $0.level == .error }) {
            state.diagnostics.append(RuleDiagnostic(.error, file: unit.path, "cannot be compiled"))
          }
          return (nil, state.diagnostics, state.broken)
        }
      }
      if !isRun {
        let infos = (0..<shim_compiler_rule_count(compiler)).compactMap { index in
          shim_compiler_rule_at(compiler, index).map { YaraRules.info($0) }
        }
        return (Product(infos: infos, patterns: state.patterns), state.diagnostics, [:])
      }
      var handle: UnsafeMutablePointer<YR_RULES>?
      let code = yr_compiler_get_rules(compiler, &handle)
      guard code == ERROR_SUCCESS, let handle else { return failed(YaraLibrary.words(code)) }
      return (
        Product(pointer: handle, infos: YaraRules.infos(handle), patterns: state.patterns), state.diagnostics, [:]
      )
    }
  }

  private func define(_ compiler: UnsafeMutablePointer<YR_COMPILER>) {
    for name in Self.externals where !definitions.contains(where: { $0.name == name }) {
      yr_compiler_define_string_variable(compiler, name, "")
    }
    for (name, value) in definitions {
      switch YaraDefinition(value) {
      case .flag(let flag): yr_compiler_define_boolean_variable(compiler, name, flag ? 1 : 0)
      case .integer(let number): yr_compiler_define_integer_variable(compiler, name, number)
      case .number(let number): yr_compiler_define_float_variable(compiler, name, number)
      case .text(let text): yr_compiler_define_string_variable(compiler, name, text)
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
  /// The files that include each other down to the one that is read: what libyara calls them, as written, and where they are.
  var included: [(name: String, path: String)] = []
  var namespace = ""
  var diagnostics: [RuleDiagnostic] = []
  /// The first error behind each line `include` of the file itself.
  var broken: [String: RuleDiagnostic] = [:]
  var patterns: [YaraRules.Key: [YaraPattern]] = [:]

  init(root: String?) { self.root = root }

  /// The text of an included file; what it includes lies beside it.
  ///
  /// - Parameter caller: as libyara calls the file that includes it; no two that are open have one name.
  func include(_ name: String, from caller: String?) -> [UInt8]? {
    while let last = included.last, last.name != caller { included.removeLast() }
    let resolver = YaraIncludes(root: root)
    let folder = included.last?.path ?? caller ?? path
    guard let path = resolver.resolve(name, from: folder), let text = resolver.read(name, from: folder) else {
      return nil
    }
    included.append((name, path))
    return text
  }
}

/// What the compiler shows of a regular expression or hex string.
struct YaraPattern: Sendable {
  /// Rows, one of which every match holds, before the string's modifiers; nil where nothing can be said.
  var alternatives: [[MaskedByte]]?
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
      alternatives: YaraTreeReader.rows(of: root),
      isCaseless: shim_re_flags(tree) & UInt32(RE_FLAGS_NO_CASE) != 0, reach: YaraReach(tree: root)))
}

/// A source with more complaints than this repeats itself.
let maximumDiagnostics = 1000

private func noteDiagnostic(
  level: Int32, file: UnsafePointer<CChar>?, line: Int32, rule: UnsafePointer<YR_RULE>?,
  message: UnsafePointer<CChar>?, user: UnsafeMutableRawPointer?
) {
  guard let user else { return }
  let state = Unmanaged<CompilerState>.fromOpaque(user).takeUnretainedValue()
  guard state.diagnostics.count < maximumDiagnostics else { return }
  let diagnostic = RuleDiagnostic(
    level == YARA_ERROR_LEVEL_WARNING ? .warning : .error, file: file.map { String(cString: $0) } ?? state.path,
    line: line > 0 ? Int(line) : nil, rule: rule.flatMap { shim_rule_name($0) }.map { String(cString: $0) },
    YaraRules.text(message))
  state.diagnostics.append(diagnostic)
  if diagnostic.level == .error, diagnostic.file != state.path, let open = state.included.first,
    state.broken[open.name] == nil
  {
    state.broken[open.name] = diagnostic
  }
}

/// A larger rule file than this is no rule file.
let maximumRuleFileSize = 16 << 20

private func readInclude(
  name: UnsafePointer<CChar>?, caller: UnsafePointer<CChar>?, namespace: UnsafePointer<CChar>?,
  user: UnsafeMutableRawPointer?
) -> UnsafePointer<CChar>? {
  guard let user, let name else { return nil }
  let state = Unmanaged<CompilerState>.fromOpaque(user).takeUnretainedValue()
  guard let text = state.include(String(cString: name), from: caller.map { String(cString: $0) }) else { return nil }
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
