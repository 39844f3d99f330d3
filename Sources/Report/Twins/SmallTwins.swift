import Bytes
import Evidence
import Timeline

/// `attack-layer.json` for the ATT&CK Navigator (layer format 4.5).
enum NavigatorLayer {
  static func json(_ report: ReportModel) -> [UInt8] {
    let summary = AttackSummary(report.incident.findings)
    var json = JSONWriter()
    json.object { json in
      json.field("name", "ir-analyze: " + report.title)
      json.field(
        "versions",
        object: { json in
          json.field("attack", AttackCatalog.version)
          json.field("navigator", "5.1.0")
          json.field("layer", "4.5")
        })
      json.field("domain", "enterprise-attack")
      json.field("description", report.incident.verdict.map { Phrases(.english).text($0) }.joined(separator: " "))
      json.field("sorting", 3)
      json.field(
        "techniques",
        array: { json in
          for line in summary.techniques {
            json.object { json in
              json.field("techniqueID", line.technique.id)
              json.field("score", line.severity.rank)
              json.field("comment", "\(line.count) findings, worst \(line.severity.rawValue)")
              json.field("enabled", true)
              json.field("showSubtechniques", true)
            }
          }
        })
      json.field(
        "gradient",
        object: { json in
          json.field("colors", ["#e8eef1", "#e2b93b", "#9c1230"])
          json.field("minValue", 0)
          json.field("maxValue", 4)
        })
    }
    json.newline()
    return json.bytes
  }
}

/// `bodyfile`: the artifacts' own file times, in the Sleuth Kit's format 3, for `mactime`.
enum Bodyfile {
  /// `MD5|name|inode|mode|UID|GID|size|atime|mtime|ctime|crtime`
  static func write(_ report: ReportModel, to file: OutputFile) throws {
    for artifact in report.artifacts where !artifact.times.isEmpty {
      func seconds(_ meaning: TimeMeaning) -> String {
        guard let time = artifact.times.first(where: { $0.meaning == meaning })?.time else { return "0" }
        return String(
          time.microseconds >= 0 ? time.microseconds / 1_000_000 : (time.microseconds - 999_999) / 1_000_000)
      }
      for path in artifact.paths.sorted() {
        let fields = [
          artifact.digests["md5"] ?? "0", plain(path), "0", "0", "0", "0", String(artifact.size), seconds(.access),
          seconds(.modification), seconds(.change), seconds(.creation),
        ]
        try file.write(Array((fields.joined(separator: "|") + "\n").utf8))
      }
    }
  }

  /// The format has no escapes; a bar or line break in a name would shift the columns.
  private static func plain(_ path: String) -> String {
    String(
      decoding: path.utf8.flatMap { byte -> [UInt8] in
        byte == 0x7C || byte < 0x20 || byte == 0x7F ? Array(("%" + hexadecimal([byte])).utf8) : [byte]
      }, as: UTF8.self)
  }
}
