import Evidence
import Timeline

/// What was not looked at, and why. Silence never means clean.
struct CoverageSection {
  let page: ReportPage

  private static let maximumLines = 400

  func write(_ html: inout HTML) {
    page.heading("coverage", .coverage, &html)
    let coverage = page.report.coverage
    html.raw("<dl class=\"figures\">")
    for (label, count) in [
      (Label.parsed, coverage.parsed), (.scanned, coverage.scanned), (.skipped, coverage.skipped),
      (.unrecorded, coverage.unlisted),
    ] {
      html.raw("<div>")
      html.element("dt", page.phrases.label(label))
      html.element("dd", Format.count(count))
      html.raw("</div>")
    }
    html.raw("</dl>\n")
    let gaps = coverage.gaps
    if gaps.isEmpty {
      html.element("p", page.phrases.label(.noGaps), [("class", "empty")])
    } else {
      reasons(coverage, &html)
      list(gaps, &html)
    }
    clocks(&html)
    let limits = page.report.incident.limits
    if !limits.isEmpty {
      html.element("h3", page.phrases.label(.limits))
      html.raw("<ul>")
      for limit in limits { html.element("li", limit) }
      html.raw("</ul>\n")
    }
    html.raw("</section>\n")
  }

  private func reasons(_ coverage: CoverageSummary, _ html: inout HTML) {
    html.raw("<div class=\"scroll\"><table><thead><tr>")
    for label in [Label.because, .artifacts, .bytes] { html.element("th", page.phrases.label(label)) }
    html.raw("</tr></thead><tbody>\n")
    for line in coverage.reasons.prefix(100) {
      html.raw("<tr>")
      html.element("td", line.reason)
      html.element("td", Format.count(line.artifacts), [("class", "number")])
      html.element("td", Format.bytes(line.bytes), [("class", "number")])
      html.raw("</tr>\n")
    }
    html.raw("</tbody></table></div>\n")
  }

  private func list(_ gaps: [CoverageSummary.Line], _ html: inout HTML) {
    html.raw("<details class=\"whole\"><summary>")
    html.text("\(page.phrases.label(.artifacts)) (\(Format.count(gaps.count)))")
    html.raw("</summary><div class=\"scroll\"><table><thead><tr>")
    for label in [Label.artifact, .range, .status, .analyzer, .because] {
      html.element("th", page.phrases.label(label))
    }
    html.raw("</tr></thead><tbody>\n")
    for line in gaps.prefix(Self.maximumLines) {
      html.raw("<tr>")
      html.element("td", line.path, [("class", "path")])
      html.element("td", "\(line.start)–\(line.end)", [("class", "number")])
      html.element("td", page.phrases.label(line.state == .scanned ? .scanned : .skipped))
      html.element("td", line.analyzer)
      html.element("td", line.reason ?? "")
      html.raw("</tr>\n")
    }
    html.raw("</tbody></table></div>")
    if gaps.count > Self.maximumLines {
      html.element("p", page.fill(.more, Format.count(gaps.count - Self.maximumLines)), [("class", "note")])
    }
    html.raw("</details>\n")
  }

  private func clocks(_ html: inout HTML) {
    html.element("h3", page.phrases.label(.clocks))
    let skews = page.report.incident.skews
    if skews.isEmpty { html.element("p", page.phrases.label(.clockNone), [("class", "note")]) }
    for skew in skews {
      html.element(
        "p",
        page.fill(
          .clockLine, skew.sourceName ?? page.phrases.source(skew.source), Decimals.text(skew.seconds),
          skew.referenceName ?? page.phrases.source(skew.reference), Decimals.text(skew.spread),
          page.phrases.text(skew.method))
          + (skew.isCorrected ? " " + page.fill(.clockCorrected, skew.host ?? page.report.incident.host.name) : ""))
    }
  }
}
