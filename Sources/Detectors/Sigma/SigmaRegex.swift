import Bytes
import CHyperscan
import Foundation
import Synchronization

/// A regular expression of a rule, searched for anywhere in a value: in PCRE's dialect, by characters (`.` is one, whatever its
/// bytes), in the case it is written in unless `i` says otherwise. Values are texts, so their bytes are whole UTF-8, which Hyperscan
/// relies on. Without case `é` is `É`; `\w`, `\d`, `\s` and `\b` know ASCII alone, as PCRE's do.
///
/// Hyperscan runs nearly all of them, in time linear in the text. What it refuses (looking around, references back) goes to
/// ICU, on overlapping pieces of a value and with a limit on its steps, because an attacker writes the text.
final class SigmaRegex: @unchecked Sendable, Hashable {
  let pattern: String
  private let flags: Set<Character>
  /// Made when a text is first looked at: it costs a millisecond, and most rules of a set are never asked.
  private let engine = Mutex<Engine?>(nil)
  /// Letters match in one case only, as far as the pattern and its flags say.
  let isCased: Bool
  /// Hyperscan's working space, of which each search needs one. Making it costs more than a search.
  private let spare = Mutex<Scratch?>(nil)

  private struct Scratch: @unchecked Sendable { var pointer: OpaquePointer? }

  private enum Engine: @unchecked Sendable {
    case hyperscan(OpaquePointer)
    case icu(NSRegularExpression)
    case none
  }

  /// - Parameter flags: of `i`, `m`, `s`.
  /// - Returns: nil, with the engine's words, for a pattern that neither engine takes.
  static func make(_ pattern: String, flags: Set<Character>) -> (regex: SigmaRegex?, complaint: String) {
    // To an engine of C the pattern would end there.
    if pattern.utf8.contains(0) { return (nil, "regular expression with a zero byte") }
    if let complaint = SigmaPatternSize.complaint(pattern) { return (nil, complaint) }
    if isUnderstood(pattern, flags) || icu(pattern, flags) != nil { return (SigmaRegex(pattern, flags), "") }
    return (nil, "regular expression not understood: \(pattern)")
  }

  private init(_ pattern: String, _ flags: Set<Character>) {
    self.pattern = pattern
    self.flags = flags
    isCased = !flags.contains("i") && !pattern.contains("(?")
  }

  private static func options(_ flags: Set<Character>) -> UInt32 {
    var options = UInt32(HS_FLAG_SINGLEMATCH) | UInt32(HS_FLAG_ALLOWEMPTY) | UInt32(HS_FLAG_UTF8)
    if flags.contains("i") { options |= UInt32(HS_FLAG_CASELESS) }
    if flags.contains("m") { options |= UInt32(HS_FLAG_MULTILINE) }
    if flags.contains("s") { options |= UInt32(HS_FLAG_DOTALL) }
    return options
  }

  /// Whether Hyperscan reads the pattern, which it says a hundred times sooner than it compiles it.
  private static func isUnderstood(_ pattern: String, _ flags: Set<Character>) -> Bool {
    var facts: UnsafeMutablePointer<hs_expr_info_t>?
    var failure: UnsafeMutablePointer<hs_compile_error_t>?
    let code = hs_expression_info(pattern, options(flags), &facts, &failure)
    if let failure { hs_free_compile_error(failure) }
    free(facts)
    return code == HS_SUCCESS
  }

  private static func icu(_ pattern: String, _ flags: Set<Character>) -> NSRegularExpression? {
    // Lines end at a line feed, as they do for Hyperscan.
    var options: NSRegularExpression.Options = [.useUnixLineSeparators]
    if flags.contains("i") { options.insert(.caseInsensitive) }
    if flags.contains("m") { options.insert(.anchorsMatchLines) }
    if flags.contains("s") { options.insert(.dotMatchesLineSeparators) }
    return SigmaFallbackPattern.translated(pattern).flatMap {
      try? NSRegularExpression(pattern: $0, options: options)
    }
  }

  private func ready() -> Engine {
    engine.withLock { engine in
      if let engine { return engine }
      var database: OpaquePointer?
      var failure: UnsafeMutablePointer<hs_compile_error_t>?
      let code = hs_compile(
        pattern, Self.options(flags), UInt32(HS_MODE_BLOCK), nil, &database, &failure)
      if let failure { hs_free_compile_error(failure) }
      let made: Engine =
        if code == HS_SUCCESS, let database { .hyperscan(database) } else {
          Self.icu(pattern, flags).map(Engine.icu) ?? .none
        }
      engine = made
      return made
    }
  }

