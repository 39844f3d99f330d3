import Evidence
import Timeline

/// `report.md`: the report for tickets and terminals.
struct MarkdownReport {
  let report: ReportModel
  private let phrases: Phrases

  private static let maximumFacts = 30

  init(_ report: ReportModel) {
    self.report = report
    phrases = report.phrases
  }

  func bytes() -> [UInt8] {
    var out = Markdown()
    let incident = report.incident
    out.line("# \(phrases.label(.report)): \(Markdown.text(report.title))")
    out.line()
    if let severity = incident.severity { out.line("**\(phrases.severity(severity))**") }
    out.line()
    for sentence in incident.verdict {
      out.line(Markdown.text(phrases.text(sentence)))
      out.line()
    }
    out.line(phrases.label(.times))
    response(&out)
    story(&out)
    findings(&out)
    techniques(&out)
    coverage(&out)
    custody(&out)
    exposures(&out)
    return out.bytes
  }

  private func exposures(_ out: inout Markdown) {
    heading(.exposures, &out)
    let exposures = report.incident.exposures
    out.line(phrases.label(exposures.isEmpty ? .noExposures : .secretsMasked))
    out.line()
    for exposure in exposures.prefix(Self.maximumFacts) {
      let uses = phrases.uses(of: exposure)
      out.line(
        "- \(exposure.kind.rawValue) `\(exposure.fingerprint)` \(Markdown.text(report.byDigest[exposure.artifact]?.name ?? ""))"
          + " \(Markdown.code(exposure.locator.text))" + (uses.isEmpty ? "" : ": \(Markdown.text(uses))"))
    }
    if exposures.count > Self.maximumFacts {
      out.line()
      out.line(fill(.more, exposures.count - Self.maximumFacts) + " (incident.json)")
    }
  }

  private func heading(_ label: Label, _ out: inout Markdown) {
    out.line()
    out.line("## \(phrases.label(label))")
    out.line()
  }

  private func response(_ out: inout Markdown) {
    heading(.response, &out)
    if report.incident.response.isEmpty { out.line(phrases.label(.noResponse)) }
    for (number, action) in report.incident.response.enumerated() {
      out.line(
        "\(number + 1). **\(phrases.group(action.group))**: \(Markdown.text(phrases.text(action.title))). "
          + "\(phrases.label(.breaks)): \(Markdown.text(phrases.text(action.breaks)))")
      for command in action.commands { out.line("   - \(Markdown.code(command.text))") }
    }
  }

  private func story(_ out: inout Markdown) {
    heading(.story, &out)
    if report.incident.steps.isEmpty { out.line(phrases.label(.noSteps)) }
    for step in report.incident.steps {
      let time = step.first.map { Format.dateTime($0) } ?? "—"
      out.line("### \(time) \(Markdown.text(phrases.text(step.title))) (\(phrases.status(step.status)))")
      out.line()
      if let basis = step.basis { out.line("*\(Markdown.text(phrases.text(basis)))*\n") }
      for fact in step.facts.prefix(Self.maximumFacts) {
        let sources = fact.sources.map { phrases.source($0) }.joined(separator: ", ")
        out.line(
          "- \(fact.time.map { Format.clock($0) } ?? "—") \(Markdown.text(TimelineRecord.cut(fact.text, to: 1000))) "
            + "(\(sources))")
        if let place = fact.evidence.first {
          out.line("  \(Markdown.code("\(place.artifact.hex) \(place.locator.text)"))")
        }
      }
      if step.facts.count > Self.maximumFacts {
        out.line("- " + fill(.more, step.facts.count - Self.maximumFacts))
      }
      out.line()
    }
  }

  private func findings(_ out: inout Markdown) {
    heading(.findings, &out)
    let all = report.incident.findings
    if all.isEmpty { out.line(phrases.label(.noFindings)) }
    for finding in all.prefix(report.options.maximumPageFindings) {
      out.line(
        "- **\(phrases.severity(finding.severity))** \(Markdown.text(finding.title)) \(Markdown.code(finding.rule))"
          + (finding.firstSeen.map { " \(Format.dateTime($0))" } ?? "")
          + (finding.attack.isEmpty ? "" : " \(Markdown.text(finding.attack.joined(separator: ", ")))"))
      out.line("  \(Markdown.text(TimelineRecord.cut(finding.message, to: 1500)))")
      for place in finding.evidence.prefix(3) {
        out.line("  - \(Markdown.text(place.path ?? "")) \(Markdown.code(ShowCommand.text(place)))")
      }
    }
    if all.count > report.options.maximumPageFindings {
      out.line("- " + fill(.more, all.count - report.options.maximumPageFindings) + " (findings.jsonl)")
    }
  }

  private func techniques(_ out: inout Markdown) {
    heading(.matrix, &out)
    let summary = AttackSummary(report.incident.findings)
    if summary.techniques.isEmpty { out.line(phrases.label(.noTechniques)) }
    for line in summary.techniques { out.line("- \(line.technique.id) \(line.technique.name): \(line.count)") }
  }

  private func coverage(_ out: inout Markdown) {
    heading(.coverage, &out)
    let coverage = report.coverage
    out.line(
      "\(phrases.label(.parsed)): \(coverage.parsed) · \(phrases.label(.scanned)): \(coverage.scanned) · "
        + "\(phrases.label(.skipped)): \(coverage.skipped) · \(phrases.label(.unrecorded)): \(coverage.unlisted)")
    out.line()
    if coverage.gaps.isEmpty { out.line(phrases.label(.noGaps)) }
    for reason in coverage.reasons.prefix(50) {
      out.line(
        "- \(Markdown.text(reason.reason)): \(reason.artifacts) \(phrases.label(.artifacts)), \(Format.bytes(reason.bytes))"
      )
    }
    for skew in report.incident.skews.prefix(64) {
      let words = [
        skew.sourceName ?? phrases.source(skew.source), Decimals.text(skew.seconds),
        skew.referenceName ?? phrases.source(skew.reference), Decimals.text(skew.spread), phrases.text(skew.method),
      ]
      let line = words.enumerated().reduce(phrases.label(.clockLine)) { text, word in
        text.replacing("{\(word.offset)}", with: word.element)
      }
      out.line("\n\(phrases.label(.clocks)): \(Markdown.text(line))")
    }
  }

  private func custody(_ out: inout Markdown) {
    heading(.custody, &out)
    out.line("ir-analyze \(Markdown.text(report.tool.version))")
    out.line()
    out.line("| SHA-256 | \(phrases.label(.size)) | \(phrases.label(.artifact)) |")
    out.line("| --- | ---: | --- |")
    for artifact in report.artifacts.prefix(1000) {
      out.line("| \(artifact.digest.hex) | \(artifact.size) | \(Markdown.cell(Markdown.code(artifact.name))) |")
    }
    if report.artifacts.count > 1000 { out.line("\n" + fill(.more, report.artifacts.count - 1000)) }
  }

  private func fill(_ label: Label, _ number: Int) -> String {
    phrases.label(label).replacing("{0}", with: Format.count(number))
  }
}
