import Bytes
import Evidence

/// Logs of hosts and applications as CloudWatch Logs hands them on in JSON: `filter-log-events` and `get-log-events`, subscriptions
/// as Firehose and Kinesis deliver them (objects one behind the other), and results of Logs Insights.
///
/// The messages of each stream are read by the format that they have (`CloudWatchLogs`). Envelopes around records of one of AWS's
/// own services are left to its format, unless there are several logs.
struct CloudWatchFormat: LogFormat {
  let name = "aws.cloudwatch.logs"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    let head = sample.head
    guard head.contains("essage\"") else { return nil }
    let isSubscription = head.contains("\"logEvents\"") && head.contains("\"logGroup\"")
    guard
      isSubscription || head.contains("\"ingestionTime\"") || head.contains("@message\"")
        || head.contains("\"events\"") && head.contains("\"logStreamName\"")
    else { return nil }
    let records = JSONRecords(MemoryStream(sample.front.array), coverage: CollectingSink())
    var groups: Set<String> = []
    var isKnown = false
    var number = 0
    while number < 512, let record = try? records.next() {
      number += 1
      if !Self.isEnvelope(record) {
        if !isKnown, number > 4 { return nil }
        continue
      }
      isKnown = true
      guard isSubscription else { return .medium }
      if record.container == .logEvents, let group = Self.origin(records.wrapper).group, !group.isEmpty {
        groups.insert(group)
        if groups.count > 1 { return .high }
      }
    }
    // A message may be longer than the sample.
    let isLong = number == 0 && isSubscription && head.contains("\"messageType\"")
    return isKnown || isLong ? .medium : nil
  }

  private static func isEnvelope(_ record: JSONRecords.Record) -> Bool {
    let json = record.json
    if json["@message"] != nil { return json["@timestamp"] != nil || json["@ptr"] != nil }
    if let results = json["results"] {
      return results.elements(upTo: 1).first?.elements(upTo: 64).contains { $0["field"]?.string == "@message" } ?? false
    }
    guard json["message"]?.rawString != nil, json["timestamp"]?.integer != nil else { return false }
    switch record.container {
    case .logEvents: return json["id"] != nil
    case .events: return true
    default: return json["ingestionTime"]?.integer != nil
    }
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let cuts = CutTexts(sink, encodings: stream.encodings)
    let records = JSONRecords(stream, coverage: cuts)
    let encodings = stream.encodings
    let logs = CloudWatchLogs(context, cuts)
    var wrapper: [UInt8] = []
    var origin = CloudWatchLogs.Origin()
    var isControl = false
    // Deliveries come at least once.
    var seen = SeenRecords(capacity: 1 << 16)
    while let record = try records.next() {
      let locator = Locator(
        offset: record.offset, length: UInt64(record.bytes.count), line: record.line, encodings: encodings)
      let json = record.json
      if json["results"] != nil, Self.takeRows(json, locator, logs) { continue }
      var own = CloudWatchLogs.Origin(group: nil, stream: json["logStreamName"]?.kept)
      if record.container == .logEvents {
        if records.wrapper != wrapper {
          wrapper = records.wrapper
          origin = Self.origin(wrapper)
          isControl = AWSRecords.isControl(wrapper)
        }
        // What the service asks of a new destination is in no log.
        if isControl { continue }
        own = origin
      }
      if let message = json["message"], message.kind == .string || message.kind == .object {
        if let number = (json["eventId"] ?? json["id"])?.rawString, !number.isEmpty,
          !seen.insert(number, content: message.bytes.fingerprint ^ UInt64(bitPattern: Int64(own.hashValue)))
        {
          continue
        }
        Self.take(message, at: json["timestamp"]?.milliseconds, of: own, locator, logs)
      } else if let message = json["@message"] {
        let row = CloudWatchLogs.Origin(group: Self.group(json["@log"]?.kept), stream: json["@logStream"]?.kept)
        Self.take(message, at: json["@timestamp"].flatMap(Self.time), of: row, locator, logs)
      } else {
        records.reject(record, "a JSON record that is no message of CloudWatch Logs")
      }
    }
    logs.finish()
    records.finish()
    cuts.finish()
  }

  // {"messageType":"DATA_MESSAGE","owner":"…","logGroup":"/var/log/secure","logStream":"i-…","subscriptionFilters":[…],"logEvents":[]}
  private static func origin(_ wrapper: [UInt8]) -> CloudWatchLogs.Origin {
    wrapper.withView { view in
      let json = JSONView(view)
      return CloudWatchLogs.Origin(group: json["logGroup"]?.kept, stream: json["logStream"]?.kept)
    }
  }

  /// Rows of a query are lists of cells: `{"field":"@message","value":"…"}`.
  private static func takeRows(_ json: JSONView, _ locator: Locator, _ logs: CloudWatchLogs) -> Bool {
    var isKnown = false
    var (place, line) = (0, locator.line ?? 1)
    json["results"]?.forEachElement { row in
      var message, time: JSONView?
      var origin = CloudWatchLogs.Origin()
      row.forEachElement { cell in
        guard let field = cell["field"]?.rawString, let value = cell["value"] else { return true }
        switch field {
        case "@message": message = value
        case "@timestamp": time = value
        case "@log": origin.group = group(value.kept)
        case "@logStream": origin.stream = value.kept
        default: break
        }
        return true
      }
      guard let message else { return true }
      isKnown = true
      let start = json.bytes.offset(of: row.bytes)
      var before = json.bytes.slice(place, start)
      while let (_, rest) = before.cut(0x0A) {
        line += 1
        before = rest
      }
      place = start
      let own = Locator(
        offset: (locator.offset ?? 0) + UInt64(clamping: start), length: UInt64(row.bytes.count), line: line,
        encodings: locator.encodings)
      take(message, at: time.flatMap(Self.time), of: origin, own, logs)
      return true
    }
    return isKnown
  }

  private static func take(
    _ message: JSONView, at time: Timestamp?, of origin: CloudWatchLogs.Origin, _ locator: Locator,
    _ logs: CloudWatchLogs
  ) {
    guard let raw = message.rawString else {
      // The console downloads a message that is JSON as an object; a line's end in it is a blank.
      return logs.take(message.bytes.array.map { $0 == 0x0A ? 0x20 : $0 }, at: time, of: origin, locator)
    }
    if message.hasEscapes {
      logs.take(JSONView.unescape(raw), at: time, of: origin, locator)
    } else {
      logs.take(raw, at: time, of: origin, locator)
    }
  }

  /// `123456789012:/var/log/secure`
  static func group(_ log: String?) -> String? {
    guard let log, let colon = log.firstIndex(of: ":"), log[..<colon].allSatisfy(\.isNumber) else { return log }
    return String(log[log.index(after: colon)...])
  }

  /// `2026-11-25 05:20:12.123`, in UTC, or milliseconds since 1970.
  private static func time(_ json: JSONView) -> Timestamp? {
    json.rawString.flatMap { Timestamp(iso8601: $0) } ?? json.milliseconds
  }
}

extension CloudWatchLogs {
  func take(_ text: [UInt8], at time: Timestamp?, of origin: Origin, _ locator: Locator) {
    text.withView { take($0, at: time, of: origin, locator) }
  }
}
