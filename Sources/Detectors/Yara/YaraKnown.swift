/// What is kept of rules between runs besides what libyara runs: all that is needed to look at a large object.
struct YaraKnown: Sendable {
  /// Read when a rule is told of.
  var rules: Lazy<[YaraRuleInfo]>
  var prefilter: YaraPrefilter

  init(rules: Lazy<[YaraRuleInfo]>, prefilter: YaraPrefilter) {
    self.rules = rules
    self.prefilter = prefilter
  }

  // MARK: Stored

  /// nil for what was not written by `write`. Every number is held against what it points into.
  init?(_ reader: inout StoredReader, sourceCount: Int) {
    let literals = reader.list { reader -> MaskedLiteral? in
      let value = SIMD2(UInt64(bitPattern: reader.integer()), UInt64(bitPattern: reader.integer()))
      let mask = SIMD2(UInt64(bitPattern: reader.integer()), UInt64(bitPattern: reader.integer()))
      return MaskedLiteral(value: value, mask: mask, count: reader.number())
    }
    let opaque = reader.list { $0.number() }
    let entries = reader.list { Self.entry(&$0) }
    let infos = reader.bytes()
    let known = literals.compactMap { $0 }
    guard !reader.isShort, known.count == literals.count, opaque.allSatisfy({ $0 < sourceCount }),
      Self.isSound(entries, literals: known.count, sources: sourceCount)
    else { return nil }
    rules = Lazy {
      var reader = StoredReader(infos)
      return reader.list { Self.info(&$0) }
    }
    prefilter = YaraPrefilter(entries: entries, opaque: opaque, literals: known, sourceCount: sourceCount)
  }

  /// Files come in order, of each all rules, and nothing points outside.
  private static func isSound(_ entries: [YaraPrefilter.Entry], literals: Int, sources: Int) -> Bool {
    var counts = [Int](repeating: 0, count: sources)
    var last = 0
    for entry in entries {
      guard entry.source >= last, entry.source < sources, entry.rule == counts[entry.source] else { return false }
      counts[entry.source] += 1
      last = entry.source
    }
    return entries.allSatisfy { entry in
      entry.companions.allSatisfy { $0 < counts[entry.source] }
        && entry.strings.allSatisfy { $0.literals?.allSatisfy { $0 < literals } ?? true }
    }
  }

  func write(_ out: inout StoredWriter) {
    out.list(prefilter.literals) { out, literal in
      for word in [literal.value[0], literal.value[1], literal.mask[0], literal.mask[1]] {
        out.integer(Int64(bitPattern: word))
      }
      out.number(literal.count)
    }
    out.list(prefilter.opaque) { $0.number($1) }
    out.list(prefilter.entries) { Self.write($1, &$0) }
    var infos = StoredWriter()
    infos.list(rules.value) { Self.write($1, &$0) }
    out.bytes(infos.data)
  }

  private static func entry(_ reader: inout StoredReader) -> YaraPrefilter.Entry {
    YaraPrefilter.Entry(
      source: reader.number(), rule: reader.number(), need: YaraNeed(&reader, depth: 0),
      strings: reader.list { reader -> YaraPrefilter.Trace in
        let flags = reader.number()
        let distance = reader.number()
        let reach = YaraReach(distance: flags & 2 != 0 ? distance : nil, hasFilledByte: flags & 4 != 0)
        return YaraPrefilter.Trace(literals: flags & 1 != 0 ? reader.list { $0.number() } : nil, reach: reach)
      }, needsWholeObject: reader.number() != 0, companions: reader.list { $0.number() })
  }

  private static func write(_ entry: YaraPrefilter.Entry, _ out: inout StoredWriter) {
    out.number(entry.source)
    out.number(entry.rule)
    entry.need.write(&out)
    out.list(entry.strings) { out, string in
      let reach = string.reach
      out.number(
        (string.literals != nil ? 1 : 0) | (reach.distance != nil ? 2 : 0) | (reach.hasFilledByte ? 4 : 0))
      out.number(reach.distance ?? 0)
      if let literals = string.literals { out.list(literals) { $0.number($1) } }
    }
    out.number(entry.needsWholeObject ? 1 : 0)
    out.list(entry.companions) { $0.number($1) }
  }

