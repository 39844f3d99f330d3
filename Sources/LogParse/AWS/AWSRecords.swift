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
    let encodings = stream.encodings
    let cuts = CutTexts(sink, encodings: encodings)
    let records = JSONRecords(stream, coverage: cuts)
    while let record = try records.next() {
      let locator = Locator(
        offset: record.offset, length: UInt64(record.bytes.count), line: record.line, encodings: encodings)
      let understood = open(record.json, maximumEnvelopes) { body($0, locator) }
      // What a subscription asks of a new destination is no record.
      if !understood, record.container == .logEvents, isControl(records.wrapper) { continue }
      if !understood {
        records.reject(record, "a JSON record that is no \(name)")
      } else if record.bytes.count > maximumText {
        cuts.look(record.json, at: record.offset)
      }
    }
    records.finish()
    cuts.finish()
  }

  /// Whether CloudWatch Logs itself says what is in a delivery: `CWL CONTROL MESSAGE: Checking health of destination Firehose.`
  static func isControl(_ wrapper: [UInt8]) -> Bool {
    wrapper.withView { JSONView($0)["messageType"]?.rawString.map { $0 == "CONTROL_MESSAGE" } } ?? false
  }

  /// Hands the record to the body, or else what is wrapped in it: EventBridge's `detail` (and the `findings` in it), the
  /// string in a CloudWatch `message` (Logs Insights' `@message`, also among the `results` of a query), an SNS `Message`, an SQS `Body`, or a `CloudTrailEvent` of `lookup-events`.
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
      case "@message":
        understood = openMessage(value, limit, body) || understood
      case "results":
        // A row is a list of cells: `{"field":"@message","value":"…"}`.
        value.forEachElement { row in
          row.forEachElement { cell in
            if cell["field"]?.rawString.map({ $0 == "@message" }) == true, let message = cell["value"] {
              understood = openMessage(message, limit, body) || understood
            }
            return true
          }
          return true
        }
      default: break
      }
      return true
    }
    return understood
  }

  /// The console downloads a message that is JSON as an object, the API gives every one as text.
  private static func openMessage(_ value: JSONView, _ limit: Int, _ body: (JSONView) -> Bool) -> Bool {
    guard let text = value.rawString else { return value.kind == .object && open(value, limit - 1, body) }
    guard text.firstIndex(of: 0x7B) != nil else { return false }
    return JSONView.unescape(text).withView { open(JSONView($0), limit - 1, body) }
  }

  /// Whether the sample begins with JSON one of whose first records, envelopes opened, satisfies the test. Where no record
  /// is whole (longer than the sample, or cut), the `names` alone must do.
  ///
  /// A file that was cut or concatenated begins in the middle of a record, or with a line of something else: a few such lines
  /// are passed over, and then the next must be a record that satisfies the test, with nothing but JSON behind it: a note that
  /// quotes a record goes on as a note.
  static func recognizes(_ sample: FormatSample, names: [StaticString], _ test: (JSONView) -> Bool) -> Confidence? {
    var start = sample.front
    while start[0] == 0, !start.isEmpty { start = start.dropFirst(1) }
    start = beginning(start)
    guard names.allSatisfy({ start.contains($0) }) else { return nil }
    if isJSON(start) {
      let records = JSONRecords(MemoryStream(start.array), coverage: CollectingSink())
      var number = 0
      var hasLines = false
      while number < 4, let record = try? records.next() {
        if open(record.json, body: test) { return .high }
        hasLines = hasLines || record.bytes.firstIndex(of: 0x0A) != nil
        number += 1
      }
      if number == 0 { return .medium }
      // Records of something else: what stands inside those of several lines is no line of its own.
      if hasLines { return nil }
    }
    for _ in 0..<maximumBrokenLines {
      guard let rest = behindBroken(start) else { return nil }
      start = beginning(rest)
      guard isRecord(start), names.allSatisfy({ start.contains($0) }) else { continue }
      let records = JSONRecords(MemoryStream(start.array), coverage: CollectingSink())
      guard let record = try? records.next(), open(record.json, body: test) else { continue }
      let end = Int(clamping: record.offset) + record.bytes.count
      if isBehindRecord(start.slice(min(end, start.count)).trimmed) { return .high }
    }
    return nil
  }

  private static let maximumBrokenLines = 4

  /// What follows the first line; where all is one line, what follows the first element of an array.
  private static func behindBroken(_ text: ByteView) -> ByteView? {
    if let (_, rest) = text.cut(0x0A) { return rest }
    return text.firstIndex(of: ByteView("},{\"")).map { text.slice($0 + 2) }
  }

  /// Without blanks, and without the time that CloudWatch Logs writes in front when it exports.
  private static func beginning(_ text: ByteView) -> ByteView {
    let start = text.trimmed
    return start.dropFirst(JSONRecords.exportTime(start.slice(0, 64)))
  }

  /// A time in brackets is no array.
  private static func isJSON(_ text: ByteView) -> Bool {
    let next = text.dropFirst(1).trimmed[0]
    return text[0] == 0x7B || text[0] == 0x5B && (next == 0x7B || next == 0x5B)
  }

  private static func isRecord(_ text: ByteView) -> Bool {
    let next = text.dropFirst(1).trimmed[0]
    return text[0] == 0x7B && next == 0x22 || text[0] == 0x5B && next == 0x7B
  }

  private static func isBehindRecord(_ text: ByteView) -> Bool {
    text.isEmpty || text[0] == 0x2C || text[0] == 0x5D || isJSON(beginning(text))
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

  /// The same, and empty text where the record says that.
  var said: String? { kept ?? (rawString?.isEmpty == true ? "" : nil) }

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
