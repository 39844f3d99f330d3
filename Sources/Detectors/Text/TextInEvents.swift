import Bytes
import Evidence

/// Runs the text detectors over every text of an event: one finding for each rule that speaks, with all payloads in it.
///
/// A web application firewall logs no body; where it saw a Log4Shell payload or another attack there, its label is the
/// evidence.
public final class TextInEvents: EventDetector {
  public static let version = 3

  private let artifact: Digest
  /// The usual texts are short; a flood is cut.
  private static let maximumText = 1 << 20
  private static let maximumPerRule = 16

  /// - Parameter artifact: what the events were read from.
  public init(artifact: Digest) { self.artifact = artifact }

  /// Whether an attribute holds a command as it was run or typed. By lengths, for it is asked of every attribute.
  @inline(__always)
  private static func isCommand(_ name: String) -> Bool {
    switch name.utf8.count {
    case 4: name == "args"
    case 6: name == "execve"
    case 7: name == "command" || name == "cmdline"
    case 9: name == "proctitle"
    case 12: name == "command_line"
    default: false
    }
  }

  /// Attributes that no one outside chooses.
  private static let skipped: Set<String> = [
    "labels", "matching_rules", "rate_rules", "ja3", "ja4", "web_acl", "http_source_id", "event_id", "request_id",
    "trace_id",
    "tls_cipher", "principal_id",
  ]

  /// What the detectors look for in a text that is no command, sought in all texts of an event at once: most events end here.
  private static let leads = LiteralSet(
    exact: Log4ShellLeads.all + ReverseShellLeads.exact,
    ignoringCase: Log4ShellLeads.ignoringCase + ReverseShellLeads.ignoringCase)
  private var bodyLabels = BodyLabels()
  /// Kept for its room.
  private var texts = Texts()

  /// All texts of an event, a line each. No lead holds a line's end, so none is made by what is joined.
  private struct Texts: ~Copyable {
    private(set) var bytes = ByteBuilder()

    /// - Returns: false where a command is among them, or a text that does not lie in one piece.
    ///
    /// Room for all is made first: nothing is called while a text is at hand, so none is counted as used, which was a tenth
    /// of judging a log.
    mutating func fill(_ event: Event) -> Bool {
      bytes.removeAll()
      return event.attributes.withUnsafeBufferPointer { attributes in
        var room = 0
        for place in attributes.indices {
          switch attributes[place].value {
          case .text(let text): room += text.utf8.count + 1
          case .texts(let texts): for text in texts { room += text.utf8.count + 1 }
          case .integer, .flag: break
          }
        }
        bytes.reserve(room)
        for place in attributes.indices {
          switch attributes[place].value {
          case .text(let text):
            if isCommand(attributes[place].name) || !add(text) { return false }
          case .texts(let texts):
            if isCommand(attributes[place].name) { return false }
            for text in texts where !add(text) { return false }
          case .integer, .flag: break
          }
        }
        return true
      }
    }

    /// Longer texts are not looked at.
    @inline(__always)
    private mutating func add(_ text: String) -> Bool {
      if text.utf8.count > maximumText { return true }
      return text.utf8.withContiguousStorageIfAvailable { bytes.push($0, end: 0x0A) } != nil
    }
  }

  /// Whether any detector may have something to say of an event's texts. Of commands more is asked than leads.
  private func mayTell(_ event: Event) -> Bool {
    guard texts.fill(event) else { return true }
    return texts.bytes.withView { texts in
      var found = false
      Self.leads.forEachMatch(in: texts) { place, lead in
        found = ReverseShellLeads.isPlausible(texts, place, lead)
        return found ? nil : place + 1
      }
      return found
    }
  }

  public func inspect(_ event: Event, _ report: (Finding) -> Void) {
    if mayTell(event) { inspectTexts(event, report) } else { reportLabel(event, report) }
  }

  private func reportLabel(_ event: Event, _ report: (Finding) -> Void) {
    guard event.dataType == "aws:waf:request" else { return }
    if let label = Self.label(event) {
      report(finding(event, label: label))
    } else if let finding = bodyLabels.finding(event, artifact) {
      report(finding)
    }
  }

  private func inspectTexts(_ event: Event, _ report: (Finding) -> Void) {
    var byRule: [String: [Seen]] = [:]
    for attribute in event.attributes where !Self.skipped.contains(attribute.name) {
      // lsof's `command` is a name, no command line, but costs nothing either.
      let origin: TextOrigin = Self.isCommand(attribute.name) ? .command : .logField
      switch attribute.value {
      case .text(let text): scan(text, attribute.name, origin, &byRule)
      case .texts(let texts): for text in texts { scan(text, attribute.name, origin, &byRule) }
      case .integer, .flag: break
      }
    }
    if byRule["log4shell.jndi-lookup"] == nil { reportLabel(event, report) }
    for (_, seen) in byRule.sorted(by: { $0.key < $1.key }) { report(finding(event, seen)) }
  }

  private struct Seen {
    var detection: TextDetection
    var attribute: String
  }

  private func scan(_ text: String, _ name: String, _ origin: TextOrigin, _ byRule: inout [String: [Seen]]) {
    guard text.utf8.count >= 2, text.utf8.count <= Self.maximumText else { return }
    for detection in text.withView({ TextDetectors.scan($0, origin) }) {
      var known = byRule[detection.rule] ?? []
      // A header is listed among all headers and on its own.
      let isNew = !known.contains {
        $0.detection.raw == detection.raw || $0.detection.decoded != nil && $0.detection.decoded == detection.decoded
      }
      guard isNew, known.count < Self.maximumPerRule else { continue }
      known.append(Seen(detection: detection, attribute: name))
      byRule[detection.rule] = known
    }
  }

