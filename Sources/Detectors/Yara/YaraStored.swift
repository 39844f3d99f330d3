import Bytes
import CYara
import Evidence
import Foundation

/// Compiled rules, and what is known of them, in the cache: two files, since a large object needs only the second.
///
/// libyara runs what is in a compiled file without checking it, so the cache alone, whose files this program wrote and
/// seals, is read without being asked to.
enum YaraStored {
  /// Raised whenever the form below or what the compiler is asked to tell changes.
  private static let version = "4"

  /// Of everything that compiling depends on.
  static func key(_ sources: [YaraSource], root: String?) -> Digest {
    let includes = YaraIncludes(root: root)
    var material = ["yara", version, YaraLibrary.version] + YaraCompiler.externals
    for source in sources {
      material += [source.namespace, source.path, Digest(of: source.text).hex]
      if !source.includes.isEmpty { material += [Digest(of: includes.flattened(source).text).hex] }
    }
    return RuleFingerprint.digest(material)
  }

  /// What was wrong with the rules, and what is known of those that are left; nil where there are none.
  static func read(_ cache: RuleCache, _ key: Digest, _ sourceCount: Int) -> (known: YaraKnown?, repair: YaraRepair)? {
    guard YaraLibrary.started == ERROR_SUCCESS, let bytes = cache.read("yara", key) else { return nil }
    return read(bytes, sourceCount)
  }

  /// - Parameter sourceCount: how many files there are, those included that cannot be used.
  static func read(_ bytes: [UInt8], _ sourceCount: Int) -> (known: YaraKnown?, repair: YaraRepair)? {
    var reader = StoredReader(bytes)
    var repair = YaraRepair()
    repair.diagnostics = reader.list { reader -> RuleDiagnostic? in
      let level = reader.text()
      let file = reader.text()
      let line = reader.number()
      let rule = reader.text()
      let message = reader.text()
      return RuleDiagnostic.Level(rawValue: level).map {
        RuleDiagnostic($0, file: file, line: line == 0 ? nil : line, rule: rule.isEmpty ? nil : rule, message)
      }
    }.compactMap { $0 }
    repair.dropped = reader.list { $0.text() }
    let removed = reader.list { (path: $0.text(), places: $0.list { $0.number() }) }
    repair.removed = Dictionary(removed.map { ($0.path, $0.places) }, uniquingKeysWith: { first, _ in first })
    if reader.number() == 0 {
      if reader.isShort { return nil }
      return (known: nil, repair: repair)
    }
    let left = sourceCount - Set(repair.dropped).count
    guard left > 0, let known = YaraKnown(&reader, sourceCount: left) else { return nil }
    return (known: known, repair: repair)
  }

  static func write(_ cache: RuleCache, _ key: Digest, _ known: YaraKnown?, _ repair: YaraRepair) {
    cache.write("yara", key) { form(known, repair) }
  }

  static func form(_ known: YaraKnown?, _ repair: YaraRepair) -> [UInt8] {
    var out = StoredWriter()
    out.list(repair.diagnostics) { out, one in
      out.text(one.level.rawValue)
      out.text(one.file)
      out.number(one.line ?? 0)
      out.text(one.rule ?? "")
      out.text(one.message)
    }
    out.list(repair.dropped) { $0.text($1) }
    out.list(repair.removed.sorted { $0.key < $1.key }) { out, removed in
      out.text(removed.key)
      out.list(removed.value) { $0.number($1) }
    }
    out.number(known == nil ? 0 : 1)
    known?.write(&out)
    return out.data
  }

  // MARK: What libyara runs

  static func read(_ cache: RuleCache, compiled key: Digest) -> YaraHandle.Pointer? {
    cache.read("compiled", key).flatMap { load($0) }
  }

  static func write(_ cache: RuleCache, _ key: Digest, _ handle: YaraHandle) {
    guard let pointer = try? handle.pointer() else { return }
    write(cache, key, pointer)
  }

  static func write(_ cache: RuleCache, _ key: Digest, _ pointer: YaraHandle.Pointer) {
    cache.write("compiled", key) { save(pointer) }
  }

  private final class Buffer {
    var data: [UInt8] = []
    var place = 0
  }

  private static func save(_ rules: UnsafeMutablePointer<YR_RULES>) -> [UInt8]? {
    let buffer = Buffer()
    var stream = YR_STREAM()
    stream.user_data = Unmanaged.passUnretained(buffer).toOpaque()
    stream.write = { source, size, count, user in
      guard let source, let user else { return 0 }
      let buffer = Unmanaged<Buffer>.fromOpaque(user).takeUnretainedValue()
      buffer.data.append(contentsOf: UnsafeRawBufferPointer(start: source, count: size * count))
      return count
    }
    return withExtendedLifetime(buffer) { yr_rules_save_stream(rules, &stream) == ERROR_SUCCESS ? buffer.data : nil }
  }

  private static func load(_ bytes: [UInt8]) -> UnsafeMutablePointer<YR_RULES>? {
    let buffer = Buffer()
    buffer.data = bytes
    var stream = YR_STREAM()
    stream.user_data = Unmanaged.passUnretained(buffer).toOpaque()
    stream.read = { target, size, count, user in
      guard let target, let user, size > 0 else { return 0 }
      let buffer = Unmanaged<Buffer>.fromOpaque(user).takeUnretainedValue()
      let whole = min(count, (buffer.data.count - buffer.place) / size)
      buffer.data.withUnsafeBytes { source in
        if whole > 0, let base = source.baseAddress { memcpy(target, base + buffer.place, whole * size) }
      }
      buffer.place += whole * size
      return whole
    }
    var handle: UnsafeMutablePointer<YR_RULES>?
    let code = withExtendedLifetime(buffer) { yr_rules_load_stream(&stream, &handle) }
    return code == ERROR_SUCCESS ? handle : nil
  }
}
