import Bytes

/// One line of a result: what an analyzer found, in canonical JSON. Written and read back only here.
///
/// A result is JSON Lines, each an object with one key that names its kind: `event`, `finding`, `coverage`, `row`, or a kind
/// of the engine's own. The artifact is not repeated in events and coverage: the result's key names it.
public enum ResultLine {
  /// Raised when lines of older results could be misread; part of every result's key.
  public static let version = 2

  public static func write(_ event: Event, to out: inout JSONWriter) {
    out.object { out in
      out.field(
        "event",
        object: { out in
          if let time = event.time { write(time, "time", to: &out) }
          out.field("meaning", event.timeMeaning.rawValue)
          out.field("type", event.dataType)
          out.key("message")
          event.writeMessage(to: &out)
          if !event.entities.isEmpty {
            out.field(
              "entities", array: { out in for entity in event.entities { out.value(entity.kind.prefix, entity.value) } }
            )
          }
          if !event.attributes.isEmpty { out.field("attributes", object: { write(event.attributes, to: &$0) }) }
          out.key("locator")
          event.locator.write(to: &out)
        })
    }
    out.newline()
  }

  public static func write(_ finding: Finding, to out: inout JSONWriter) {
    out.object { out in
      out.field(
        "finding",
        object: { out in
          out.field("rule", finding.rule)
          out.field("title", finding.title)
          out.field("severity", finding.severity.rawValue)
          out.field("confidence", finding.confidence.rawValue)
          if !finding.attack.isEmpty { out.field("attack", finding.attack) }
          if let time = finding.firstSeen { write(time, "first", to: &out) }
          if let time = finding.lastSeen { write(time, "last", to: &out) }
          if !finding.entities.isEmpty { out.field("entities", finding.entities.map(\.text)) }
          out.field(
            "evidence",
            array: { out in
              for place in finding.evidence {
                out.object { out in
                  out.field("artifact", place.artifact.hex)
                  out.field("path", place.path)
                  out.field("locator", place.locator.text)
                }
              }
            })
          out.field("message", finding.message)
          if !finding.attributes.isEmpty { out.field("attributes", object: { write(finding.attributes, to: &$0) }) }
        })
    }
    out.newline()
  }

  public static func write(_ coverage: Coverage, to out: inout JSONWriter) {
    out.object { out in
      out.field(
        "coverage",
        object: { out in
          out.field("state", coverage.state.rawValue)
          out.field("start", coverage.start)
          out.field("end", coverage.end)
          if !coverage.encodings.isEmpty { out.field("encodings", coverage.encodings) }
          out.field("reason", coverage.reason)
        })
    }
    out.newline()
  }

  public static func write(view: String, row: [UInt8], to out: inout JSONWriter) {
    out.object { out in
      out.field(
        "row",
        object: { out in
          out.field("view", view)
          out.key("data")
          out.raw(row)
        })
    }
    out.newline()
  }

  static func write(_ time: Timestamp, _ name: String, to out: inout JSONWriter) {
    out.field(
      name,
      object: { out in
        out.field("ns", time.nanoseconds)
        out.field("precision", time.precision.rawValue)
        switch time.zone {
        case .utc: break
        case .stated(let minutes): out.field("stated", minutes)
        case .inferred(let minutes): out.field("inferred", minutes)
        }
      })
  }

  /// The members of an object, in order.
  public static func write(_ attributes: [Attribute], to out: inout JSONWriter) {
    for attribute in attributes {
      switch attribute.value {
      case .text(let text): out.field(attribute.name, text)
      case .integer(let number): out.field(attribute.name, number)
      case .flag(let flag): out.field(attribute.name, flag)
      case .texts(let texts): out.field(attribute.name, texts)
      }
    }
  }
}

// MARK: - Reading

extension ResultLine {
  public enum Content {
    case event(Event), finding(Finding), coverage(Coverage)
    /// A row of a view, as its JSON text.
    case row(view: String, json: [UInt8])
    /// A kind that is the engine's own.
    case other(kind: String, JSONView)
  }

  /// - Returns: nil for a line that is not whole; a result that holds one is not used.
  public static func read(_ line: ByteView) -> Content? {
    var content: Content?
    JSONView(line).forEachMember { key, value in
      content =
        switch key.string {
        case "event": readEvent(value).map(Content.event)
        case "finding": readFinding(value).map(Content.finding)
        case "coverage": readCoverage(value).map(Content.coverage)
        case "row": readRow(value)
        case let kind: .other(kind: kind, value)
        }
      return false
    }
    return content
  }

