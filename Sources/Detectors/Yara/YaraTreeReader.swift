import CYara

/// Finds, in the compiler's tree of a regular expression or hex string, rows of bytes of which every match holds one.
///
/// A row may hold bytes that are known in part (a nibble, a digit) or not at all (`??`, `.`, `[4]`); it covers at least what
/// the tree does. Everything may only err towards nil.
struct YaraTreeReader {
  /// Rows that an expression can match, and nothing else, each in full; nil where there are too many.
  typealias Rows = [[MaskedByte]]

  private static let maximumDepth = 100
  private static let maximumRows = YaraLiteralFinder.maximumAlternatives
  /// Rows of which there are several are cut when they are longer.
  private static let maximumLength = 64

  /// The most telling rows, each no longer than a literal; nil where nothing can be said.
  static func rows(of tree: UnsafePointer<RE_NODE>) -> Rows? { best(tree, depth: 0) }

  // MARK: Whole rows

  /// All that a node can match, or more.
  private static func whole(_ node: UnsafePointer<RE_NODE>, depth: Int) -> Rows? {
    guard depth < maximumDepth else { return nil }
    if let byte = Self.byte(node) { return [[byte]] }
    switch node.pointee.type {
    // Nothing of its own, wherever it holds.
    case RE_NODE_EMPTY, RE_NODE_WORD_BOUNDARY, RE_NODE_NON_WORD_BOUNDARY: return [[]]
    case RE_NODE_RANGE_ANY:
      let count = Int(shim_re_start(node))
      guard count == Int(shim_re_end(node)), (0...MaskedLiteral.maximumLength).contains(count) else { return nil }
      return [[MaskedByte](repeating: .any, count: count)]
    case RE_NODE_RANGE:
      let count = Int(shim_re_start(node))
      guard count == Int(shim_re_end(node)), (0...maximumLength).contains(count),
        let inner = node.pointee.children_head.flatMap({ whole($0, depth: depth + 1) })
      else { return nil }
      var rows: Rows = [[]]
      for _ in 0..<count {
        guard let longer = extended(rows, by: inner) else { return nil }
        rows = longer
      }
      return rows
    case RE_NODE_CONCAT:
      var rows: Rows = [[]]
      var child = node.pointee.children_head
      while let item = child {
        guard let next = whole(item, depth: depth + 1), let longer = extended(rows, by: next) else { return nil }
        rows = longer
        child = item.pointee.next_sibling
      }
      return rows
    case RE_NODE_ALT:
      var rows: Rows = []
      var child = node.pointee.children_head
      while let item = child {
        guard let next = whole(item, depth: depth + 1), rows.count + next.count <= maximumRows else { return nil }
        rows += next
        child = item.pointee.next_sibling
      }
      return rows.isEmpty ? nil : rows
    default: return nil
    }
  }

  /// Each row followed by each; nil where that is too much.
  private static func extended(_ rows: Rows, by others: Rows) -> Rows? {
    guard rows.count * others.count <= maximumRows else { return nil }
    let longest = (rows.lazy.map(\.count).max() ?? 0) + (others.lazy.map(\.count).max() ?? 0)
    guard longest <= maximumLength else { return nil }
    return rows.flatMap { row in others.map { row + $0 } }
  }

  /// Of a node that matches one byte, what is the same in all bytes that it matches.
  private static func byte(_ node: UnsafePointer<RE_NODE>) -> MaskedByte? {
    switch node.pointee.type {
    case RE_NODE_LITERAL: return MaskedByte(UInt8(truncatingIfNeeded: shim_re_value(node)))
    case RE_NODE_MASKED_LITERAL:
      return MaskedByte(
        UInt8(truncatingIfNeeded: shim_re_value(node)), mask: UInt8(truncatingIfNeeded: shim_re_mask(node)))
    case RE_NODE_ANY, RE_NODE_WORD_CHAR, RE_NODE_NON_WORD_CHAR, RE_NODE_NON_SPACE, RE_NODE_NON_DIGIT: return .any
    // \t \n \v \f \r and the blank.
    case RE_NODE_SPACE: return MaskedByte(0, mask: 0xD0)
    case RE_NODE_DIGIT: return MaskedByte(0x30, mask: 0xF0)
    case RE_NODE_CLASS:
      var always: UInt8 = 0xFF
      var ever: UInt8 = 0
      for byte in UInt8.min ... .max where shim_re_class_has(node, byte) {
        always &= byte
        ever |= byte
      }
      // A class of nothing matches nothing; that is left to the compiler.
      return ever & always == always ? MaskedByte(always, mask: always | ~ever) : .any
    default: return nil
    }
  }

