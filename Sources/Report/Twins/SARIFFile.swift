import Bytes
import Evidence
import Timeline

/// `findings.sarif`: findings in SARIF 2.1.0, for viewers that developers have.
enum SARIFFile {
  static func json(_ report: ReportModel) -> [UInt8] {
    let findings = report.incident.findings
    var rules: [String: Finding] = [:]
    for finding in findings where rules[finding.rule] == nil { rules[finding.rule] = finding }
    let names = rules.keys.sorted()
    let numbers = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let used = Set(findings.flatMap(\.evidence).map(\.artifact))
    let artifacts = report.artifacts.filter { used.contains($0.digest) }
    var json = JSONWriter()
    json.object { json in
      json.field("$schema", "https://json.schemastore.org/sarif-2.1.0.json")
      json.field("version", "2.1.0")
      json.field(
        "runs",
        array: { json in
          json.object { json in
            json.field(
              "tool",
              object: { json in
                json.field(
                  "driver",
                  object: { json in
                    json.field("name", "ir-analyze")
                    if !report.tool.version.isEmpty { json.field("version", report.tool.version) }
                    json.field(
                      "rules",
                      array: { json in
                        for name in names { if let sample = rules[name] { append(rule: sample, &json) } }
                      })
                  })
              })
            json.field(
              "artifacts",
              array: { json in
                for artifact in artifacts {
                  json.object { json in
                    json.field("location", object: { $0.field("uri", uri(artifact.name)) })
                    json.field("length", Int64(clamping: artifact.size))
                    json.field("hashes", object: { $0.field("sha-256", artifact.digest.hex) })
                  }
                }
              })
            json.field(
              "results",
              array: { json in
                for finding in findings { append(finding, numbers[finding.rule] ?? 0, &json) }
              })
            json.field("columnKind", "utf16CodeUnits")
          }
        })
    }
    json.newline()
    return json.bytes
  }

  private static func append(rule sample: Finding, _ json: inout JSONWriter) {
    json.object { json in
      json.field("id", sample.rule)
      json.field("shortDescription", object: { $0.field("text", sample.title) })
      json.field("defaultConfiguration", object: { $0.field("level", level(sample.severity)) })
      json.field(
        "properties",
        object: { json in
          json.field("tags", sample.attack)
          // The scale that viewers sort by.
          json.field("security-severity", ["1.0", "3.0", "5.0", "8.0", "9.5"][min(sample.severity.rank, 4)])
        })
    }
  }

  private static func append(_ finding: Finding, _ number: Int, _ json: inout JSONWriter) {
    json.object { json in
      json.field("ruleId", finding.rule)
      json.field("ruleIndex", number)
      json.field("guid", finding.id)
      json.field("level", level(finding.severity))
      json.field("message", object: { $0.field("text", finding.message.isEmpty ? finding.title : finding.message) })
      json.field("locations", array: { json in for place in finding.evidence.prefix(10) { append(place, &json) } })
      json.field("partialFingerprints", object: { $0.field("finding/v1", finding.id) })
      json.field(
        "properties",
        object: { json in
          json.field("severity", finding.severity.rawValue)
          json.field("confidence", finding.confidence.rawValue)
          json.field("firstSeen", finding.firstSeen?.description)
          json.field("entities", finding.entities.map(\.text))
        })
    }
  }

  private static func append(_ place: EvidenceReference, _ json: inout JSONWriter) {
    json.object { json in
      json.field(
        "physicalLocation",
        object: { json in
          json.field("artifactLocation", object: { $0.field("uri", uri(place.path ?? place.artifact.hex)) })
          // A region counts bytes of the file as it is, so what lies inside an encoding has none.
          let locator = place.locator
          if locator.encodings.isEmpty, let offset = locator.offset, let start = Int64(exactly: offset) {
            json.field(
              "region",
              object: { json in
                json.field("byteOffset", start)
                json.field("byteLength", Int64(clamping: locator.length ?? 0))
              })
          } else if locator.encodings.isEmpty, let line = locator.line, line > 0 {
            json.field("region", object: { $0.field("startLine", line) })
          }
        })
      json.field(
        "logicalLocations",
        array: { json in
          json.object { $0.field("fullyQualifiedName", "\(place.artifact.hex):\(place.locator.text)") }
        })
    }
  }

  private static func level(_ severity: Severity) -> String {
    switch severity {
    case .critical, .high: "error"
    case .medium: "warning"
    case .low, .informational: "note"
    }
  }

  /// A relative reference (RFC 3986): all but unreserved characters and slashes as percent escapes.
  static func uri(_ path: String) -> String {
    var out: [UInt8] = []
    for byte in path.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x2F, 0x5F, 0x7E: out.append(byte)
      default:
        out.append(0x25)
        out.append(contentsOf: hexadecimal([byte]).uppercased().utf8)
      }
    }
    return String(decoding: out, as: UTF8.self)
  }
}
