import Bytes
import Evidence

/// What a web application firewall says of bodies, which it does not log: its labels for attacks in them.
///
/// One finding for each client, label and what the firewall did: who tries once, tries a thousand times.
struct BodyLabels {
  private var told: Set<String> = []
  private static let maximum = 10_000

  private struct Kind {
    var label: StaticString
    var what: String
    /// Where the firewall let it pass. Much that is harmless looks like SQL, or like a command.
    var severity: Severity
    var attack: [String]
  }

  private static let kinds: [Kind] = [
    Kind(label: "JavaDeserializationRCE", what: "serialized Java objects", severity: .medium, attack: ["T1190"]),
    Kind(label: "ReactJSRCE", what: "an attack on React's server", severity: .medium, attack: ["T1190"]),
    Kind(
      label: "EC2MetaDataSSRF", what: "the address of the instance's metadata", severity: .medium,
      attack: ["T1190", "T1552.005"]),
    Kind(label: "SQLi", what: "SQL", severity: .low, attack: ["T1190"]),
    Kind(label: "UNIXShellCommands", what: "commands of a shell", severity: .low, attack: ["T1190"]),
    Kind(label: "WindowsShellCommands", what: "commands of a shell", severity: .low, attack: ["T1190"]),
    Kind(label: "PowerShellCommands", what: "commands of a shell", severity: .low, attack: ["T1190"]),
  ]
  private static let set = LiteralSet(exact: kinds.map(\.label))

  /// `awswaf:managed:aws:known-bad-inputs:JavaDeserializationRCE_Body`; nil where nothing new is said.
  mutating func finding(_ event: Event, _ artifact: Digest) -> Finding? {
    guard case .texts(let labels)? = event["labels"] else { return nil }
    for label in labels {
      guard let kind = label.withView({ Self.kind($0) }) else { continue }
      let client = event.text("client_ip") ?? "an unnamed client"
      let action = event.text("action") ?? "none"
      guard told.count < Self.maximum, told.insert("\(client)|\(label)|\(action)").inserted else { continue }
      var attributes = [Attribute("waf_label", label), Attribute("client_ip", client), Attribute("action", action)]
      attributes.add("body_size", event.integer("body_size"))
      let request = [event.text("http_method"), event.text("uri")].compactMap { $0 }.joined(separator: " ")
      return Finding(
        rule: "web.waf-label", title: "Attack in a body labelled by the firewall",
        severity: action == "BLOCK" ? .low : kind.severity, confidence: .medium, attack: kind.attack,
        firstSeen: event.time, entities: event.entities, evidence: [event.reference(artifact)],
        message:
          "The firewall saw \(kind.what) in the body of \(request.prefix(200)) from \(client), action \(action); its log holds only the label \(label).",
        attributes: attributes)
    }
    return nil
  }

  private static func kind(_ label: ByteView) -> Kind? {
    guard label.contains("_Body") || label.contains("_BODY"), label.hasPrefix("awswaf:managed:") else { return nil }
    return set.lowest(in: label).map { kinds[$0] }
  }
}
