import Bytes
import Evidence
import Timeline

/// `findings.jsonl`: one finding a line, worst first.
enum FindingsFile {
  static func write(_ report: ReportModel, to file: OutputFile) throws {
    var json = JSONWriter()
    for finding in report.incident.findings {
      json.removeAll()
      append(finding, to: &json)
      json.newline()
      try file.write(json.bytes)
    }
  }

  static func append(_ finding: Finding, to json: inout JSONWriter) {
    json.object { json in
      json.field("id", finding.id)
      json.field("rule", finding.rule)
      json.field("title", finding.title)
      json.field("severity", finding.severity.rawValue)
      json.field("confidence", finding.confidence.rawValue)
      json.field("attack", finding.attack)
      json.field("first_seen", finding.firstSeen?.description)
      json.field("last_seen", finding.lastSeen?.description)
      json.field("entities", finding.entities.map(\.text))
      json.field("evidence", array: { json in for reference in finding.evidence { append(reference, to: &json) } })
      json.field("message", finding.message)
      json.field("attributes", object: { json in append(finding.attributes, to: &json) })
    }
  }

  static func append(_ reference: EvidenceReference, to json: inout JSONWriter) {
    json.object { json in
      json.field("artifact", reference.artifact.hex)
      json.field("path", reference.path)
      json.field("locator", reference.locator.text)
    }
  }

  static func append(_ attributes: [Attribute], to json: inout JSONWriter) {
    var used: Set<String> = []
    for attribute in attributes where used.insert(attribute.name).inserted {
      switch attribute.value {
      case .text(let text): json.field(attribute.name, text)
      case .integer(let number): json.field(attribute.name, number)
      case .flag(let flag): json.field(attribute.name, flag)
      case .texts(let texts): json.field(attribute.name, texts)
      }
    }
  }
}
