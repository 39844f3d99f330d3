import Bytes
import Evidence

@testable import LogParse

/// What a format made of some bytes, as text that can be read and compared.
struct EventDump {
  var format: String?
  var events: [Event] = []
  var coverages: [Coverage] = []

  /// When the sample incident was collected.
  static let collected = Timestamp(iso8601: "2026-11-25T05:25:29Z")

  /// Reads the bytes by the format that recognizes them, or by the one given.
  init(
    _ bytes: [UInt8], path: String, format: (any LogFormat)? = nil, zone: Timestamp.Zone = .inferred(0),
    collected: Timestamp? = EventDump.collected
  ) throws {
    let found = format ?? Self.recognize(bytes, path: path)
    self.format = found?.name
    let sink = CollectingSink()
    try found?.parse(MemoryStream(bytes), ParseContext(path: path, zone: zone, collected: collected), into: sink)
    events = sink.events
    coverages = sink.coverages
  }

  init(
    _ text: String, path: String, format: (any LogFormat)? = nil, zone: Timestamp.Zone = .inferred(0),
    collected: Timestamp? = EventDump.collected
  ) throws {
    try self.init(Array(text.utf8), path: path, format: format, zone: zone, collected: collected)
  }

  static func recognize(_ bytes: [UInt8], path: String) -> (any LogFormat)? {
    bytes.withView { view in
      LogFormats.recognize(
        FormatSample(head: view.slice(0, 1 << 16), path: path, isWhole: view.count <= 1 << 16))
    }
  }

  var text: String {
    var lines = ["format \(format ?? "none")"]
    for event in events {
      var parts = [
        event.time.map { "\($0) \($0.precision.rawValue)" } ?? "-", event.timeMeaning.rawValue, event.dataType,
      ]
      parts.append(event.message)
      parts.append(event.entities.map(\.text).joined(separator: " "))
      parts.append(event.attributes.map { "\($0.name)=\(Self.shown($0.value))" }.joined(separator: " "))
      parts.append(event.locator.text)
      lines.append(parts.joined(separator: " | ").replacingNewlines)
    }
    for coverage in coverages {
      lines.append(
        "coverage \(coverage.state.rawValue) \(coverage.start)..<\(coverage.end)"
          + (coverage.reason.map { " \($0)" } ?? ""))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func shown(_ value: Value) -> String {
    switch value {
    case .text(let text): "\"\(text)\""
    case .integer(let number): String(number)
    case .flag(let flag): String(flag)
    case .texts(let texts): "\(texts)"
    }
  }
}

extension String {
  fileprivate var replacingNewlines: String {
    split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\\n")
  }
}