  private static func readEvent(_ json: JSONView) -> Event? {
    var time: Timestamp?
    var meaning = TimeMeaning.event
    var type: String?
    var message: String?
    var entities: [Entity] = []
    var attributes: [Attribute] = []
    var locator: Locator?
    json.forEachMember { key, value in
      if key == "time" { time = readTime(value) }
      if key == "meaning" { meaning = value.string.flatMap(TimeMeaning.init) ?? .event }
      if key == "type" { type = value.string }
      if key == "message" { message = value.string }
      if key == "entities" { entities = value.elements.compactMap { $0.string.flatMap(Entity.init(text:)) } }
      if key == "attributes" { attributes = readAttributes(value) }
      if key == "locator" { locator = value.string.flatMap(Locator.init(text:)) }
      return true
    }
    guard let type, let message, let locator else { return nil }
    return Event(
      time: time, meaning, dataType: type, message: message, entities: entities, attributes: attributes,
      locator: locator)
  }

  private static func readFinding(_ json: JSONView) -> Finding? {
    guard let rule = json["rule"]?.string, let title = json["title"]?.string, let message = json["message"]?.string,
      let severity = json["severity"]?.string.flatMap(Severity.init),
      let confidence = json["confidence"]?.string.flatMap(Confidence.init)
    else { return nil }
    let evidence: [EvidenceReference] = (json["evidence"]?.elements ?? []).compactMap { place in
      guard let digest = place["artifact"]?.string.flatMap(Digest.init(hex:)),
        let locator = place["locator"]?.string.flatMap(Locator.init(text:))
      else { return nil }
      return EvidenceReference(artifact: digest, path: place["path"]?.string, locator: locator)
    }
    return Finding(
      rule: rule, title: title, severity: severity, confidence: confidence,
      attack: (json["attack"]?.elements ?? []).compactMap(\.string), firstSeen: json["first"].flatMap(readTime),
      lastSeen: json["last"].flatMap(readTime),
      entities: (json["entities"]?.elements ?? []).compactMap { $0.string.flatMap(Entity.init(text:)) },
      evidence: evidence, message: message, attributes: json["attributes"].map(readAttributes) ?? [])
  }

  private static func readCoverage(_ json: JSONView) -> Coverage? {
    guard let state = json["state"]?.string.flatMap(Coverage.State.init), let start = json["start"]?.bytes.unsigned,
      let end = json["end"]?.bytes.unsigned, start <= end
    else { return nil }
    return Coverage(
      state, start..<end, encodings: (json["encodings"]?.elements ?? []).compactMap(\.string),
      reason: json["reason"]?.string)
  }

  private static func readRow(_ json: JSONView) -> Content? {
    guard let view = json["view"]?.string, let data = json["data"] else { return nil }
    return .row(view: view, json: data.bytes.array)
  }

  private static func readTime(_ json: JSONView) -> Timestamp? {
    guard let nanoseconds = json["ns"]?.integer else { return nil }
    let zone: Timestamp.Zone =
      if let minutes = json["stated"]?.integer { .stated(Int(minutes)) } else if let minutes = json["inferred"]?.integer
      { .inferred(Int(minutes)) } else { .utc }
    return Timestamp(
      nanoseconds: nanoseconds, precision: json["precision"]?.string.flatMap(Timestamp.Precision.init) ?? .nanosecond,
      zone: zone)
  }

  private static func readAttributes(_ json: JSONView) -> [Attribute] {
    var attributes: [Attribute] = []
    json.forEachMember { key, value in
      let name = key.string
      switch value.kind {
      case .string: attributes.append(Attribute(name, value.string ?? ""))
      case .number: attributes.append(Attribute(name, value.integer ?? 0))
      case .bool: attributes.append(Attribute(name, .flag(value.bool ?? false)))
      case .array: attributes.append(Attribute(name, .texts(value.elements.compactMap(\.string))))
      case .object, .null, .none: break
      }
      return true
    }
    return attributes
  }
}

extension ByteView {
  /// A decimal number without sign; nil when it does not fit 64 bits.
  public var unsigned: UInt64? {
    guard count > 0, count <= 20 else { return nil }
    var value: UInt64 = 0
    for index in 0..<count {
      let digit = self[index]
      guard (0x30...0x39).contains(digit) else { return nil }
      let (tenfold, over) = value.multipliedReportingOverflow(by: 10)
      let (sum, beyond) = tenfold.addingReportingOverflow(UInt64(digit - 0x30))
      if over || beyond { return nil }
      value = sum
    }
    return value
  }
}
