import Bytes
import CYara

/// Literals of which at least one stands in every match of a string. nil where nothing can be said.
typealias YaraLiterals = [LiteralIndex.Literal]?

/// Finds such literals. Everything here may only err towards nil: what is passed over costs time, what is wrong costs matches.
enum YaraLiteralFinder {
  /// Shorter ones stand everywhere in a large object, and so say nothing.
  static let minimumLength = 4
  /// More alternatives than this cost more than they save.
  static let maximumAlternatives = 16

  /// Of a string that is searched for under each of 256 keys, this much is enough.
  static let maximumMasked = 12

  /// Of one declared string.
  ///
  /// - Parameter pattern: what the compiler showed of it, where it is no text.
  static func literals(of string: YaraStringDeclaration, pattern: YaraPattern?) -> YaraLiterals {
    let isBase64 = !string.modifiers.isDisjoint(with: ["base64", "base64wide"])
    if isBase64 {
      // The compiler's tree already holds every form.
      return spread(pattern?.alternatives, [])
    }
    if string.value.kind == .text {
      let plain = string.value.text.withView { unescape($0.slice(1, $0.count - 1)) }
      return spread(plain.map { [$0] }, string.modifiers, keys: string.keys)
    }
    guard let pattern else { return nil }
    let flags = string.value.text.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    let isCaseless = pattern.isCaseless || (string.value.kind == .regex && flags.contains("i"))
    return spread(pattern.alternatives, isCaseless ? string.modifiers.union(["nocase"]) : string.modifiers)
  }

  /// Of a regular expression or hex string, from the compiler's tree.
  static func alternatives(of tree: UnsafePointer<RE_NODE>) -> [[UInt8]]? { best(tree, depth: 0) }

  /// Gives alternatives the forms that the modifiers ask for.
  private static func spread(
    _ alternatives: [[UInt8]]?, _ modifiers: Set<String>, keys: ClosedRange<UInt8>? = nil
  ) -> YaraLiterals {
    guard let alternatives else { return nil }
    var literals: [LiteralIndex.Literal] = []
    let isWide = modifiers.contains("wide")
    for bytes in alternatives {
      let caseless = modifiers.contains("nocase")
      if !isWide || modifiers.contains("ascii") { literals.append(.init(bytes: bytes, isCaseless: caseless)) }
      if isWide { literals.append(.init(bytes: bytes.flatMap { [$0, 0] }, isCaseless: caseless)) }
    }
    if literals.isEmpty || literals.count > maximumAlternatives || !literals.allSatisfy({ isTelling($0.bytes) }) {
      return nil
    }
    guard let keys, modifiers.contains("xor") else { return literals }
    return literals.flatMap { literal in
      keys.map { key in .init(bytes: literal.bytes.prefix(maximumMasked).map { $0 ^ key }) }
    }
  }

  /// How far around its literals a string's match can depend on anything.
  static func reach(of string: YaraStringDeclaration, pattern: YaraPattern?) -> YaraReach {
    if let pattern { return pattern.reach }
    guard string.value.kind == .text,
      let plain = string.value.text.withView({ unescape($0.slice(1, $0.count - 1)) })
    else { return YaraReach(distance: nil, hasFilledByte: false) }
    return YaraReach(text: plain, isMasked: string.modifiers.contains("xor"))
  }

  /// Whether a literal is worth looking for: long enough, and not what padding and counters are made of.
  static func isTelling(_ bytes: [UInt8]) -> Bool {
    let head = bytes.prefix(LiteralIndex.maximumLength)
    let kinds = Set(head)
    return head.count >= minimumLength
      && (kinds.count >= 3 || kinds.count == 2 && !kinds.contains(0) && !kinds.contains(0xFF))
  }

  /// Undoes \" \\ \t \n \r \xHH; nil for anything else.
  static func unescape(_ text: ByteView) -> [UInt8]? {
    var out: [UInt8] = []
    var place = 0
    while place < text.count {
      guard text[place] == 0x5C else {
        out.append(text[place])
        place += 1
        continue
      }
      switch text[place + 1] {
      case 0x22, 0x5C: out.append(text[place + 1])
      case 0x74: out.append(0x09)
      case 0x6E: out.append(0x0A)
      case 0x72: out.append(0x0D)
      case 0x78:
        guard let high = hexDigit(text[place + 2]), let low = hexDigit(text[place + 3]) else { return nil }
        out.append(high << 4 | low)
        place += 2
      default: return nil
      }
      place += 2
    }
    return out
  }

  // MARK: Trees

  /// The longest literals that a node cannot match without.
  private static func best(_ node: UnsafePointer<RE_NODE>, depth: Int) -> [[UInt8]]? {
    guard depth < 100 else { return nil }
    switch node.pointee.type {
    case RE_NODE_LITERAL: return [[UInt8(truncatingIfNeeded: shim_re_value(node))]]
    case RE_NODE_CONCAT: return bestOfSequence(node, depth: depth)
    case RE_NODE_ALT: return bestOfAlternatives(node, depth: depth)
    case RE_NODE_PLUS:
      return node.pointee.children_head.flatMap { best($0, depth: depth + 1) }
    case RE_NODE_RANGE where shim_re_start(node) > 0:
      return node.pointee.children_head.flatMap { best($0, depth: depth + 1) }
    default: return nil
    }
  }

  private static func bestOfSequence(_ node: UnsafePointer<RE_NODE>, depth: Int) -> [[UInt8]]? {
    var best: [[UInt8]]?
    var run: [UInt8] = []
    func offer(_ candidate: [[UInt8]]?) {
      guard let candidate, score(candidate) > score(best ?? []) else { return }
      best = candidate
    }
    var child = node.pointee.children_head
    while let item = child {
      if item.pointee.type == RE_NODE_LITERAL {
        run.append(UInt8(truncatingIfNeeded: shim_re_value(item)))
      } else {
        offer([run])
        run = []
        offer(Self.best(item, depth: depth + 1))
      }
      child = item.pointee.next_sibling
    }
    offer([run])
    return best
  }

  private static func bestOfAlternatives(_ node: UnsafePointer<RE_NODE>, depth: Int) -> [[UInt8]]? {
    var all: [[UInt8]] = []
    var child = node.pointee.children_head
    while let item = child {
      guard let one = best(item, depth: depth + 1) else { return nil }
      all += one
      if all.count > maximumAlternatives { return nil }
      child = item.pointee.next_sibling
    }
    return all.isEmpty ? nil : all
  }

  /// The weakest alternative counts; few distinct bytes are worth little.
  private static func score(_ alternatives: [[UInt8]]) -> Int {
    alternatives.map { isTelling($0) ? min($0.count, 24) : 0 }.min() ?? 0
  }
}
