import CYara
import Evidence
import Foundation

/// Compiles YARA files so that a broken one fails alone, with file, line and words.
public struct YaraCompiler: Sendable {
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
  ///
  /// - Parameter runsAll: whether all rules will be run together, as they are on small objects. Else they are only read,
  ///   which takes less and can be done on two threads, and compiled should it come to it.
  func compile(_ sources: [YaraSource], cache: RuleCache?, runsAll: Bool = true) -> Outcome {
    guard let cache, definitions.isEmpty, !sources.isEmpty else { return compile(sources, runsAll: runsAll).outcome }
    let key = YaraStored.key(sources, root: root)
    if let stored = YaraStored.read(cache, key, sources.count) {
      let left = stored.repair.apply(to: sources)
      var rules: YaraRules?
      if let known = stored.known {
        let handle = lazyHandle(for: left, known.rules, cache, key)
        rules = YaraRules(handle, known.rules, prefilter: known.prefilter)
      }
      return Outcome(rules: rules, sources: left, diagnostics: stored.repair.diagnostics)
    }
    let made: (outcome: Outcome, repair: YaraRepair) = compile(sources, runsAll: runsAll)
    guard let compiled: YaraRules = made.outcome.rules else {
      YaraStored.write(cache, key, nil, made.repair)
      return made.outcome
    }
    let rules = keep(compiled, made.outcome.sources, made.repair, cache, key, isCompiled: runsAll)
    return Outcome(rules: rules, sources: made.outcome.sources, diagnostics: made.outcome.diagnostics)
  }

  /// The rules with what is known of them, which is written while the caller goes on.
  private func keep(
    _ compiled: YaraRules, _ sources: [YaraSource], _ repair: YaraRepair, _ cache: RuleCache, _ key: Digest,
    isCompiled: Bool
  ) -> YaraRules {
    let first: YaraHandle = compiled.handle
    if isCompiled { first.change { YaraStored.write(cache, key, first) } }
    let includes = YaraIncludes(root: root)
    let list: [YaraRuleInfo] = compiled.rules
    let infos = Lazy<[YaraRuleInfo]> { list }
    let prefilter = YaraPrefilter(sources.map { includes.flattened($0) }, list, compiled.patterns)
    let handle: YaraHandle = isCompiled ? first : lazyHandle(for: sources, infos, cache, key)
    let rules = YaraRules(handle, infos, prefilter: prefilter)
    let known = YaraKnown(rules: infos, prefilter: prefilter)
    rules.write { YaraStored.write(cache, key, known, repair) }
    return rules
  }

  /// Rules that are compiled when they are first run, or read from the cache.
  private func lazyHandle(
    for sources: [YaraSource], _ infos: Lazy<[YaraRuleInfo]>, _ cache: RuleCache?, _ key: Digest?
  ) -> YaraHandle {
    // Taken apart from what they are included in, since these may have changed when it comes to it.
    let includes = YaraIncludes(root: root)
    let flat = Lazy<[YaraSource]> { sources.map { includes.flattened($0) } }
    if sources.contains(where: { !$0.includes.isEmpty }) { _ = flat.value }
    var compiler = YaraCompiler(root: root)
    compiler.definitions = definitions
    return YaraHandle { [compiler] in
      if let cache, let key, let stored = YaraStored.read(cache, compiled: key) { return stored }
      let units = flat.value.map { (namespace: $0.namespace, path: $0.path, text: $0.text) }
      guard let made = compiler.product(units, isRun: true).product, let pointer = made.pointer else { return nil }
      guard made.infos == infos.value else {
        yr_rules_destroy(pointer)
        return nil
      }
      if let cache, let key { YaraStored.write(cache, key, pointer) }
      return pointer
    }
  }