  private static func info(_ reader: inout StoredReader) -> YaraRuleInfo {
    let name = reader.text()
    let namespace = reader.text()
    let flags = reader.number()
    return YaraRuleInfo(
      name: name, namespace: namespace, tags: reader.list { $0.text() },
      metas: reader.list { reader -> YaraRuleInfo.Meta in
        let name = reader.text()
        let value: YaraRuleInfo.MetaValue =
          switch reader.number() {
          case 0: .text(reader.text())
          case 1: .integer(reader.integer())
          default: .flag(reader.number() != 0)
          }
        return YaraRuleInfo.Meta(name: name, value: value)
      }, isPrivate: flags & 1 != 0, isGlobal: flags & 2 != 0)
  }

  private static func write(_ rule: YaraRuleInfo, _ out: inout StoredWriter) {
    out.text(rule.name)
    out.text(rule.namespace)
    out.number((rule.isPrivate ? 1 : 0) | (rule.isGlobal ? 2 : 0))
    out.list(rule.tags) { $0.text($1) }
    out.list(rule.metas) { out, meta in
      out.text(meta.name)
      switch meta.value {
      case .text(let text):
        out.number(0)
        out.text(text)
      case .integer(let number):
        out.number(1)
        out.integer(number)
      case .flag(let flag):
        out.number(2)
        out.number(flag ? 1 : 0)
      }
    }
  }
}

extension YaraNeed {
  /// What is not understood is `maybe`, as it is in a condition, and counts as damage.
  fileprivate init(_ reader: inout StoredReader, depth: Int) {
    guard depth < 2 * YaraConditionReader.maximumDepth else {
      reader.isShort = true
      self = .maybe
      return
    }
    func comparison(_ reader: inout StoredReader) -> Comparison {
      let word = reader.text()
      if let known = Comparison(rawValue: word) { return known }
      reader.isShort = true
      return .unequal
    }
    func needs(_ reader: inout StoredReader) -> [YaraNeed] { reader.list { YaraNeed(&$0, depth: depth + 1) } }
    switch reader.number() {
    case 0: self = .maybe
    case 1: self = .never
    case 2: self = .string(reader.number())
    case 3: self = .earlier(reader.number())
    case 4: self = .size(comparison(&reader), reader.integer())
    case 5:
      let flags = reader.number()
      self = .integer(
        width: min(flags >> 1, 8), isBigEndian: flags & 1 != 0, offset: reader.integer(), comparison(&reader),
        reader.integer())
    case 6: self = .external(reader.text(), reader.text())
    case 7: self = .all(needs(&reader))
    case 8: self = .any(needs(&reader))
    case 9: self = .atLeast(reader.number(), needs(&reader))
    default:
      reader.isShort = true
      self = .maybe
    }
  }

  fileprivate func write(_ out: inout StoredWriter) {
    func write(_ number: Int, _ needs: [YaraNeed], _ out: inout StoredWriter) {
      out.number(number)
      out.list(needs) { $1.write(&$0) }
    }
    switch self {
    // Names were resolved before; one that was not says nothing.
    case .maybe, .rule: out.number(0)
    case .never: out.number(1)
    case .string(let place):
      out.number(2)
      out.number(place)
    case .earlier(let place):
      out.number(3)
      out.number(place)
    case .size(let how, let number):
      out.number(4)
      out.text(how.rawValue)
      out.integer(number)
    case .integer(let width, let isBigEndian, let offset, let how, let number):
      out.number(5)
      out.number(width << 1 | (isBigEndian ? 1 : 0))
      out.integer(offset)
      out.text(how.rawValue)
      out.integer(number)
    case .external(let name, let text):
      out.number(6)
      out.text(name)
      out.text(text)
    case .all(let needs): write(7, needs, &out)
    case .any(let needs): write(8, needs, &out)
    case .atLeast(let number, let needs):
      out.number(9)
      out.number(number)
      out.list(needs) { $1.write(&$0) }
    }
  }
}
