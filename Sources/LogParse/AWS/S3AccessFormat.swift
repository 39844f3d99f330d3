import Bytes
import Evidence

/// S3 server access logs: `aws:s3:request`.
///
/// Best effort by the service's own word: records may come late or never. The key is URL-encoded as it stands. Fields:
/// S3 User Guide, "Server access log format"; those behind the known ones are kept as they are.
public struct S3AccessFormat: LogFormat {
  public let name = "aws.s3access"
  public let version = 4

  public init() {}

  public func recognizes(_ sample: FormatSample) -> Confidence? {
    sample.beginsWithRecords { Self.isRecord(S3AccessLine.fields($0)) } ? .high : nil
  }

  /// An owner of 64 hexadecimal digits (or a short name), a time in brackets, an operation with dots.
  private static func isRecord(_ fields: AccessLogFields) -> Bool {
    guard fields.count >= 17, civilTime(fields[2]) != nil else { return false }
    let operation = fields[6]
    return ["REST.", "SOAP.", "WEBSITE.", "BATCH.", "S3."].contains { operation.hasPrefix(ByteView($0)) }
  }

  public func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let cuts = CutTexts(sink, encodings: stream.encodings)
    try readLines(stream, into: cuts) { line in
      let fields = S3AccessLine.fields(line.bytes)
      guard Self.isRecord(fields) else { return .skipped("a line that is no S3 access log record") }
      sink.event(Self.event(fields, line.locator))
      cuts.look(fields.all, line)
      return .parsed
    }
    cuts.finish()
  }

  /// `25/Nov/2026:05:24:11 +0000`
  static func time(_ text: ByteView) -> Timestamp? {
    civilTime(text).flatMap { $0.timestamp($1) }
  }

  /// What the text says, be it a time that a `Timestamp` holds or not.
  private static func civilTime(_ text: ByteView) -> (CivilTime, Timestamp.Zone)? {
    let parts = text.split(0x2F, limit: 3)
    guard parts.count == 3, let day = parts[0].integer, let month = CivilTime.month(parts[1]),
      let (year, clock) = parts[2].cut(0x3A), let number = year.integer, let (ofDay, offset) = clock.cut(0x20),
      let moment = CivilTime.timeOfDay(ofDay), let zone = ZoneText(offset)
    else { return nil }
    let civil = CivilTime(
      year: Int(number), month: month, day: Int(day), hour: moment.hour, minute: moment.minute, second: moment.second,
      nanosecond: moment.nanosecond, precision: moment.precision)
    return (civil, zone.minutes == 0 ? .utc : zone.zone(else: .utc))
  }

  private static func event(_ fields: AccessLogFields, _ locator: Locator) -> Event {
    let request = RequestLine(fields[8])
    let requester = fields.text(4)
    let who = AWSIdentity(arn: requester?.hasPrefix("arn:") == true ? requester : nil)
    let time = time(fields[2])
    var attributes: [Attribute] = []
    attributes.reserveCapacity(32)
    attributes.add("recorded_time", time == nil ? fields.text(2) : nil)
    attributes.add("bucket", fields.text(1))
    attributes.add("operation", fields.text(6))
    attributes.add("key", fields.text(7))
    attributes.add("client_ip", fields.text(3))
    attributes.add("requester", requester)
    who.add(to: &attributes)
    attributes.add("request_id", fields.text(5))
    request.add(to: &attributes)
    attributes.add("response_code", fields.integer(9))
    attributes.add("error_code", fields.text(10))
    attributes.add("sent_bytes", fields.integer(11))
    attributes.add("object_bytes", fields.integer(12))
    attributes.add("total_milliseconds", fields.integer(13))
    attributes.add("turn_around_milliseconds", fields.integer(14))
    attributes.add("referer", fields.text(15))
    attributes.add("user_agent", fields.text(16))
    attributes.add("version_id", fields.text(17))
    attributes.add("host_id", fields.text(18))
    attributes.add("signature_version", fields.text(19))
    attributes.add("tls_cipher", fields.text(20))
    attributes.add("authentication", fields.text(21))
    attributes.add("host_header", fields.text(22))
    attributes.add("tls_version", fields.text(23))
    attributes.add("access_point", fields.text(24))
    attributes.add("acl_required", fields.text(25))
    attributes.add("source_region", fields.text(26))
    attributes.add("bucket_owner", fields.text(0))
    attributes.add("unknown_fields", fields.rest(from: 27))
    attributes.add(
      "unread_fields",
      fields.unread(
        (9, "response_code"), (11, "sent_bytes"), (12, "object_bytes"), (13, "total_milliseconds"),
        (14, "turn_around_milliseconds")))

    var entities = who.entities
    if let address = IPAddress.normal(fields[3]) { entities.append(Entity(.address, address)) }
    return Event(
      time: time, dataType: "aws:s3:request", message: message(fields, who), entities: entities,
      attributes: attributes, locator: locator)
  }

  /// `REST.GET.OBJECT customers.csv in bucket cumulus-data by role cumulus-was-role from 203.0.113.66 answered 200, 812 bytes`
  private static func message(_ fields: AccessLogFields, _ who: AWSIdentity) -> String {
    var text = fields[6].string
    if let key = fields.text(7) { text += " " + key }
    text += " in bucket \(fields.text(1) ?? "?")"
    text += " by " + (fields.text(4).map { $0.hasPrefix("arn:") ? who.words : "canonical user \($0)" } ?? "anybody")
    if let address = fields.text(3) { text += " from " + address }
    if let code = fields.text(9) { text += " answered " + code }
    if let error = fields.text(10) { text += " " + error }
    if let bytes = fields.integer(11) { text += ", \(bytes) bytes" }
    return text
  }
}
