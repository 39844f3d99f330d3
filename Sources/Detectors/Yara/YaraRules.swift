import CYara
import Foundation

/// What a rule says of itself.
public struct YaraRuleInfo: Hashable, Sendable {
  public enum MetaValue: Hashable, Sendable {
    case text(String), integer(Int64), flag(Bool)

    public var text: String {
      switch self {
      case .text(let text): text
      case .integer(let number): String(number)
      case .flag(let flag): flag ? "true" : "false"
      }
    }
  }

  public struct Meta: Hashable, Sendable {
    public var name: String
    public var value: MetaValue
  }

  public var name: String
  /// The file that it came from, relative to the rules directory.
  public var namespace: String
  public var tags: [String]
  public var metas: [Meta]
  public var isPrivate: Bool
  public var isGlobal: Bool

  /// The first meta of that name, as text. Compared without regard to case: rule authors write `Author` and `author`.
  public func meta(_ name: String) -> String? {
    metas.first { $0.name.lowercased() == name }?.value.text
  }
}

/// Compiled rules. Compiled once, never changed after, so threads may share them; each scans with a `YaraScanner` of its
/// own (libyara allows 32 at a time).
public final class YaraRules: @unchecked Sendable {
  /// For libyara to run.
  let handle: YaraHandle

  private let infos: Lazy<[YaraRuleInfo]>

  /// In the order in which they were compiled, which is the order in which matches are told.
  public var rules: [YaraRuleInfo] { infos.value }

  /// Names a rule among those of all files.
  struct Key: Hashable, Sendable {
    var namespace: String
    var name: String
  }

  /// The regular expressions and hex strings of each rule, in their order; none where there is a prefilter, and for rules
  /// from a compiled file.
  let patterns: [Key: [YaraPattern]]

  /// What is known of where the rules can hold; nil where it must still be made.
  let prefilter: YaraPrefilter?

  /// What is being written between runs.
  private let writing = DispatchGroup()

  /// Does something beside what uses the rules, which it does not change.
  func write(_ body: @escaping @Sendable () -> Void) { DispatchQueue.global().async(group: writing, execute: body) }

  /// Waits until the rules may be run, and what is kept of them between runs is written.
  public func settle() {
    handle.settle()
    writing.wait()
  }

  init(
    _ handle: YaraHandle, _ infos: Lazy<[YaraRuleInfo]>, patterns: [Key: [YaraPattern]] = [:],
    prefilter: YaraPrefilter? = nil
  ) {
    self.handle = handle
    self.infos = infos
    self.patterns = patterns
    self.prefilter = prefilter
  }

  /// Takes over the handle.
  convenience init(owning pointer: YaraHandle.Pointer, patterns: [Key: [YaraPattern]] = [:]) {
    let infos = Self.infos(pointer)
    self.init(YaraHandle(owning: pointer), Lazy<[YaraRuleInfo]> { infos }, patterns: patterns)
  }

  static func infos(_ pointer: YaraHandle.Pointer) -> [YaraRuleInfo] {
    (0..<shim_rules_count(pointer)).compactMap { index in shim_rules_at(pointer, index).map { info($0) } }
  }

  /// Loads rules that `yarac` (or `save`) wrote. Only for files that you trust: what is in them is run, not checked.
  ///
  /// - Throws: `compiledFile` for anything that this version of libyara did not write.
  public convenience init(compiled path: String) throws(YaraError) {
    guard YaraLibrary.started == ERROR_SUCCESS else {
      throw YaraError(.library, YaraLibrary.words(YaraLibrary.started))
    }
    var handle: UnsafeMutablePointer<YR_RULES>?
    let code = yr_rules_load(path, &handle)
    guard code == ERROR_SUCCESS, let handle else {
      throw YaraError(.compiledFile, "\(path): \(YaraLibrary.words(code))")
    }
    self.init(owning: handle)
  }

  /// Writes the rules so that `init(compiled:)` and `yara -C` can load them.
  public func save(to path: String) throws(YaraError) {
    let pointer = try handle.pointer()
    settle()
    let code = yr_rules_save(pointer, path)
    guard code == ERROR_SUCCESS else { throw YaraError(.compiledFile, "\(path): \(YaraLibrary.words(code))") }
  }

  static func info(_ rule: UnsafePointer<YR_RULE>) -> YaraRuleInfo {
    var tags: [String] = []
    var tag = shim_rule_tags(rule)
    while let text = tag, text.pointee != 0 {
      tags.append(String(cString: text))
      tag = shim_tag_after(text)
    }
    var metas: [YaraRuleInfo.Meta] = []
    var meta = shim_rule_metas(rule)
    while let item = meta {
      let value: YaraRuleInfo.MetaValue =
        switch shim_meta_type(item) {
        case META_TYPE_INTEGER: .integer(shim_meta_integer(item))
        case META_TYPE_BOOLEAN: .flag(shim_meta_integer(item) != 0)
        default: .text(text(shim_meta_text(item)))
        }
      metas.append(YaraRuleInfo.Meta(name: text(shim_meta_name(item)), value: value))
      meta = shim_meta_after(item)
    }
    return YaraRuleInfo(
      name: text(shim_rule_name(rule)), namespace: text(shim_rule_namespace(rule)), tags: tags, metas: metas,
      isPrivate: shim_rule_is_private(rule), isGlobal: shim_rule_is_global(rule))
  }

  static func text(_ pointer: UnsafePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "" }
}
