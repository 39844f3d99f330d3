import Bytes
import Evidence
import Timeline

/// `incident.json`: the story for machines, in English.
enum IncidentFile {
  static func json(_ report: ReportModel) -> [UInt8] {
    let incident = report.incident
    let phrases = Phrases(.english)
    var json = JSONWriter()
    json.object { json in
      json.field("version", 1)
      json.field("title", report.title)
      json.field("severity", incident.severity?.rawValue)
      json.field("verdict", incident.verdict.map { phrases.text($0) })
      json.field("first", incident.first?.description)
      json.field("last", incident.last?.description)
      json.field("host", object: { host(incident.host, to: &$0) })
      json.field("attackers", incident.attackers)
      json.field("entities", array: { json in for entity in incident.entities { append(entity, to: &json) } })
      json.field("edges", array: { json in for edge in incident.edges { append(edge, phrases, to: &json) } })
      json.field("steps", array: { json in for step in incident.steps { append(step, phrases, to: &json) } })
      json.field(
        "response",
        array: { json in
          for (number, action) in incident.response.enumerated() { append(action, number + 1, phrases, to: &json) }
        })
      json.field(
        "exposures", array: { json in for exposure in incident.exposures { append(exposure, report, to: &json) } })
      json.field(
        "credentials", array: { json in for one in incident.credentials { CredentialJSON.append(one, to: &json) } })
      json.field("clock", array: { json in for skew in incident.skews { append(skew, phrases, to: &json) } })
      json.field("sources", array: { json in for source in incident.sources { append(source, to: &json) } })
      json.field("counts", object: { counts(report, to: &$0) })
      json.field("limits", incident.limits)
      json.field("coverage", object: { coverage(report, to: &$0) })
      json.field("custody", object: { custody(report, to: &$0) })
    }
    json.newline()
    return json.bytes
  }

  private static func host(_ host: HostFacts, to json: inout JSONWriter) {
    json.field("instance", host.instance)
    json.field("account", host.account)
    json.field("region", host.region)
    json.field("role", host.role)
    json.field("hostname", host.hostname)
    json.field("interface", host.interface)
    json.field("addresses", host.addresses)
  }

  private static func append(_ entity: StoryEntity, to json: inout JSONWriter) {
    json.object { json in
      json.field("id", entity.entity.text)
      json.field("kind", entity.entity.kind.rawValue)
      json.field("value", entity.entity.value)
      json.field("label", entity.label)
      json.field("side", entity.side.rawValue)
      json.field("first_seen", entity.first?.description)
      json.field("last_seen", entity.last?.description)
      json.field("severity", entity.severity.rawValue)
      json.field("findings", entity.findings)
    }
  }

  private static func append(_ edge: Edge, _ phrases: Phrases, to json: inout JSONWriter) {
    json.object { json in
      json.field("from", edge.from.text)
      json.field("to", edge.to.text)
      json.field("relation", phrases.text(Phrase(edge.relation)))
      json.field("key", edge.key)
      json.field("tolerance_seconds", milliseconds: edge.tolerance)
      json.field("distance_seconds", milliseconds: edge.distance)
      json.field("evidence", array: { json in for place in edge.evidence { FindingsFile.append(place, to: &json) } })
    }
  }

  private static func append(_ step: Step, _ phrases: Phrases, to json: inout JSONWriter) {
    json.object { json in
      json.field("id", step.id)
      json.field("stage", step.stage.rawValue)
      json.field("time", step.first?.description)
      json.field("last", step.last?.description)
      json.field("title", phrases.text(step.title))
      json.field("status", step.status.rawValue)
      json.field("basis", step.basis.map { phrases.text($0) })
      json.field("severity", step.severity.rawValue)
      json.field("findings", step.findings)
      json.field("entities", step.entities.map(\.text))
      json.field(
        "facts",
        array: { json in
          for fact in step.facts {
            json.object { json in
              json.field("time", fact.time?.description)
              json.field("text", fact.text)
              json.field("sources", fact.sources.map(\.rawValue))
              json.field("findings", fact.findings)
              json.field(
                "evidence", array: { json in for place in fact.evidence { FindingsFile.append(place, to: &json) } })
            }
          }
        })
      json.field(
        "evidence",
        array: { json in
          for place in step.evidence.prefix(200) { FindingsFile.append(place, to: &json) }
        })
    }
  }

  private static func append(_ action: ResponseAction, _ order: Int, _ phrases: Phrases, to json: inout JSONWriter) {
    json.object { json in
      json.field("order", order)
      json.field("group", action.group.rawValue)
      json.field("title", phrases.text(action.title))
      json.field("breaks", phrases.text(action.breaks))
      json.field(
        "commands",
        array: { json in
          for command in action.commands {
            json.object { json in
              json.field("command", command.text)
              json.field("dry_run", command.dryRun)
            }
          }
        })
    }
  }

