import Bytes
import Evidence

/// What the JSON formats of AWS have in common: records, and the envelopes in which services hand them on.
enum AWSRecords {
  /// Longest text that is kept of one field, in bytes as they stand in the record.
  static let maximumText = 1 << 16
  /// Elements that are kept of one list. WAF looks at 200 headers, a CloudTrail digest covers an hour.
  static let maximumList = 10_000
  private static let maximumEnvelopes = 4

  /// Reads a stream of records to its end.
  ///
  /// - Parameter name: what a record is, for the coverage of those that are something else.
  /// - Parameter body: returns false for JSON that is no such record; envelopes around it are then opened.
  static func read(
    _ stream: any ByteStream, named name: String, into sink: any ResultSink,
    _ body: (_ json: JSONView, _ locator: Locator) -> Bool
  ) throws(BytesError) {
    let records = JSONRecords(stream, coverage: sink)
    let encodings = stream.encodings
    while let record = try records.next() {
      let locator = Locator(
        offset: record.offset, length: UInt64(record.bytes.count), line: record.line, encodings: encodings)
      let understood = open(record.json, maximumEnvelopes) { body($0, locator) }
      if !understood { records.reject(record, "a JSON record that is no \(name)") }
    }
    records.finish()
  }

  /// Hands the record to the body, or else what is wrapped in it: EventBridge's `detail` (and the `findings` in it), the
  /// string in a CloudWatch `message`, an SNS `Message`, an SQS `Body`, or a `CloudTrailEvent` of `lookup-events`.
  static func open(_ json: JSONView, _ limit: Int = maximumEnvelopes, _ body: (JSONView) -> Bool) -> Bool {
    if body(json) { return true }
    guard limit > 0 else { return false }
    var understood = false
    json.forEachMember { key, value in
      switch key {
      case "detail":
        understood = open(value, limit - 1, body) || understood
      case "findings":
        value.forEachElement {
          understood = open($0, limit - 1, body) || understood
          return true
        }
      case "message", "Message", "body", "Body", "CloudTrailEvent":
        guard let text = value.rawString, text.firstIndex(of: 0x7B) != nil else { break }
        JSONView.unescape(text).withView { understood = open(JSONView($0), limit - 1, body) || understood }
      default: break
      }
      return true
    }
    return understood
  }

  /// Whether the sample begins with JSON one of whose first records, envelopes opened, satisfies the test. Where no record
  /// is whole (longer than the sample, or cut), the `names` alone must do.
  static func recognizes(_ sample: FormatSample, names: [StaticString], _ test: (JSONView) -> Bool) -> Confidence? {
    var start = sample.head
    if start.hasPrefix("\u{FEFF}") { start = start.dropFirst(3) }
    while start[0] == 0, !start.isEmpty { start = start.dropFirst(1) }
    start = start.trimmed
    start = start.dropFirst(JSONRecords.exportTime(start.slice(0, 64)))
    guard start[0] == 0x7B || start[0] == 0x5B, names.allSatisfy({ start.contains($0) }) else { return nil }
    let records = JSONRecords(MemoryStream(start.array), coverage: CollectingSink())
    var number = 0
    while number < 4, let record = try? records.next() {
      if open(record.json, body: test) { return .high }
      number += 1
    }
    return number == 0 ? .medium : nil
  }

  private static func open(_ json: JSONView, body: (JSONView) -> Bool) -> Bool { open(json, maximumEnvelopes, body) }
}

func ~= (pattern: StaticString, value: ByteView) -> Bool { value == pattern }

extension JSONView {
  /// The text of a string, or a value's JSON text; nil for null, nothing and the empty string. Cut at
  /// `AWSRecords.maximumText`.
  var kept: String? {
    if let raw = rawString {
      guard !raw.isEmpty else { return nil }
      if raw.count <= AWSRecords.maximumText { return string }
      return String(decoding: JSONView.unescape(raw.slice(0, AWSRecords.maximumText)), as: UTF8.self)
    }
    switch kind {
    case .null, .none: return nil
    default: return bytes.slice(0, AWSRecords.maximumText).string
    }
  }

  /// True and false, also where they are written as strings.
  var flag: Bool? {
    if let flag = bool { return flag }
    guard let raw = rawString else { return nil }
    return raw == "true" ? true : raw == "false" ? false : nil
  }

  /// A time in milliseconds since 1970, with a fraction where there is one.
  var milliseconds: Timestamp? {
    if let whole = integer { return Timestamp(milliseconds: whole) }
    // No sign: `-0.5` would lose it.
    guard let (whole, fraction) = (rawString ?? bytes).cut(0x2E), whole[0] != 0x2D, let number = whole.integer,
      (1...9).contains(fraction.count), let digits = fraction.integer, fraction[0] >= 0x30,
      var time = Timestamp(milliseconds: number)
    else { return nil }
    var nanoseconds = digits
    for _ in 0..<max(6 - fraction.count, 0) { nanoseconds *= 10 }
    for _ in 0..<max(fraction.count - 6, 0) { nanoseconds /= 10 }
    let (sum, over) = time.nanoseconds.addingReportingOverflow(nanoseconds)
    if over { return nil }
    time.nanoseconds = sum
    time.precision = fraction.count <= 3 ? .microsecond : .nanosecond
    return time
  }

  /// The strings of an array, as many as are kept of a list.
  var strings: [String] { elements(upTo: AWSRecords.maximumList).compactMap(\.kept) }

  /// The first elements of an array; a hostile one has millions.
  func elements(upTo limit: Int) -> [JSONView] {
    var all: [JSONView] = []
    guard limit > 0 else { return all }
    forEachElement {
      all.append($0)
      return all.count < limit
    }
    return all
  }
}

/// Puts a text together from pieces of evidence. Reused, so that a text costs one allocation.
struct TextBuilder: ~Copyable {
  private var bytes = ByteBuilder()

  mutating func removeAll() { bytes.removeAll() }
  mutating func add(_ text: StaticString) { add(ByteView(text)) }
  mutating func add(_ view: ByteView) { bytes.append(view) }
  mutating func add(_ text: String) { bytes.append(text) }

  /// - Parameter limit: bytes that are added; what is cut is marked.
  mutating func add(_ text: String, limit: Int) {
    text.withView { bytes.append($0.slice(0, limit)) }
    if text.utf8.count > limit { add("…") }
  }

  /// A JSON string's text, escapes undone, cut at `limit` bytes; other values as they are written.
  mutating func add(_ json: JSONView?, limit: Int = AWSRecords.maximumText) {
    guard let json else { return }
    let raw = (json.rawString ?? json.bytes).slice(0, limit)
    if json.hasEscapes {
      JSONView.unescape(raw).withView { bytes.append($0) }
    } else {
      add(raw)
    }
    if (json.rawString ?? json.bytes).count > limit { add("…") }
  }

  var text: String { bytes.withView { $0.string } }
}

extension [Attribute] {
  /// Adds what is there.
  mutating func add(_ name: String, _ flag: Bool?) {
    if let flag { append(Attribute(name, .flag(flag))) }
  }
}