  // MARK: Parts

  /// The most telling rows that a node cannot match without.
  private static func best(_ node: UnsafePointer<RE_NODE>, depth: Int) -> Rows? {
    guard depth < maximumDepth else { return nil }
    switch node.pointee.type {
    case RE_NODE_CONCAT: return bestOfSequence(node, depth: depth)
    case RE_NODE_ALT: return bestOfAlternatives(node, depth: depth)
    case RE_NODE_PLUS:
      return node.pointee.children_head.flatMap { best($0, depth: depth + 1) }
    case RE_NODE_RANGE where shim_re_start(node) > 0:
      return node.pointee.children_head.flatMap { best($0, depth: depth + 1) }
    default: return byte(node).flatMap { $0.mask == 0 ? nil : [[$0]] }
    }
  }

  private static func bestOfSequence(_ node: UnsafePointer<RE_NODE>, depth: Int) -> Rows? {
    var choice = Choice()
    var run = Run()
    var child = node.pointee.children_head
    while let item = child {
      if let byte = Self.byte(item) {
        run.append(byte, &choice)
      } else if let next = whole(item, depth: depth + 1) {
        run.append(next, &choice)
      } else if let inner = repeated(item), let next = whole(inner, depth: depth + 1) {
        // The first of them follows what was before, the last is followed by what comes.
        run.append(next, &choice)
        choice.offer(run.rows)
        run = Run(rows: next)
      } else {
        choice.offer(run.rows)
        choice.offer(best(item, depth: depth + 1))
        run = Run()
      }
      child = item.pointee.next_sibling
    }
    choice.offer(run.rows)
    return choice.rows
  }

  /// What stands once or more often.
  private static func repeated(_ node: UnsafePointer<RE_NODE>) -> UnsafePointer<RE_NODE>? {
    let isRepeated = node.pointee.type == RE_NODE_PLUS || node.pointee.type == RE_NODE_RANGE && shim_re_start(node) > 0
    return isRepeated ? node.pointee.children_head.map { UnsafePointer($0) } : nil
  }

  private static func bestOfAlternatives(_ node: UnsafePointer<RE_NODE>, depth: Int) -> Rows? {
    var all: Rows = []
    var child = node.pointee.children_head
    while let item = child {
      guard let one = best(item, depth: depth + 1) else { return nil }
      all += one
      if all.count > maximumRows { return nil }
      child = item.pointee.next_sibling
    }
    return all.isEmpty ? nil : all
  }

  /// Rows of one of which a match holds all bytes, one after another, up to where it was read.
  private struct Run {
    var rows: Rows = [[]]

    mutating func append(_ byte: MaskedByte, _ choice: inout Choice) {
      if rows.count > 1 { cut(&choice) }
      for index in rows.indices { rows[index].append(byte) }
    }

    mutating func append(_ next: Rows, _ choice: inout Choice) {
      if rows.count > 1 || next.count > 1 { cut(&choice) }
      guard rows.count * next.count <= maximumRows else {
        choice.offer(rows)
        rows = next
        return
      }
      rows = rows.flatMap { row in next.map { row + $0 } }
    }

    /// Where there are several rows they are kept short.
    private mutating func cut(_ choice: inout Choice) {
      guard rows.contains(where: { $0.count > maximumLength }) else { return }
      choice.offer(rows)
      rows = rows.map { Array($0.suffix(MaskedLiteral.maximumLength)) }
    }
  }

  /// The best of what was offered.
  private struct Choice {
    private(set) var rows: Rows?
    private var score = 0

    /// The least telling row counts, and each doubling of their number is a bit.
    mutating func offer(_ offered: Rows?) {
      guard let offered, !offered.isEmpty else { return }
      let parts = offered.map { ByteRarity.mostTelling($0) }
      let least = parts.lazy.map { ByteRarity.bits($0) }.min() ?? 0
      let score = least - (Int.bitWidth - parts.count.leadingZeroBitCount - 1) * ByteRarity.scale
      if score > self.score { (rows, self.score) = (parts.map { Array($0) }, score) }
    }
  }
}
