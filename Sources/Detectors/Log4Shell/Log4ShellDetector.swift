import Bytes
import Evidence

/// Finds lookups that make log4j fetch over the network (CVE-2021-44228 and its kin) wherever text turns up, however they
/// are encoded and nested.
///
/// Certain because it evaluates rather than guesses: what it reports does resolve to `jndi:` and a remote address. The
/// text is evidence of an attempt, so its severity is medium; whether it worked, other evidence says.
public struct Log4ShellDetector: TextDetector {
  public let version = 10

  public init() {}

  /// More in one text are a flood of the same attempt: a field may hold 64, a stretch of memory one more for each KiB.
  static func maximumDetections(_ text: ByteView) -> Int { 64 + text.count / 1024 }

  public func scan(_ text: ByteView, _ origin: TextOrigin) -> [TextDetection] {
    var judged = Log4ShellLeads.JudgedBase64()
    return scan(text, origin, &judged)
  }

  func scan(_ text: ByteView, _ origin: TextOrigin, _ judged: inout Log4ShellLeads.JudgedBase64) -> [TextDetection] {
    var found: [TextDetection] = []
    var machine = LookupMachine()
    // What a window costs is spent once: the next begins behind it.
    Log4ShellLeads.set.forEachMatch(in: text) { place, lead in
      guard found.count < Self.maximumDetections(text) else { return nil }
      guard let window = Log4ShellLeads.window(text, at: place, lead: lead, &judged) else { return place + 1 }
      // No payload is shorter than `${jndi:t3:`, but what the text's end cut.
      let least = window.range.upperBound < text.count ? 10 : 5
      if window.stride == 1, window.range.count < least { return window.range.upperBound }
      let before = found.count
      let resume = inspect(window, of: text, origin, &machine, &found)
      // The same Base64 digits may hold a payload that groups them otherwise.
      return window.mayRegroup && found.count == before ? place + 1 : resume
    }
    return found
  }

  /// Whether lookups in a text can come to `jndi` at all: no lookup makes a j but from a j, or out of Base64. Most text
  /// full of placeholders ends here.
  private static func canName(_ text: ByteView) -> Bool {
    guard text.contains("${") else { return false }
    return text.firstIndex(of: 0x6A) != nil || text.firstIndex(of: 0x4A) != nil || text.contains("64")
  }

  private static let emptyCases = LiteralSet(exact: [], ignoringCase: ["${upper::-", "${lower::-"])

  /// Decodes one window and reports what it holds; returns where to go on.
  private func inspect(
    _ window: Log4ShellLeads.Window, of text: ByteView, _ origin: TextOrigin, _ machine: inout LookupMachine,
    _ found: inout [TextDetection]
  ) -> Int {
    var decoded = window.bytes.withView { view in
      Encodings.mayHold(view) ? Encodings.undo(view) : DecodedText(bytes: window.bytes)
    }
    if window.range.upperBound >= text.count, !decoded.passes.isEmpty { Encodings.dropCutEscape(&decoded.bytes) }
    guard decoded.bytes.withView({ Self.canName($0) }) else { return window.range.upperBound }
    decoded.bytes.withView { bytes in
      machine.run(bytes)
      // A list of payloads that many have copied writes `${upper::-j}`, which fetches nothing but is as much of an attempt.
      if machine.found.isEmpty, Self.emptyCases.occurs(in: bytes) {
        machine.takesEmptyCase = true
        machine.run(bytes)
        machine.takesEmptyCase = false
      }
    }
    var resume = window.range.upperBound
    for jndi in machine.found where found.count < Self.maximumDetections(text) {
      let range = window.places(
        decoded.origin(jndi.range.lowerBound),
        jndi.range.upperBound == Int.max ? window.range.count : decoded.origin(jndi.range.upperBound))
      // A payload that the window's size cut is seen whole by the next window; one of half a window is left as it is,
      // so that every window gains as much.
      if jndi.isOpen, jndi.isAtEnd, window.isCut,
        range.lowerBound > window.range.lowerBound + Log4ShellLeads.maximumWindow / 2
      {
        resume = min(resume, range.lowerBound)
        continue
      }
      var jndi = jndi
      // Who encodes it means it: such a text is no word about lookups. A pattern that looks for them has backslashes.
      jndi.isEncoded = decoded.passes.contains { !$0.kinds.subtracting(.slash).isEmpty }
      let isPattern = !decoded.passes.isEmpty && !jndi.isEncoded
      let reference =
        JNDIReference(jndi)
        ?? decoded.bytes.withView { JNDIReference(jndi, followedBy: $0.slice(min(jndi.range.upperBound, $0.count))) }
      guard let reference else { continue }
      // `${jndi:` and no more: in a field it was cut, in memory and within a text it is a word.
      if reference.scheme == nil, reference.host == nil, !jndi.isObfuscated, !jndi.isEncoded,
        isPattern || origin == .bytes || window.range.upperBound < text.count
      {
        continue
      }
      if decoded.bytes.count > 1 << 20 { decoded.passes = [] }
      let report = Log4ShellReport(reference, jndi, decoded.passes, extra: window.step)
      found.append(report.detection(range: range, in: text, origin))
    }
    return max(resume, window.range.lowerBound + 1)
  }
}
