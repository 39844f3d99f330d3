import Bytes
import Evidence

/// What keywords are searched in beyond a record's fields.
extension SigmaRecord {
  /// Whether the event's sentence is the record's own, and not made of its fields in words that are ours.
  var isLine: Bool {
    switch kind {
    case .log, .firewall: Self.isLine(event.dataType)
    case .application, .native: true
    default: false
    }
  }

  static func isLine(_ dataType: String) -> Bool {
    dataType.hasPrefix("linux:") && !dataType.hasPrefix("linux:audit")
  }

  /// What was said, as a log has it: `web1 sshd[392]: Accepted …`; of events that are no such line, the event's own sentence.
  static func line(_ event: Event) -> String {
    guard let program = event.text("program"), let text = event.text("text") else { return event.message }
    let host = event.text("host").map { "\($0) " } ?? ""
    let pid = event.integer("pid").map { "[\($0)]" } ?? ""
    return "\(host)\(program)\(pid): \(text)"
  }

  private static let mostInner = 10_000
  private static let maximumDepth = 32

  /// The values in an object of JSON, as it writes them and as they are meant: a policy in a request is JSON in JSON, and a keyword
  /// is written as the policy is. The object's names are none of its values. nil for another text.
  static func innerTexts(_ text: String) -> [String]? {
    guard text.utf8.first == 0x7B || text.utf8.first == 0x5B else { return nil }
    return text.withView { view in
      let whole = JSONView(view)
      guard whole.kind == .object || whole.kind == .array else { return nil }
      var texts: [String] = []
      var waiting = [(place: whole, depth: 0)]
      while let (place, depth) = waiting.popLast(), texts.count < mostInner {
        let take = { (value: JSONView) in
          waiting.append((value, depth + 1))
          return waiting.count < mostInner
        }
        switch place.kind {
        // What was cut off is searched as it stands.
        case .object where depth < maximumDepth: if !place.forEachMember({ take($1) }) { return nil }
        case .array where depth < maximumDepth: if !place.forEachElement(take) { return nil }
        default:
          if let text = place.text { texts.append(text) }
          if place.hasEscapes, let raw = place.rawString { texts.append(raw.string) }
        }
      }
      return texts
    }
  }
}
