import Bytes
import Evidence
import Timeline

/// `ocsf.jsonl`: findings as OCSF 1.4.0 Detection Findings (class 2004), one a line.
enum OCSFFile {
  private static let version = "1.4.0"

  static func write(_ report: ReportModel, to file: OutputFile) throws {
    var json = JSONWriter()
    // The class requires a time; a finding whose source has none is put at the start of the incident.
    let fallback = (report.incident.first ?? report.index.firstSeen)?.milliseconds ?? 0
    for finding in report.incident.findings {
      json.removeAll()
      json.object { json in append(finding, report, fallback, &json) }
      json.newline()
      try file.write(json.bytes)
    }
  }

  private static func append(_ finding: Finding, _ report: ReportModel, _ fallback: Int64, _ json: inout JSONWriter) {
    json.field("activity_id", 1)
    json.field("activity_name", "Create")
    json.field("category_uid", 2)
    json.field("category_name", "Findings")
    json.field("class_uid", 2004)
    json.field("class_name", "Detection Finding")
    json.field("type_uid", 200_401)
    json.field("type_name", "Detection Finding: Create")
    json.field("time", finding.firstSeen?.milliseconds ?? fallback)
    json.field("severity_id", finding.severity.rank + 1)
    json.field("severity", finding.severity.rawValue.prefix(1).uppercased() + finding.severity.rawValue.dropFirst())
    json.field("confidence_id", confidence(finding.confidence))
    json.field("is_alert", finding.severity >= .medium)
    json.field("status_id", 1)
    json.field("status", "New")
    json.field("message", finding.message)
    json.field(
      "metadata",
      object: { json in
        json.field("version", version)
        json.field("uid", finding.id)
        json.field(
          "product",
          object: { json in
            json.field("name", "ir-analyze")
            json.field("vendor_name", "ir-analyze")
            if !report.tool.version.isEmpty { json.field("version", report.tool.version) }
          })
      })
    json.field(
      "finding_info",
      object: { json in
        json.field("uid", finding.id)
        json.field("title", finding.title)
        json.field("desc", finding.message)
        json.field("first_seen_time", finding.firstSeen?.milliseconds)
        json.field("last_seen_time", finding.lastSeen?.milliseconds)
        json.field(
          "analytic",
          object: { json in
            json.field("uid", finding.rule)
            json.field("name", finding.rule)
            json.field("type_id", 1)
            json.field("type", "Rule")
          })
        if !finding.attack.isEmpty { json.field("attacks", array: { attacks(finding.attack, &$0) }) }
      })
    json.field(
      "evidences",
      array: { json in
        for place in finding.evidence {
          json.object { json in
            json.field(
              "data",
              object: { json in
                json.field("artifact_sha256", place.artifact.hex)
                json.field("path", place.path)
                json.field("locator", place.locator.text)
              })
          }
        }
      })
    if let instance = report.incident.host.instance {
      json.field(
        "resources",
        array: { json in
          json.object { json in
            json.field("uid", instance)
            json.field("type", "AWS::EC2::Instance")
          }
        })
    }
    let observables = finding.entities.compactMap { entity in kind(entity.kind).map { (entity.value, $0) } }
    if !observables.isEmpty {
      json.field(
        "observables",
        array: { json in
          for (value, (id, name, path)) in observables {
            json.object { json in
              json.field("name", path)
              json.field("type_id", id)
              json.field("type", name)
              json.field("value", value)
            }
          }
        })
    }
  }

  private static func attacks(_ ids: [String], _ json: inout JSONWriter) {
    for id in ids {
      guard let technique = AttackCatalog.technique(id) else { continue }
      let parent = String(id.prefix { $0 != "." })
      json.object { json in
        json.field("version", AttackCatalog.version)
        if let tactic = technique.tactics.first {
          json.field(
            "tactic",
            object: { json in
              json.field("uid", tactic.id)
              json.field("name", tactic.rawValue)
            })
        }
        json.field(
          "technique",
          object: { json in
            json.field("uid", parent)
            json.field("name", AttackCatalog.technique(parent)?.name ?? technique.name)
          })
        if parent != id {
          json.field(
            "sub_technique",
            object: { json in
              json.field("uid", id)
              json.field("name", technique.name)
            })
        }
      }
    }
  }

  private static func confidence(_ confidence: Confidence) -> Int {
    switch confidence {
    case .low: 1
    case .medium: 2
    case .high: 3
    }
  }

  /// The observable's type id, its caption, and the attribute that it would stand in.
  private static func kind(_ kind: Entity.Kind) -> (Int, String, String)? {
    switch kind {
    case .address: (2, "IP Address", "device.ip")
    case .domain, .host: (1, "Hostname", "device.hostname")
    case .user: (4, "User Name", "user.name")
    case .process: (15, "Process ID", "process.pid")
    case .file: (7, "File Name", "file.name")
    case .url: (6, "URL String", "url.url_string")
    case .hash: (8, "Hash", "file.hashes")
    case .accessKey: (19, "User Credential ID", "user.credential_uid")
    case .role, .account, .instance, .container: (10, "Resource UID", "resources.uid")
    case .socket: nil
    }
  }
}

extension Timestamp {
  /// Since 1970, rounded down.
  var milliseconds: Int64 { microseconds >= 0 ? microseconds / 1000 : (microseconds - 999) / 1000 }
}