  /// Compiles the sources together, each in a namespace of its own.
  ///
  /// First all in one go; only when that fails, each alone to find the broken ones, and in these the broken rules; then
  /// the rest again. A set without errors costs one compilation, a set with errors about three.
  func compile(_ sources: [YaraSource], runsAll: Bool = true) -> (outcome: Outcome, repair: YaraRepair) {
    var repair = YaraRepair()
    let whole = compileTogether(sources, runsAll: runsAll)
    if whole.rules != nil || YaraLibrary.started != ERROR_SUCCESS || sources.isEmpty {
      repair.diagnostics = whole.diagnostics
      return (Outcome(rules: whole.rules, sources: sources, diagnostics: whole.diagnostics), repair)
    }
    for source in sources {
      repair.examine(source) { source in
        let alone = product([Self.unit(source)], isRun: false)
        return (alone.product != nil, alone.product == nil ? alone.diagnostics : [])
      }
    }
    let left = repair.apply(to: sources)
    let rest: (rules: YaraRules?, diagnostics: [RuleDiagnostic]) =
      left.isEmpty ? (nil, []) : compileTogether(left, runsAll: runsAll)
    repair.diagnostics += rest.diagnostics
    return (Outcome(rules: rest.rules, sources: left, diagnostics: repair.diagnostics), repair)
  }

  private typealias Unit = (namespace: String, path: String, text: [UInt8])

  private static func unit(_ source: YaraSource) -> Unit { (source.namespace, source.path, source.text) }

  private func compileTogether(
    _ sources: [YaraSource], runsAll: Bool
  ) -> (rules: YaraRules?, diagnostics: [RuleDiagnostic]) {
    let units = sources.map { Self.unit($0) }
    if runsAll { return compile(units) }
    let parts = Parallel.map(Self.halves(units), workers: 2) { product($0, isRun: false) }
    let diagnostics = Array(parts.map { $0.diagnostics }.joined().prefix(maximumDiagnostics))
    let products = parts.compactMap { $0.product }
    guard !products.isEmpty, products.count == parts.count else { return (nil, diagnostics) }
    let infos = Array(products.map(\.infos).joined())
    var patterns: [YaraRules.Key: [YaraPattern]] = [:]
    for product in products { patterns.merge(product.patterns) { first, _ in first } }
    let lazily = Lazy<[YaraRuleInfo]> { infos }
    let handle = lazyHandle(for: sources, lazily, nil, nil)
    return (YaraRules(handle, lazily, patterns: patterns), diagnostics)
  }

  /// Two parts with about as much text. Files do not see each other as long as each has a namespace of its own; else they
  /// are left together.
  private static func halves(_ units: [Unit]) -> [[Unit]] {
    let half = units.reduce(0) { $0 + $1.text.count } / 2
    var sum = 0
    let first = units.prefix { unit in
      defer { sum += unit.text.count }
      return sum < half
    }
    guard half > 1 << 16, !first.isEmpty, first.count < units.count,
      Set(units.map(\.namespace)).count == units.count
    else { return [units] }
    return [Array(first), Array(units.dropFirst(first.count))]
  }

  /// One compilation; nil rules at the first file with an error.
  func compile(_ units: [(namespace: String, path: String, text: [UInt8])]) -> (
    rules: YaraRules?, diagnostics: [RuleDiagnostic]
  ) {
    let (made, diagnostics) = product(units, isRun: true)
    guard let made, let pointer = made.pointer else { return (nil, diagnostics) }
    let infos = Lazy<[YaraRuleInfo]> { made.infos }
    return (
      YaraRules(YaraHandle(owning: pointer), infos, patterns: made.patterns), diagnostics
    )
  }

  /// What one compilation gives.
  private struct Product: @unchecked Sendable {
    /// Only where the rules are to be run.
    var pointer: YaraHandle.Pointer?
    var infos: [YaraRuleInfo]
    var patterns: [YaraRules.Key: [YaraPattern]]
  }

  /// - Parameter isRun: makes the automaton, which takes a quarter of the time; no error can come of it.
  private func product(_ units: [Unit], isRun: Bool) -> (product: Product?, diagnostics: [RuleDiagnostic]) {
    let failed = { (words: String) in
      (nil as Product?, [RuleDiagnostic(.error, file: units.first?.path ?? "", words)])
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
      if !isRun {
        let infos = (0..<shim_compiler_rule_count(compiler)).compactMap { index in
          shim_compiler_rule_at(compiler, index).map { YaraRules.info($0) }
        }
        return (Product(infos: infos, patterns: state.patterns), state.diagnostics)
      }
      var handle: UnsafeMutablePointer<YR_RULES>?
      let code = yr_compiler_get_rules(compiler, &handle)
      guard code == ERROR_SUCCESS, let handle else { return failed(YaraLibrary.words(code)) }
      return (
        Product(pointer: handle, infos: YaraRules.infos(handle), patterns: state.patterns), state.diagnostics
      )
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
