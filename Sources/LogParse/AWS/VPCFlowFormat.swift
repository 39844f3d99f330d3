import Bytes
import Evidence

/// VPC flow logs as text: `aws:vpcflow:record`, and `aws:vpcflow:lost` where the service says that it lost records.
///
/// Files name their fields in a first line, in any order; copies from CloudWatch have none and are read in the standard
/// order of version 2, an export's leading time passed over. Start and end are whole seconds of an aggregation interval of
/// up to ten minutes.
public struct VPCFlowFormat: LogFormat {
  public let name = "aws.vpcflow"
  public let version = 5

  public init() {}

  public func recognizes(_ sample: FormatSample) -> Confidence? {
    let lines = sample.lines(Self.maximumBrokenLines + 1).map { $0.words(limit: 300) }
    for (number, words) in lines.enumerated() {
      guard let header = VPCFlowField.header(words) else { continue }
      // A line before it is passed over, and what a few names alone say is left to the first line.
      guard number == 0 || header.count >= 4 else { continue }
      if header.contains(.source) || header.contains(.interface) || header.contains(.packetSource) { return .high }
      return number == 0 && header.count >= 4 ? .medium : nil
    }
    let isStandard = sample.beginsWithRecords {
      VPCFlowReader.isStandard(VPCFlowReader.withoutExportTime($0.words(limit: 300)))
    }
    return isStandard ? .high : nil
  }

  private static let maximumBrokenLines = 3

  public func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var reader = VPCFlowReader()
    try readLines(stream, into: sink, limit: 1 << 16) { line in
      switch reader.read(line.bytes, line.locator) {
      case .event(let event): sink.event(event)
      case .nothing: break
      case .unknown(let reason): return .skipped(reason)
      }
      return .parsed
    }
  }
}

/// Turns lines into events, by the latest header.
struct VPCFlowReader {
  enum Outcome { case event(Event), nothing, unknown(String) }

  private var fields: [VPCFlowField?]?
  /// The header's names, where there are some that nobody knows.
  private var names: [String] = []

  mutating func read(_ line: ByteView, _ locator: Locator) -> Outcome {
    var words = line.words(limit: 300)
    if words.isEmpty { return .nothing }
    if (0x61...0x7A).contains(words[0][0]), let header = VPCFlowField.header(words) {
      fields = header
      names = header.contains { $0 == nil } ? words.map { $0.slice(0, 128).string } : []
      return .nothing
    }
    if let fields {
      guard words.count == fields.count else {
        return .unknown("a flow record with \(words.count) fields where the header names \(fields.count)")
      }
      return event(fields, words, locator)
    }
    words = Self.withoutExportTime(words)
    guard Self.isStandard(words) else { return .unknown("a flow record of a custom format without a header line") }
    return event(VPCFlowField.standard, words, locator)
  }

  /// CloudWatch writes the time of each event before it when it exports.
  static func withoutExportTime(_ words: [ByteView]) -> [ByteView] {
    guard words.count > VPCFlowField.standard.count, Timestamp(iso8601: words[0]) != nil else { return words }
    return Array(words.dropFirst())
  }

  /// Whether the words look like a record in the standard order.
  static func isStandard(_ words: [ByteView]) -> Bool {
    guard words.count >= 14, let version = words[0].integer, (2...99).contains(version) else { return false }
    let status = words[13]
    // A custom format may begin with all fields of the standard one; what others follow no line says.
    if words.count > 14 {
      return words[2].hasPrefix("eni-") && (status == "OK" || status == "NODATA" || status == "SKIPDATA")
    }
    return words[2].hasPrefix("eni-") || status == "OK" || status == "NODATA" || status == "SKIPDATA"
  }

  private func event(_ fields: [VPCFlowField?], _ words: [ByteView], _ locator: Locator) -> Outcome {
    var flow = VPCFlow()
    flow.attributes.reserveCapacity(fields.count + 2)
    for (field, word) in zip(fields, words) {
      // A dash where the field does not apply.
      guard let field, !(word == "-") else { continue }
      guard flow.take(field, word) else { return .unknown("a flow record whose \(field.rawValue) is no number") }
    }
    if !names.isEmpty || words.count > fields.count {
      flow.attributes.add("unknown_fields", Self.unknown(fields, names, words))
    }
    return .event(flow.event(locator))
  }

  /// What stands under names that nobody knows, and behind the fields of the standard, where no line names it.
  private static func unknown(_ fields: [VPCFlowField?], _ names: [String], _ words: [ByteView]) -> [String] {
    var all: [String] = []
    for (place, name) in names.enumerated() where place < words.count && place < fields.count {
      if fields[place] == nil, !(words[place] == "-") { all.append("\(name)=\(words[place].slice(0, 4096).string)") }
    }
    for word in words.dropFirst(fields.count) { all.append(word.slice(0, 4096).string) }
    return Array(all.prefix(64))
  }
}
