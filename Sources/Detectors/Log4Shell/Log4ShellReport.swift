import Bytes
import Evidence

/// Puts what was decoded of one payload into words and fields.
struct Log4ShellReport {
  private let reference: JNDIReference
  private let jndi: JNDIText
  private var steps: [String] = []
  private var commands: [String] = []
  private var leaks: [String] = []

  init(
    _ reference: JNDIReference, _ jndi: JNDIText, _ passes: [(kinds: EncodingKinds, bytes: [UInt8])], extra: String?
  ) {
    self.reference = reference
    self.jndi = jndi
    if let extra { steps.append(extra) }
    for pass in passes { steps.append("\(pass.kinds.words) undone: \(Self.excerpt(pass.bytes))") }
    if jndi.isObfuscated { steps.append("lookups resolved: \(normalForm)") }
    leaks = Self.leaks(jndi, reference)
    readPath()
  }

  private var normalForm: String { "${\(String(decoding: jndi.content, as: UTF8.self))\(jndi.isOpen ? "" : "}")" }

  /// The stretch around the payload is what a reader wants, not a whole request.
  private static func excerpt(_ bytes: [UInt8]) -> String { String(decoding: bytes.prefix(512), as: UTF8.self) }

  // MARK: Leaks

  private static func leaks(_ jndi: JNDIText, _ reference: JNDIReference) -> [String] {
    var names: [String] = []
    // A payload that is open, or closed by a bracket of the text around it, runs on behind its name: what is looked up there is
    // the line's.
    let isPartial = jndi.isOpen || reference.written.utf8.count + 5 < jndi.content.count
    let written = isPartial ? reference.written.lowercased() : ""
    for lookup in jndi.lookups where !names.contains(lookup.name) {
      if isPartial, !lookup.hasDefault, !written.contains("${" + lookup.name.lowercased()) { continue }
      if lookup.hasDefault ? isSecret(lookup) : isPlausible(lookup.name) { names.append(lookup.name) }
    }
    return names
  }

  /// With a default a lookup is mostly a way to spell; only names worth stealing count.
  private static func isSecret(_ lookup: UnresolvedLookup) -> Bool {
    let name = lookup.name
    guard name.hasPrefix("env:") || name.hasPrefix("sys:") else { return false }
    let words = name.dropFirst(4).uppercased().split { $0 == "_" || $0 == "." || $0 == "-" }
    let telling: Set<Substring> = [
      "AWS", "SECRET", "TOKEN", "PASSWORD", "PASSWD", "PASS", "KEY", "CREDENTIALS", "CREDENTIAL", "HOSTNAME", "USER",
      "USERNAME", "VERSION", "DATABASE",
    ]
    return words.contains { telling.contains($0) } && (words.count > 1 || name.count > 8 || lookup.hasWord)
  }

  /// Without one it is what log4j knows: a word, or a lookup's name and key.
  private static func isPlausible(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.allSatisfy { isWordByte($0) || isAny($0, of: ":.-/[]") }
      && !name.lowercased().hasPrefix("jndi:")
  }

  // MARK: Commands

  /// The longest paths of exploit servers have six; what lies behind is one.
  private static let maximumSegments = 16

  /// Exploit servers read commands out of the path: `Basic/Command/Base64/…`, `TomcatBypass/ReverseShell/host/port`.
  private mutating func readPath() {
    guard let path = reference.path else { return }
    let segments = path.split(separator: "/", maxSplits: Self.maximumSegments, omittingEmptySubsequences: true)
    for (index, segment) in segments.enumerated() {
      let next = index + 1 < segments.count ? segments[index + 1] : ""
      // As written: an address in a command has two slashes.
      let rest = next.isEmpty ? "" : path[next.startIndex...]
      switch segment.lowercased() {
      case "base64" where !rest.isEmpty:
        if let inner = String(rest).withView(Self.command) { return addCommand(inner, "Base64 in the path decoded") }
      case "hex" where !rest.isEmpty:
        if let inner = String(rest).withView({ HexadecimalText.run(in: $0) }) {
          return addCommand(inner, "hexadecimal in the path decoded")
        }
      case "reverseshell", "meterpreter", "shell", "java_reverse_shell":
        let after = index + 2 < segments.count ? segments[index + 2] : ""
        // `host/port`, or `host:port` in one.
        guard let place = Self.place(next, after) else { continue }
        let kind = segment.lowercased() == "meterpreter" ? "Meterpreter session" : "reverse shell"
        return addCommand(Array("\(kind) to \(place)".utf8), "the path asks for a \(kind)")
      case "fromurl" where !rest.isEmpty:
        let url = String(next).withView { $0.count >= 16 ? Base64.text($0) : nil } ?? Array(rest.utf8)
        return addCommand(Array("class from ".utf8) + url, "the path asks for a class")
      case "command", "cmd", "exec", "exec_unix", "exec_global":
        if !rest.isEmpty, !["base64", "hex"].contains(next.lowercased()) {
          if let inner = String(rest).withView({ $0.count >= 8 ? Base64.text($0) : nil }) {
            return addCommand(inner, "Base64 in the path decoded")
          }
          return addCommand(Array(rest.utf8), "the path holds a command")
        }
      default:
        // `o=tomcat,cmd=BASE64`
        guard let part = segment.split(separator: ",").last, part.lowercased().hasPrefix("cmd=") else { continue }
        // Base64 holds slashes too.
        let value = rest.isEmpty ? String(part.dropFirst(4)) : "\(part.dropFirst(4))/\(rest)"
        if let inner = value.withView(Self.command) { return addCommand(inner, "Base64 in the path decoded") }
      }
    }
    // A long segment that decodes to text is a command under a name of the server's own.
    for segment in segments where segment.utf8.count >= 24 {
      if let inner = String(segment).withView({ Base64.text($0) }), inner.contains(0x20) {
        return addCommand(inner, "Base64 in the path decoded")
      }
    }
  }

  private static func place(_ host: Substring, _ port: Substring) -> String? {
    let pair = String(host)
    if pair.withView({ Endpoint.pair($0)?.host != nil }) { return pair }
    guard !host.isEmpty, let number = UInt16(port), number > 0 else { return nil }
    return "\(host):\(number)"
  }

  /// The command of any length that a whole text stands for in Base64: a place where one is told makes `aWQ=` one.
  private static func command(_ text: ByteView) -> [UInt8]? {
    if let inner = Base64.text(text) { return inner }
    let end = Base64.end(of: text, from: 0)
    guard end >= 2, text.slice(end).array.allSatisfy({ $0 == 0x3D }) else { return nil }
    let inner = Base64.decode(text.slice(0, end))
    return !inner.isEmpty && inner.allSatisfy { $0 >= 0x20 && $0 < 0x7F } ? inner : nil
  }

  private mutating func addCommand(_ bytes: [UInt8], _ step: String) {
    let text = String(decoding: bytes, as: UTF8.self)
    commands.append(text)
    steps.append("\(step): \(text)")
    for layer in bytes.withView({ CommandLayers.unwrap($0) }) {
      let text = String(decoding: layer.text.prefix(4096), as: UTF8.self)
      if !layer.isRewording { commands.append(text) }
      steps.append("\(layer.step): \(text)")
    }
  }

  // MARK: Result

  func detection(range: Range<Int>, in text: ByteView, _ origin: TextOrigin) -> TextDetection {
    let raw = text.slice(range.lowerBound, min(range.upperBound, range.lowerBound + 4096)).string
    let isCertain = reference.host != nil && (reference.scheme != nil || !jndi.isOpen)
    var detection = TextDetection(
      .log4shell, rule: "log4shell.jndi-lookup", title: "Log4Shell payload", severity: .medium,
      confidence: isCertain ? .high : .medium, attack: ["T1190"], range: range, raw: raw, message: message)
    detection.scheme = reference.scheme
    detection.host = reference.host
    detection.port = reference.port
    detection.path = reference.path
    detection.leaks = leaks
    detection.decoded = normalForm
    detection.commands = commands
    detection.steps = steps
    return detection
  }

  private var message: String {
    var text = "Log4Shell payload"
    if let host = reference.host {
      text +=
        " that calls back to \(reference.scheme.map { "\($0)://" } ?? "")\(host)\(reference.port.map { ":\($0)" } ?? "")"
    } else if let scheme = reference.scheme {
      text += " with scheme \(scheme)"
    }
    if jndi.isOpen { text += ", cut off" }
    if !leaks.isEmpty { text += ", sending along \(leaks.joined(separator: ", "))" }
    if let last = commands.last { text += "; it runs: \(String(last.prefix(300)))" }
    return text
  }
}