  // MARK: Findings

  private func finding(_ event: Event, _ all: [Seen]) -> Finding {
    // The one that says most speaks; the others are listed.
    let seen = all.max { Self.weight($0.detection) < Self.weight($1.detection) } ?? all[0]
    let detection = seen.detection
    var entities = event.entities
    for one in all {
      entities.addNew(AddressText.entity(one.detection.host))
      if one.detection.kind == .log4shell, let url = Self.url(one.detection) { entities.addNew(Entity(.url, url)) }
    }
    if let pid = event.integer("pid") { entities.addNew(Entity(.process, String(pid))) }
    var attributes: [Attribute] = []
    attributes.add("attribute", seen.attribute)
    attributes.add("payload", detection.raw)
    attributes.add("decoded", detection.decoded)
    attributes.add("inner_command", detection.commands.last)
    attributes.add("inner_commands", detection.commands)
    attributes.add("technique", detection.technique)
    attributes.add("scheme", detection.scheme)
    attributes.add("remote_host", detection.host)
    attributes.add("remote_port", detection.port.map(Int64.init))
    attributes.add("remote_path", detection.path)
    attributes.add("leaks", all.flatMap(\.detection.leaks))
    attributes.add("steps", detection.steps)
    attributes.add(
      "other_payloads",
      all.filter { $0.detection.range != detection.range || $0.attribute != seen.attribute }.map(\.detection.raw))
    attributes.add("pid", event.integer("pid"))
    Self.addRequest(event, to: &attributes)
    let label = detection.kind == .log4shell ? Self.label(event) : nil
    attributes.add("waf_label", label)
    var message = "\(detection.message), in \(seen.attribute)\(Self.context(event))."
    if let label { message += " The firewall labelled it \(label)." }
    let worst = all.map(\.detection.severity).max() ?? detection.severity
    let severity = ActingHand.weigh(worst, detection.rule, event)
    if severity < worst {
      attributes.add(Finding.besideOtherSigns, worst.rawValue)
      message += " Administrators do so as well; beside other signs of an intrusion it is grave."
    }
    return Finding(
      rule: detection.rule, title: detection.title, severity: severity,
      confidence: severity < worst ? .medium : detection.confidence, attack: detection.attack, firstSeen: event.time,
      entities: entities,
      evidence: [event.reference(artifact)], message: message, attributes: attributes)
  }

  private static func weight(_ detection: TextDetection) -> Int {
    detection.severity.rank * 100 + (detection.commands.isEmpty ? 0 : 40) + (detection.host == nil ? 0 : 20)
      + (detection.leaks.isEmpty ? 0 : 10) + (detection.port == nil ? 0 : 5)
  }

  private static func url(_ detection: TextDetection) -> String? {
    guard let scheme = detection.scheme, let host = detection.host else { return nil }
    let path = detection.path.map { String($0.prefix(512)) } ?? ""
    return
      "\(scheme)://\(host)\(detection.port.map { ":\($0)" } ?? "")\(path.isEmpty || path.hasPrefix("/") ? path : "/" + path)"
  }

  private static func addRequest(_ event: Event, to attributes: inout [Attribute]) {
    attributes.add(
      "client_ip", event.text("client_ip") ?? (event.dataType.hasPrefix("web:") ? event.text("remote_address") : nil))
    attributes.add("action", event.dataType == "aws:waf:request" ? event.text("action") : nil)
    attributes.add("body_size", event.integer("body_size"))
  }

  /// Who sent it, or who ran it.
  private static func context(_ event: Event) -> String {
    if let client = event.text("client_ip") {
      let request = [event.text("http_method"), event.text("uri")].compactMap { $0 }.joined(separator: " ")
      let action = event.text("action").map { ", which the firewall answered with \($0)" } ?? ""
      return " of \(request.isEmpty ? "a request" : String(request.prefix(200))) from \(client)\(action)"
    }
    if let pid = event.integer("pid") { return " of process \(pid)\(event.text("user").map { " (user \($0))" } ?? "")" }
    return event.text("user").map { " of user \($0)" } ?? ""
  }

  // MARK: Labels

  /// `awswaf:managed:aws:known-bad-inputs:Log4JRCE_Body`
  private static func label(_ event: Event) -> String? {
    guard event.dataType == "aws:waf:request" else { return nil }
    for name in ["labels", "matching_rules"] {
      guard case .texts(let texts)? = event[name] else { continue }
      if let label = texts.first(where: { $0.contains("Log4JRCE") || $0.contains("Log4Shell") }) { return label }
    }
    return nil
  }

  private func finding(_ event: Event, label: String) -> Finding {
    let place = label.contains("_B") ? "body" : "request"
    let size = event.integer("body_size")
    var attributes: [Attribute] = [Attribute("waf_label", label)]
    Self.addRequest(event, to: &attributes)
    let sized = size.map { " (\($0) bytes)" } ?? ""
    return Finding(
      rule: "log4shell.waf-label", title: "Log4Shell payload labelled by the firewall", severity: .medium,
      confidence: .medium,
      attack: ["T1190"], firstSeen: event.time, entities: event.entities, evidence: [event.reference(artifact)],
      message:
        "The firewall saw a Log4Shell payload in the \(place)\(sized)\(Self.context(event)); its log holds only the label \(label).",
      attributes: attributes)
  }
}
