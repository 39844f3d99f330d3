import Evidence
import Timeline

/// Every finding with the place it rests on.
struct FindingsSection {
  let page: ReportPage

  func write(_ html: inout HTML) {
    page.heading("findings", .findings, &html)
    let all = page.report.incident.findings
    let shown = all.prefix(page.report.options.maximumPageFindings)
    if all.isEmpty { html.element("p", page.phrases.label(.noFindings), [("class", "empty")]) }
    if all.count > shown.count {
      html.element(
        "p", page.fill(.findingsCut, Format.count(shown.count), Format.count(all.count - shown.count)),
        [("class", "note")])
    }
    html.raw("<div class=\"tools\" id=\"severities\" role=\"group\"")
    html.attribute("aria-label", page.phrases.label(.filterFindings))
    html.raw(">")
    for severity in Severity.allCases.reversed() {
      let count = all.filter { $0.severity == severity }.count
      guard count > 0 else { continue }
      html.raw("<label class=\"check\"><input type=\"checkbox\" checked")
      html.attribute("value", severity.rawValue)
      html.raw(">")
      html.element(
        "span", "\(page.phrases.severity(severity)) \(Format.count(count))", [("class", "dot \(severity.rawValue)")])
      html.raw("</label>")
    }
    html.raw("</div>\n<div class=\"findings\">\n")
    for finding in shown { write(finding, &html) }
    html.raw("</div></section>\n")
  }

  private func write(_ finding: Finding, _ html: inout HTML) {
    html.open(
      "details",
      [
        ("class", "finding \(finding.severity.rawValue)"), ("id", "finding-" + finding.id),
        ("data-severity", finding.severity.rawValue),
      ])
    html.raw("<summary>")
    page.severity(finding.severity, &html)
    html.raw("<strong>")
    html.text(finding.title)
    html.raw("</strong>")
    if let time = finding.firstSeen { html.element("time", Format.dateTime(time)) }
    html.raw("<span class=\"text\">")
    html.text(TimelineRecord.cut(finding.message, to: 2000))
    html.raw("</span></summary>\n<dl class=\"facts\">")
    pair(.rule, finding.rule, &html)
    pair(.confidence, page.phrases.confidence(finding.confidence), &html)
    if !finding.attack.isEmpty { pair(.technique, finding.attack.map(technique).joined(separator: " · "), &html) }
    if let last = finding.lastSeen, last != finding.firstSeen { pair(.until, Format.dateTime(last), &html) }
    html.raw("</dl>\n")
    if !finding.attributes.isEmpty { attributes(finding.attributes, &html) }
    if !finding.entities.isEmpty {
      html.raw("<p class=\"chips\">")
      for entity in finding.entities.prefix(24) { html.element("span", entity.text, [("class", "chip")]) }
      html.raw("</p>\n")
    }
    html.raw("<ul class=\"places\">\n")
    for reference in finding.evidence.prefix(10) { page.evidence(reference, &html) }
    html.raw("</ul>\n")
    if finding.evidence.count > 10 {
      html.element("p", page.fill(.more, Format.count(finding.evidence.count - 10)), [("class", "note")])
    }
    html.element("p", finding.id, [("class", "small id")])
    html.raw("</details>\n")
  }

  private func pair(_ label: Label, _ value: String, _ html: inout HTML) {
    html.raw("<div>")
    html.element("dt", page.phrases.label(label))
    html.element("dd", value)
    html.raw("</div>")
  }

  private func technique(_ id: String) -> String {
    AttackCatalog.technique(id).map { "\(id) \($0.name)" } ?? id
  }

  private func attributes(_ attributes: [Attribute], _ html: inout HTML) {
    html.raw("<div class=\"scroll\"><table class=\"attributes\"><tbody>\n")
    for attribute in attributes.prefix(40) {
      html.raw("<tr><th>")
      html.text(attribute.name)
      html.raw("</th><td><code>")
      html.text(TimelineRecord.cut(attribute.value.text, to: 4000))
      html.raw("</code></td></tr>\n")
    }
    html.raw("</tbody></table></div>\n")
  }
}
