import Bytes
import CYara
import Evidence
import Foundation

/// Compiled rules, and what the compiler told of them, in the cache.
///
/// libyara runs what is in a compiled file without checking it, so the cache alone, whose files this program wrote and
/// seals, is read without being asked to.
enum YaraStored {
  /// Raised whenever the form below or what the compiler is asked to tell changes.
  private static let version = "1"

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

  static func read(_ cache: RuleCache, _ key: Digest) -> (rules: YaraRules?, repair: YaraRepair)? {
    guard YaraLibrary.started == ERROR_SUCCESS, let bytes = cache.read("yara", key) else { return nil }
    var reader = Reader(bytes)
    var repair = YaraRepair()
    repair.diagnostics = (0..<reader.number()).compactMap { _ -> RuleDiagnostic? in
      let level = reader.text()
      let file = reader.text()
      let line = reader.number()
      let rule = reader.text()
      let message = reader.text()
      return RuleDiagnostic.Level(rawValue: level).map {
        RuleDiagnostic($0, file: file, line: line == 0 ? nil : line, rule: rule.isEmpty ? nil : rule, message)
      }
    }
    repair.dropped = (0..<reader.number()).map { _ in reader.text() }
    for _ in 0..<reader.number() {
      let path = reader.text()
      repair.removed[path] = (0..<reader.number()).map { _ in reader.number() }
    }
    var patterns: [YaraRules.Key: [YaraPattern]] = [:]
    for _ in 0..<reader.number() {
      let key = YaraRules.Key(namespace: reader.text(), name: reader.text())
      patterns[key] = (0..<reader.number()).map { _ in pattern(&reader) }
    }
    let compiled = reader.bytes()
    guard !reader.isShort else { return nil }
    if compiled.isEmpty { return (nil, repair) }
    guard let handle = load(compiled) else { return nil }
    return (YaraRules(owning: handle, patterns: patterns), repair)
  }

  static func write(_ cache: RuleCache, _ key: Digest, _ rules: YaraRules?, _ repair: YaraRepair) {
    cache.write("yara", key) {
      var out = Writer()
      out.number(repair.diagnostics.count)
      for one in repair.diagnostics {
        for text in [one.level.rawValue, one.file] { out.text(text) }
        out.number(one.line ?? 0)
        for text in [one.rule ?? "", one.message] { out.text(text) }
      }
      out.number(repair.dropped.count)
      for path in repair.dropped { out.text(path) }
      out.number(repair.removed.count)
      for (path, indices) in repair.removed {
        out.text(path)
        out.number(indices.count)
        for index in indices { out.number(index) }
      }
      let patterns = rules?.patterns ?? [:]
      out.number(patterns.count)
      for (key, list) in patterns {
        out.text(key.namespace)
        out.text(key.name)
        out.number(list.count)
        for pattern in list { add(pattern, &out) }
      }
      var compiled: [UInt8] = []
      if let rules {
        guard let saved = save(rules.handle) else { return nil }
        compiled = saved
      }
      out.bytes(compiled)
      return out.data
    }
  }

  private static func pattern(_ reader: inout Reader) -> YaraPattern {
    let flags = reader.number()
    let distance = reader.number()
    let alternatives = (0..<reader.number()).map { _ in reader.bytes() }
    return YaraPattern(
      alternatives: flags & 1 != 0 ? alternatives : nil, isCaseless: flags & 2 != 0,
      reach: YaraReach(distance: flags & 8 != 0 ? distance : nil, hasFilledByte: flags & 4 != 0))
  }

  private static func add(_ pattern: YaraPattern, _ out: inout Writer) {
    let isLimited = pattern.reach.distance != nil
    out.number(
      (pattern.alternatives != nil ? 1 : 0) | (pattern.isCaseless ? 2 : 0) | (pattern.reach.hasFilledByte ? 4 : 0)
        | (isLimited ? 8 : 0))
    out.number(pattern.reach.distance ?? 0)
    out.number(pattern.alternatives?.count ?? 0)
    for bytes in pattern.alternatives ?? [] { out.bytes(bytes) }
  }

  // MARK: libyara's streams

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

/// Numbers of eight bytes, and bytes led by their count.
private struct Writer {
  var data: [UInt8] = []

  mutating func number(_ value: Int) { withUnsafeBytes(of: UInt64(value).littleEndian) { data.append(contentsOf: $0) } }

  mutating func bytes(_ value: [UInt8]) {
    number(value.count)
    data.append(contentsOf: value)
  }

  mutating func text(_ value: String) { bytes(Array(value.utf8)) }
}

/// Reads what `Writer` wrote; past the end everything is zero and empty.
private struct Reader {
  private let data: [UInt8]
  private var place = 0
  private(set) var isShort = false

  init(_ data: [UInt8]) { self.data = data }

  /// Counts and lengths; what no file of this size can mean is 0.
  mutating func number() -> Int {
    guard place + 8 <= data.count else {
      isShort = true
      return 0
    }
    var value = 0
    for index in (0..<8).reversed() { value = value << 8 | Int(data[place + index]) }
    place += 8
    guard value >= 0, value <= max(data.count, 1 << 20) else {
      isShort = true
      return 0
    }
    return value
  }

  mutating func bytes() -> [UInt8] {
    let count = number()
    guard count <= data.count - place else {
      isShort = true
      return []
    }
    defer { place += count }
    return Array(data[place..<place + count])
  }

  mutating func text() -> String { String(decoding: bytes(), as: UTF8.self) }
}
