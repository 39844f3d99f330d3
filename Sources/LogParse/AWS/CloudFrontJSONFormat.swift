import Bytes
import Evidence

/// Logs of CloudFront as JSON, one request a record with the names of the text's fields: what standard logging (version 2) delivers
/// where that is asked for. Told as `CloudFrontFormat` tells them.
public struct CloudFrontJSONFormat: LogFormat {
  public let name = "aws.cloudfront.json"
  public let version = 3

  public init() {}

  public func recognizes(_ sample: FormatSample) -> Confidence? {
    AWSRecords.recognizes(sample, names: ["\"x-edge-"]) { CloudFrontRecord($0) != nil }
  }

  public func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try AWSRecords.read(stream, named: "request of a CloudFront log", into: sink) { json, locator in
      guard let event = CloudFrontRecord(json)?.event(locator) else { return false }
      sink.event(event)
      return true
    }
  }
}

/// The fields of one record, put side by side as a line has them.
private struct CloudFrontRecord {
  private static let maximumFields = 256

  private var names: [String] = []
  private var ranges: [Range<Int>] = []
  private var bytes: [UInt8] = []

  /// - Returns: nil for what is no such record.
  init?(_ json: JSONView) {
    var isOfEdge = false
    json.forEachMember { key, value in
      // A member that holds more than one value is no field.
      guard value.kind != .object, value.kind != .array else { return true }
      isOfEdge = isOfEdge || key.hasPrefix("x-edge-")
      names.append(key.slice(0, 128).string)
      let start = bytes.count
      let text = (value.rawString ?? value.bytes).slice(0, AWSRecords.maximumText)
      if value.kind != .null { bytes += JSONView.unescape(text) }
      ranges.append(start..<bytes.count)
      return names.count < Self.maximumFields
    }
    guard isOfEdge, names.contains("c-ip") || names.contains("cs-uri-stem") else { return nil }
  }

  func event(_ locator: Locator) -> Event? {
    bytes.withView { view in
      CloudFrontLine(names, ranges.map { view.slice($0.lowerBound, $0.upperBound) })?.event(locator)
    }
  }
}
