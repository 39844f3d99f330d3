import Bytes
import Evidence

/// Names and types of the records' own fields.
///
/// An index takes the type of the first value it sees for a name and refuses events that come with another; it also takes
/// dots for objects, and only so many names. So names are levelled, each has one JSON type in the whole file, and names
/// beyond the limit are folded into one field.
struct TimelineFields {
  /// OpenSearch's `index.mapping.total_fields.limit` is 1000 and counts text fields twice (with their keyword).
  static let maximumNames = 400
  static let foldedName = "more_fields"

  /// Fields of our own, and those that Timesketch keeps for itself.
  static let reserved: Set<String> = [
    "message", "datetime", "timestamp", "timestamp_desc", "data_type", "artifact", "locator", "source", "entities",
    "tag", "seen_also", "label", "comment", "_id", "_type", "_index", "_source", "__ts_timeline_id", "__ts_emojis",
    "__ts_event_tag",
    foldedName,
  ]

  fileprivate struct Types: OptionSet {
    let rawValue: UInt8
    static let text = Types(rawValue: 1)
    static let integer = Types(rawValue: 2)
    static let flag = Types(rawValue: 4)
    static let texts = Types(rawValue: 8)
  }

  private var levelled: [String: String] = [:]
  private var types: [String: Types] = [:]
  private var counts: [String: Int] = [:]

  mutating func write(_ attributes: [Attribute], to json: inout JSONWriter) {
    var used: [String] = []
    for attribute in attributes {
      var name = level(attribute.name)
      var copy = 2
      while used.contains(name), copy < 10 {
        name = level(attribute.name) + "_\(copy)"
        copy += 1
      }
      if used.contains(name) { continue }
      used.append(name)
      switch attribute.value {
      case .text(let text):
        note(name, .text)
        json.field(name, TimelineRecord.cut(text))
      case .integer(let number):
        note(name, .integer)
        json.field(name, number)
      case .flag(let flag):
        note(name, .flag)
        json.field(name, flag)
      case .texts(let texts):
        note(name, .texts)
        json.field(name, texts.prefix(1000).map { TimelineRecord.cut($0) })
      }
    }
  }

  private mutating func note(_ name: String, _ type: Types) {
    types[name, default: []].insert(type)
    counts[name, default: 0] += 1
  }

  /// Letters, digits and `_`, beginning with a letter; a name that is taken gets `record_` before it.
  private mutating func level(_ name: String) -> String {
    if let known = levelled[name] { return known }
    var plain = String(
      decoding: name.utf8.prefix(120).map { byte -> UInt8 in
        switch byte {
        case 0x30...0x39, 0x61...0x7A, 0x5F: byte
        case 0x41...0x5A: byte
        default: 0x5F
        }
      }, as: UTF8.self)
    if plain.utf8.first.map({ !(0x61...0x7A).contains($0 | 0x20) }) ?? true || Self.reserved.contains(plain) {
      plain = "record_" + plain
    }
    levelled[name] = plain
    return plain
  }

  /// What lines need before they go into the file; nil when they are right as they are, which is the usual case.
  var repair: LineRepair? {
    var asText: Set<String> = []
    var asTexts: Set<String> = []
    for (name, found) in types where found.rawValue.nonzeroBitCount > 1 {
      if found == [.text, .texts] { asTexts.insert(name) } else { asText.insert(name) }
    }
    var folded: Set<String> = []
    if counts.count > Self.maximumNames {
      let kept = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(Self.maximumNames).map(\.key)
      folded = Set(counts.keys).subtracting(kept)
    }
    return asText.isEmpty && asTexts.isEmpty && folded.isEmpty
      ? nil : LineRepair(asText: asText, asTexts: asTexts, folded: folded)
  }
}

/// Rewrites lines whose fields came with several types, or with too many names.
struct LineRepair {
  fileprivate let asText: Set<String>
  fileprivate let asTexts: Set<String>
  fileprivate let folded: Set<String>

  func line(_ line: ByteView) -> [UInt8] {
    var json = JSONWriter()
    json.object { json in
      var more: [String] = []
      JSONView(line).forEachMember { key, value in
        let name = key.string
        if folded.contains(name) {
          more.append("\(name)=\(text(value))")
        } else if asText.contains(name) {
          json.field(name, text(value))
        } else if asTexts.contains(name), value.kind == .string {
          json.field(name, [value.string ?? ""])
        } else {
          json.key(name)
          json.raw(value.bytes.array)
        }
        return true
      }
      if !more.isEmpty { json.field(TimelineFields.foldedName, more.map { TimelineRecord.cut($0) }) }
    }
    json.newline()
    return json.bytes
  }

  private func text(_ value: JSONView) -> String {
    value.kind == .array ? value.elements.compactMap(\.text).joined(separator: ", ") : value.text ?? ""
  }
}
