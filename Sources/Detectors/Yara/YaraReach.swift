import CYara

/// How far from one of its literals a string's match, and all that libyara looks at to find it, can lie.
///
/// A scan of only the surroundings of literals then gives exactly the matches of a scan of the whole object: libyara
/// starts at atoms, which lie in the match as the literal does, and looks no further from them than the match can be
/// long, and never further than `YR_RE_SCAN_LIMIT`.
struct YaraReach: Hashable, Sendable {
  /// Bytes to either side of a literal. nil: the whole object must be scanned in one piece, because the pattern asks for
  /// its beginning or end, or is a chain of fragments: libyara joins these by their places within a block, so that a head in one
  /// window would meet a tail in another.
  var distance: Int?
  /// Whether every match holds a byte that is not zero, so that stretches of zeros need not be looked at.
  var hasFilledByte: Bool

  /// For full words and word boundaries the bytes before and after count, in UTF-16 two of them.
  static let slack = 8
  /// What a pattern without a longest match can look at: from an atom to either end of the match, and as far again on the
  /// other side of the literal, with room to spare.
  static let unlimited = 5 * Int(YR_RE_SCAN_LIMIT) + slack
  /// A longer string is looked for in the whole object.
  private static let longest = 1 << 16

  /// Of plain bytes, in every form that modifiers give them.
  init(text: [UInt8], isMasked: Bool) {
    distance = text.count <= Self.longest ? text.count * 4 + Self.slack : nil
    // Under one of the keys a run of equal bytes is a run of zeros.
    hasFilledByte = isMasked ? Set(text).count > 1 : text.contains { $0 != 0 }
  }

  /// Of a regular expression or hex string.
  init(tree: UnsafePointer<RE_NODE>) {
    let measure = Measure(tree, depth: 0)
    hasFilledByte = measure.hasFilledByte
    if measure.isAnchored || measure.isTooDeep || measure.mayChain {
      distance = nil
    } else if let length = measure.length, length <= Self.longest {
      // Doubled for UTF-16, and doubled again for what lies on the far side of the literal.
      distance = length * 4 + Self.slack
    } else {
      distance = Self.unlimited
    }
  }

  init(distance: Int?, hasFilledByte: Bool) {
    self.distance = distance
    self.hasFilledByte = hasFilledByte
  }
}

/// What a tree says of its matches.
private struct Measure {
  /// `RE_MAX_RANGE`: how libyara writes a repetition without end.
  private static let unlimited = Int(Int16.max)

  /// Longest match; nil without limit.
  var length: Int? = 0
  var isAnchored = false
  var mayChain = false
  var hasFilledByte = false
  var isTooDeep = false

  init(_ node: UnsafePointer<RE_NODE>, depth: Int) {
    guard depth < 100 else {
      isTooDeep = true
      return
    }
    switch node.pointee.type {
    case RE_NODE_LITERAL:
      length = 1
      hasFilledByte = shim_re_value(node) & 0xFF != 0
    case RE_NODE_MASKED_LITERAL:
      length = 1
      hasFilledByte = shim_re_value(node) & shim_re_mask(node) & 0xFF != 0
    case RE_NODE_CLASS:
      length = 1
      hasFilledByte = !shim_re_class_has(node, 0)
    case RE_NODE_WORD_CHAR, RE_NODE_SPACE, RE_NODE_DIGIT:
      length = 1
      hasFilledByte = true
    case RE_NODE_ANY, RE_NODE_NON_WORD_CHAR, RE_NODE_NON_SPACE, RE_NODE_NON_DIGIT: length = 1
    case RE_NODE_RANGE_ANY:
      let end = Int(shim_re_end(node))
      length = end < Self.unlimited ? max(end, 0) : nil
      mayChain = max(end, Int(shim_re_start(node))) > Int(YR_STRING_CHAINING_THRESHOLD)
    case RE_NODE_ANCHOR_START, RE_NODE_ANCHOR_END: isAnchored = true
    case RE_NODE_EMPTY, RE_NODE_WORD_BOUNDARY, RE_NODE_NON_WORD_BOUNDARY: break
    case RE_NODE_CONCAT: read(node, depth, isSequence: true)
    case RE_NODE_ALT: read(node, depth, isSequence: false)
    case RE_NODE_STAR:
      read(node, depth, isSequence: true)
      length = nil
      hasFilledByte = false
    case RE_NODE_PLUS:
      read(node, depth, isSequence: true)
      length = nil
    case RE_NODE_RANGE:
      read(node, depth, isSequence: true)
      let end = Int(shim_re_end(node))
      length = end < Self.unlimited ? length.map { $0 * max(end, 0) } : nil
      if shim_re_start(node) <= 0 { hasFilledByte = false }
    default:
      // A kind of node that this version does not know: nothing is concluded.
      isTooDeep = true
    }
  }

  private mutating func read(_ node: UnsafePointer<RE_NODE>, _ depth: Int, isSequence: Bool) {
    var longest: Int? = 0
    var isFilled = !isSequence
    var child = node.pointee.children_head
    while let item = child {
      let one = Measure(item, depth: depth + 1)
      if let sum = longest, let length = one.length {
        longest = isSequence ? min(sum + length, 1 << 24) : max(sum, length)
      } else {
        longest = nil
      }
      isFilled = isSequence ? isFilled || one.hasFilledByte : isFilled && one.hasFilledByte
      isAnchored = isAnchored || one.isAnchored
      mayChain = mayChain || one.mayChain
      isTooDeep = isTooDeep || one.isTooDeep
      child = item.pointee.next_sibling
    }
    length = longest
    hasFilledByte = isFilled && node.pointee.children_head != nil
  }
}