  private static func append(_ exposure: Exposure, _ report: ReportModel, to json: inout JSONWriter) {
    json.object { json in
      json.field("kind", exposure.kind.rawValue)
      json.field("fingerprint", exposure.fingerprint)
      json.field("access_key", exposure.accessKey)
      json.field("artifact", exposure.artifact.hex)
      json.field("path", report.byDigest[exposure.artifact]?.name)
      json.field("locator", exposure.locator.text)
      if exposure.accessKey != nil {
        json.field(
          "used_from", array: { json in for place in exposure.uses { CredentialJSON.append(place, to: &json) } })
      }
    }
  }

  private static func append(_ skew: ClockSkew, _ phrases: Phrases, to json: inout JSONWriter) {
    json.object { json in
      json.field("host", skew.host)
      json.field("source", skew.sourceName?.lowercased() ?? skew.source.rawValue)
      json.field("reference", skew.referenceName?.lowercased() ?? skew.reference.rawValue)
      json.field("seconds", milliseconds: skew.seconds)
      json.field("spread_seconds", milliseconds: skew.spread)
      json.field("pairs", skew.pairs)
      json.field("corrected", skew.isCorrected)
      json.field("method", phrases.text(skew.method))
    }
  }

  private static func append(_ source: SourceFacts, to json: inout JSONWriter) {
    json.object { json in
      json.field("source", source.source.rawValue)
      json.field("events", source.events)
      json.field("first", source.first?.description)
      json.field("last", source.last?.description)
    }
  }

  private static func counts(_ report: ReportModel, to json: inout JSONWriter) {
    json.field("events", report.index.total)
    json.field("timeline", report.eventCount)
    json.field("copies_joined", report.copies)
    json.field(
      "without_time",
      object: { json in
        for (type, count) in report.index.untimed.sorted(by: { $0.key < $1.key }) { json.field(type, count) }
      })
    json.field(
      "findings",
      object: { json in
        for severity in Severity.allCases.reversed() {
          json.field(severity.rawValue, report.incident.findings.filter { $0.severity == severity }.count)
        }
      })
  }

  private static func coverage(_ report: ReportModel, to json: inout JSONWriter) {
    let coverage = report.coverage
    json.field("artifacts", coverage.artifactCount)
    json.field("parsed", coverage.parsed)
    json.field("scanned_only", coverage.scanned)
    json.field("skipped", coverage.skipped)
    json.field("without_record", coverage.unlisted)
    json.field("skipped_bytes", coverage.skippedBytes)
    json.field(
      "ranges",
      array: { json in
        for line in coverage.lines {
          json.object { json in
            json.field("artifact", line.artifact?.hex)
            json.field("path", line.path)
            json.field("analyzer", line.analyzer)
            json.field("state", line.state.rawValue)
            json.field("start", line.start)
            json.field("end", line.end)
            if !line.encodings.isEmpty { json.field("encodings", line.encodings) }
            json.field("reason", line.reason)
          }
        }
      })
  }

  private static func custody(_ report: ReportModel, to json: inout JSONWriter) {
    json.field("tool", "ir-analyze")
    json.field("tool_version", report.tool.version)
    json.field(
      "rules",
      object: { json in
        for (name, fingerprint) in report.tool.rules.sorted(by: { $0.key < $1.key }) { json.field(name, fingerprint) }
      })
    json.field("signers", report.custody.signers)
    json.field("unsigned_artifacts", report.custody.unsigned)
    json.field(
      "collector_hashes",
      array: { json in
        for check in report.custody.checks {
          json.object { json in
            json.field("verdict", check.verdict)
            json.field("text", check.sentence)
          }
        }
      })
    json.field(
      "artifacts",
      array: { json in
        for artifact in report.artifacts {
          json.object { json in
            json.field("sha256", artifact.digest.hex)
            for (name, digest) in artifact.digests.sorted(by: { $0.key < $1.key }) where name != "sha256" {
              json.field(name, digest)
            }
            json.field("paths", artifact.paths.sorted())
            json.field("size", artifact.size)
            json.field("kind", artifact.kind)
            json.field("parent", artifact.parent?.hex)
            json.field("s3_version", artifact.version)
          }
        }
      })
  }
}

extension JSONWriter {
  /// Seconds with three decimals, written by hand so that every machine writes the same digits.
  mutating func field(_ name: String, milliseconds seconds: Double?) {
    guard let seconds, seconds.isFinite, abs(seconds) < 1e12 else { return }
    key(name)
    raw(Array(Decimals.text(seconds).utf8))
  }
}

enum Decimals {
  /// `-1.250`
  static func text(_ seconds: Double) -> String {
    guard seconds.isFinite, abs(seconds) < 1e12 else { return "0" }
    let thousandths = Int64((seconds * 1000).rounded())
    let fraction = String(thousandths.magnitude % 1000)
    return (thousandths < 0 ? "-" : "") + "\(thousandths.magnitude / 1000)."
      + String(repeating: "0", count: 3 - fraction.count) + fraction
  }
}
