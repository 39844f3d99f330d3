import Bytes
import Evidence

/// What is asked of a timeline. Every condition must hold; within one list of entities or kinds any one is enough.
public struct TimelineQuery: Sendable {
  /// The first and last moment, both included.
  public var from: Timestamp?
  public var to: Timestamp?
  /// A value (`203.0.113.66`, `465`) or kind and value (`process:465`).
  public var entities: [String] = []
  /// Beginnings of data types: `aws:cloudtrail`, `linux:shell:command`.
  public var kinds: [String] = []
  /// Texts that must all occur in what the event says, whatever the case of their ASCII letters.
  public var texts: [String] = []
  /// The most events that are handed out.
  public var limit: Int = .max

  public init() {}

  /// Whether the line of `timeline.jsonl` meets all conditions but the times.
  func accepts(_ line: ByteView) -> Bool {
    var isKind = kinds.isEmpty
    var isEntity = entities.isEmpty
    var open = texts.map { lowercase($0) }
    JSONView(line).forEachMember { key, value in
      if key == "data_type", !isKind {
        let type = value.string ?? ""
        isKind = kinds.contains { Self.isKind(type, $0) }
        // Nothing after it can make up for a kind that nobody asked for.
        if !isKind { return false }
      }
      if key == "entities", !isEntity {
        isEntity = value.elements.contains { one in one.string.map { names($0) } ?? false }
      }
      if !open.isEmpty, !TimelineText.isPlace(key) {
        TimelineText.forEachText(value) { text in open.removeAll { TimelineText.contains(text, $0) } }
      }
      return true
    }
    return isKind && isEntity && open.isEmpty
  }

  private func names(_ entity: String) -> Bool {
    let value = entity.firstIndex(of: ":").map { entity[entity.index(after: $0)...] } ?? entity[...]
    return entities.contains { $0 == entity || $0 == value }
  }

  /// Whole parts only: `aws:waf` is no beginning of `aws:waflog`.
  private static func isKind(_ type: String, _ wanted: String) -> Bool {
    guard type.hasPrefix(wanted) else { return false }
    return type.utf8.count == wanted.utf8.count || wanted.hasSuffix(":")
      || type.utf8.dropFirst(wanted.utf8.count).first == 0x3A
  }
}

/// What of a line is text to search: all that the event says, and the name of its file; not digests, offsets and times.
enum TimelineText {
  static func isPlace(_ key: ByteView) -> Bool {
    key == "artifact" || key == "locator" || key == "datetime" || key == "timestamp" || key == "timestamp_desc"
      || key == "seen_also"
  }

  /// Strings and numbers, those of a list one by one.
  static func forEachText(_ value: JSONView, _ body: ([UInt8]) -> Void) {
    switch value.kind {
    case .string: body(value.rawString.map { JSONView.unescape($0) } ?? [])
    case .number: body(value.bytes.array)
    case .array: for element in value.elements { if let text = element.text { body(Array(text.utf8)) } }
    case .object, .bool, .null, .none: break
    }
  }

  /// Whether the text holds the lowercased needle, ASCII letters compared without case.
  static func contains(_ text: [UInt8], _ needle: [UInt8]) -> Bool {
    guard let first = needle.first else { return true }
    guard text.count >= needle.count else { return false }
    return text.withUnsafeBufferPointer { text in
      needle.withUnsafeBufferPointer { needle in
        for start in 0...(text.count - needle.count) where Bytes.lowercased(text[start]) == first {
          var place = 1
          while place < needle.count, Bytes.lowercased(text[start + place]) == needle[place] { place += 1 }
          if place == needle.count { return true }
        }
        return false
      }
    }
  }
}

func lowercase(_ text: String) -> [UInt8] { text.utf8.map { Bytes.lowercased($0) } }
