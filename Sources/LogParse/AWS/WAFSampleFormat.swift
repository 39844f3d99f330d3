import Bytes
import Evidence

/// What `aws wafv2 get-sampled-requests` gives: up to 500 requests of the last three hours, which WAF keeps where nobody asked
/// for logs. Told as the log tells them. A sample is one of many: what is not in it may have been sent all the same.
public struct WAFSampleFormat: LogFormat {
  public let name = "aws.waf.sample"
  public let version = 3

  public init() {}

  public func recognizes(_ sample: FormatSample) -> Confidence? {
    let start = sample.front.slice(0, 4096)
    return start.trimmed[0] == 0x7B && start.contains("\"SampledRequests\"") ? .high : nil
  }

  public func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var reader = WAFReader()
    try AWSRecords.read(stream, named: "list of sampled requests", into: sink) { json, locator in
      guard let samples = json["SampledRequests"], samples.kind == .array else { return false }
      samples.forEachElement { sample in
        if let record = Self.record(sample) {
          record.withView { _ = reader.read(JSONView($0), locator, into: sink) }
        }
        return true
      }
      return true
    }
  }

  /// The sample as the log would have it.
  private static func record(_ sample: JSONView) -> [UInt8]? {
    guard let request = sample["Request"], request.kind == .object else { return nil }
    var writer = JSONWriter()
    writer.object { writer in
      if let time = sample["Timestamp"] {
        // As AWS's own tools write it, or in seconds.
        let seconds = time.rawString == nil ? time.bytes : nil
        if let known = time.rawString.flatMap({ Timestamp(iso8601: $0) }) {
          writer.field("timestamp", known.nanoseconds / 1_000_000)
        } else if let whole = seconds?.cut(0x2E)?.0.integer ?? seconds?.integer, whole.magnitude < 1 << 40 {
          writer.field("timestamp", whole * 1000)
        }
      }
      writer.field("action", sample["Action"]?.kept ?? "")
      if let rule = sample["RuleNameWithinRuleGroup"]?.kept { writer.field("terminatingRuleId", rule) }
      if let weight = sample["Weight"]?.integer { writer.field("weight", weight) }
      if let code = sample["ResponseCodeSent"]?.integer { writer.field("responseCodeSent", code) }
      writer.key("labels")
      pairs(sample["Labels"], to: &writer)
      writer.key("httpRequest")
      writer.object { writer in
        writer.field("clientIp", request["ClientIP"]?.kept)
        writer.field("country", request["Country"]?.kept)
        writer.field("httpMethod", request["Method"]?.kept)
        writer.field("httpVersion", request["HTTPVersion"]?.kept)
        // Here the query stands behind the path.
        let target = request["URI"]?.kept ?? ""
        let mark = target.firstIndex(of: "?") ?? target.endIndex
        writer.field("uri", String(target[..<mark]))
        writer.field("args", String(target[mark...].dropFirst()))
        writer.key("headers")
        pairs(request["Headers"], to: &writer)
      }
    }
    return writer.bytes
  }

  private static func pairs(_ list: JSONView?, to writer: inout JSONWriter) {
    writer.array { writer in
      for element in list?.elements(upTo: 1000) ?? [] {
        writer.object { writer in
          writer.field("name", element["Name"]?.said)
          writer.field("value", element["Value"]?.said)
        }
      }
    }
  }
}
