import Bytes
import CHyperscan
import Foundation
import Synchronization

/// A regular expression of a rule, searched for anywhere in a value.
///
/// Hyperscan runs nearly all of them, in time linear in the text. What it refuses (looking around, references back) goes to
/// ICU, on the first kilobytes of a value and with a limit on its steps, because an attacker writes the text.
final class SigmaRegex: @unchecked Sendable, Hashable {
  let pattern: String
  private let database: OpaquePointer?
  private let fallback: NSRegularExpression?
  /// Letters match in one case only, as far as the pattern and its flags say.
  let isCased: Bool
  /// Hyperscan's working space, of which each search needs one. Making it costs more than a search.
  private let spare = Mutex<Scratch?>(nil)

  private struct Scratch: @unchecked Sendable { var pointer: OpaquePointer? }

  /// - Parameter flags: of `i`, `m`, `s`.
  /// - Returns: nil, with the engine's words, for a pattern that neither engine takes.
  static func make(_ pattern: String, flags: Set<Character>) -> (regex: SigmaRegex?, complaint: String) {
    let isCased = !flags.contains("i") && !pattern.contains("(?")
    var options = UInt32(HS_FLAG_SINGLEMATCH) | UInt32(HS_FLAG_ALLOWEMPTY)
    if flags.contains("i") { options |= UInt32(HS_FLAG_CASELESS) }
    if flags.contains("m") { options |= UInt32(HS_FLAG_MULTILINE) }
    if flags.contains("s") { options |= UInt32(HS_FLAG_DOTALL) }
    if !pattern.utf8.allSatisfy({ $0 < 0x80 }) { options |= UInt32(HS_FLAG_UTF8) }
    var database: OpaquePointer?
    var failure: UnsafeMutablePointer<hs_compile_error_t>?
    let code = hs_compile(pattern, options, UInt32(HS_MODE_BLOCK), nil, &database, &failure)
    if let failure { hs_free_compile_error(failure) }
    if code == HS_SUCCESS, let database {
      return (SigmaRegex(pattern: pattern, database: database, fallback: nil, isCased: isCased), "")
    }
    var icu: NSRegularExpression.Options = []
    if flags.contains("i") { icu.insert(.caseInsensitive) }
    if flags.contains("m") { icu.insert(.anchorsMatchLines) }
    if flags.contains("s") { icu.insert(.dotMatchesLineSeparators) }
    do {
      return (
        SigmaRegex(
          pattern: pattern, database: nil, fallback: try NSRegularExpression(pattern: pattern, options: icu),
          isCased: isCased), ""
      )
    } catch {
      return (nil, "regular expression not understood: \(pattern)")
    }
  }

  private init(pattern: String, database: OpaquePointer?, fallback: NSRegularExpression?, isCased: Bool) {
    self.pattern = pattern
    self.isCased = isCased
    self.database = database
    self.fallback = fallback
  }

  deinit {
    spare.withLock { if let pointer = $0?.pointer { hs_free_scratch(pointer) } }
    if let database { hs_free_database(database) }
  }

  static func == (left: SigmaRegex, right: SigmaRegex) -> Bool { left === right }
  func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }

  /// Longest text that ICU is given, and how often it may report progress (each some thousands of steps).
  private static let fallbackLength = 8192
  private static let fallbackReports = 64

  func matches(_ text: ByteView) -> Bool {
    if let database { return search(database, text) }
    guard let fallback else { return false }
    let shown = text.slice(0, Self.fallbackLength).string
    var found = false
    var reports = 0
    fallback.enumerateMatches(
      in: shown, options: [.reportProgress], range: NSRange(location: 0, length: shown.utf16.count)
    ) { result, _, stop in
      if result != nil { found = true }
      reports += 1
      if found || reports > Self.fallbackReports { stop.pointee = true }
    }
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