  deinit {
    spare.withLock { if let pointer = $0?.pointer { hs_free_scratch(pointer) } }
    engine.withLock { if case .hyperscan(let database) = $0 { hs_free_database(database) } }
  }

  static func == (left: SigmaRegex, right: SigmaRegex) -> Bool { left === right }
  func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }

  /// Longest piece of a text in which ICU looks for a match, for its time may grow with the square of that; the next begins at its
  /// middle, so a match of half its length is found anywhere. Then what it may look at before and behind the piece.
  private static let pieceLength = 1 << 15
  private static let lookBehind = 512
  private static let lookAhead = 4096
  /// How often ICU may report progress beyond once for each place at which a match may begin: so many times ten thousand steps for
  /// all pieces together.
  private static let fallbackReports = 64

  func matches(_ text: ByteView) -> Bool {
    let fallback: NSRegularExpression
    switch ready() {
    case .hyperscan(let database): return search(database, text)
    case .icu(let expression): fallback = expression
    case .none: return false
    }
    var spare = Self.fallbackReports
    var start = 0
    while spare > 0 {
      let end = Self.border(text, start + Self.pieceLength)
      let before = text.slice(Self.border(text, start - Self.lookBehind), start).string
      let piece = text.slice(start, end).string
      let behind = text.slice(end, Self.border(text, end + Self.lookAhead)).string
      let range = NSRange(location: before.utf16.count, length: piece.utf16.count)
      if Self.finds(fallback, before + piece + behind, range, &spare) { return true }
      if end >= text.count { break }
      start = Self.border(text, start + Self.pieceLength / 2)
    }
    guard text.count > Self.pieceLength else { return false }
    // A match may be longer than a piece: once more, with as many steps as the text is long, a few times over.
    let whole = text.string
    var steps = Self.fallbackReports + text.count / Self.bytesPerReport
    return Self.finds(fallback, whole, NSRange(location: 0, length: whole.utf16.count), &steps)
  }

  /// Ten thousand steps for so many bytes, where a whole text is looked at.
  private static let bytesPerReport = 1 << 11

  /// The nearest place before which a character ends.
  private static func border(_ text: ByteView, _ place: Int) -> Int {
    var place = min(max(place, 0), text.count)
    while place > 0, place < text.count, text[place] & 0xC0 == 0x80 { place -= 1 }
    return place
  }

  /// What stands around the range is looked at, and its ends are none of the text's.
  private static func finds(
    _ expression: NSRegularExpression, _ text: String, _ range: NSRange, _ spare: inout Int
  ) -> Bool {
    var found = false
    var reports = 0
    let most = range.length + spare
    expression.enumerateMatches(
      in: text, options: [.reportProgress, .withTransparentBounds, .withoutAnchoringBounds], range: range
    ) { result, _, stop in
      if result != nil { found = true }
      reports += 1
      if found || reports > most { stop.pointee = true }
    }
    spare -= max(reports - range.length, 0)
    return found
  }

  private func search(_ database: OpaquePointer, _ text: ByteView) -> Bool {
    var found = false
    // One is kept; a second thread that searches at the same moment makes its own.
    let kept = spare.withLock { spare in
      defer { spare = nil }
      return spare
    }
    var scratch = kept?.pointer
    if scratch == nil, hs_alloc_scratch(database, &scratch) != HS_SUCCESS { return false }
    defer {
      let used = Scratch(pointer: scratch)
      let isKept = spare.withLock { spare in
        guard spare == nil else { return false }
        spare = used
        return true
      }
      if !isKept { hs_free_scratch(used.pointer) }
    }
    withUnsafeMutablePointer(to: &found) { user in
      var nothing: CChar = 0
      let base = text.unsafeBytes.baseAddress?.assumingMemoryBound(to: CChar.self)
      withUnsafePointer(to: &nothing) { empty in
        _ = hs_scan(
          database, base ?? empty, UInt32(clamping: text.count), 0, scratch,
          { _, _, _, _, user in
            user?.assumingMemoryBound(to: Bool.self).pointee = true
            return 1
          }, user)
      }
    }
    return found
  }
}
