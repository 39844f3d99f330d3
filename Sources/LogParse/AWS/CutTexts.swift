import Bytes
import Evidence

/// Tells the coverage of texts that are longer than what is kept of one (`AWSRecords.maximumText`): what stands behind the cut is in
/// no event, and must not be lost without a word.
///
/// Stands in front of the sink that takes the coverage, which is told in order, so that it knows where that ends: what is said of
/// single texts is said there.
final class CutTexts: ResultSink {
  /// Entries written one by one.
  private static let limit = 200
  private static let maximumDepth = 16
  /// What a record says in objects of any kind, kept as their text.
  private static let texts: [StaticString] = [
    "configuration", "requestParameters", "responseElements", "additionalEventData", "serviceEventDetails",
    "insightDetails", "addendum",
  ]
  /// What holds whole records as texts, which are opened.
  private static let envelopes: [StaticString] = [
    "message", "Message", "@message", "body", "Body", "CloudTrailEvent", "value",
  ]

  private let sink: any ResultSink
  private let encodings: [String]
  private var end: UInt64 = 0
  private var reasons: [String] = []
  private var number = 0

  init(_ sink: any ResultSink, encodings: [String]) {
    self.sink = sink
    self.encodings = encodings
  }

  func event(_ event: Event) { sink.event(event) }
  func exchange(_ event: inout Event) { sink.exchange(&event) }
  func finding(_ finding: Finding) { sink.finding(finding) }
  func row(view: String, json: [UInt8]) { sink.row(view: view, json: json) }

  func coverage(_ coverage: Coverage) {
    end = max(end, coverage.end)
    sink.coverage(coverage)
  }

  /// Looks at the fields of a line that was understood.
  @inline(__always)
  func look(_ fields: [ByteView], _ line: TextLine) {
    if line.bytes.count > AWSRecords.maximumText { lookClosely(fields, line) }
  }

  private func lookClosely(_ fields: [ByteView], _ line: TextLine) {
    for field in fields where field.count > AWSRecords.maximumText {
      tell(field.count, at: line.offset + UInt64(clamping: line.bytes.offset(of: field)))
    }
  }

  /// Looks at a record that was understood and is longer than what is kept of one text.
  func look(_ json: JSONView, at offset: UInt64) {
    look(json, Self.maximumDepth) { text in offset + UInt64(clamping: json.bytes.offset(of: text)) }
  }

  private func look(_ json: JSONView, _ depth: Int, _ place: (ByteView) -> UInt64) {
    guard json.bytes.count > AWSRecords.maximumText, depth > 0 else { return }
    if let text = json.rawString {
      tell(text.count, at: place(text))
    } else if json.kind == .object {
      json.forEachMember { key, value in
        look(key, value, depth - 1, place)
        return true
      }
    } else if json.kind == .array {
      json.forEachElement {
        look($0, depth - 1, place)
        return true
      }
    }
  }

  private func look(_ key: ByteView, _ value: JSONView, _ depth: Int, _ place: (ByteView) -> UInt64) {
    guard value.bytes.count > AWSRecords.maximumText else { return }
    if value.kind == .object, Self.texts.contains(where: { key == $0 }) {
      tell(value.bytes.count, at: place(value.bytes))
    } else if let text = value.rawString, text.trimmed[0] == 0x7B, Self.envelopes.contains(where: { key == $0 }) {
      // Escapes undone its bytes are others: what is cut in it is located by the whole.
      let inner = place(text)
      JSONView.unescape(text).withView { look(JSONView($0.trimmed), depth) { _ in inner } }
    } else {
      look(value, depth, place)
    }
  }

  func tell(_ count: Int, at offset: UInt64) {
    tell("a text of \(count) bytes, at or behind byte \(offset), is kept up to \(AWSRecords.maximumText) bytes")
  }

  func tell(_ reason: @autoclosure () -> String) {
    number += 1
    if number <= Self.limit { reasons.append(reason()) }
  }

  /// To be called when the coverage of the stream is finished.
  func finish() {
    if number > Self.limit { reasons.append("\(number - Self.limit) more texts are kept in part") }
    for reason in reasons { sink.coverage(Coverage(.skipped, end..<end, encodings: encodings, reason: reason)) }
    reasons = []
  }
}
