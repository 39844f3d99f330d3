import Timeline

/// The steps one by one, each with what shows it.
struct StorySection {
  let page: ReportPage

  /// Facts that a step shows at once; the rest are in `incident.json`.
  private static let maximumFacts = 60

  func write(_ html: inout HTML) {
    page.heading("story", .story, &html)
    let steps = page.report.incident.steps
    if steps.isEmpty { html.element("p", page.phrases.label(.noSteps), [("class", "empty")]) }
    html.raw("<ol class=\"steps\">\n")
    for step in steps { write(step, &html) }
    html.raw("</ol></section>\n")
  }

  private func write(_ step: Step, _ html: inout HTML) {
    html.open("li", [("id", "step-" + step.id), ("class", "step \(step.status.rawValue) \(step.severity.rawValue)")])
    html.raw("<div class=\"when\"><time>")
    html.text(step.first.map { Format.clock($0) } ?? "—")
    html.raw("</time>")
    if let last = step.last, let first = step.first, Format.clock(last) != Format.clock(first) {
      html.raw("<time class=\"until\">")
      html.text(Format.clock(last))
      html.raw("</time>")
    }
    html.raw("</div><div class=\"what\"><h3>")
    html.text(page.phrases.text(step.title))
    html.element("span", page.phrases.status(step.status), [("class", "key " + step.status.rawValue)])
    html.raw("</h3>\n")
    if let basis = step.basis { html.element("p", page.phrases.text(basis), [("class", "note")]) }
    html.raw("<ul class=\"said\">\n")
    for fact in step.facts.prefix(Self.maximumFacts) { write(fact, &html) }
    html.raw("</ul>\n")
    if step.facts.count > Self.maximumFacts {
      html.element("p", page.fill(.more, Format.count(step.facts.count - Self.maximumFacts)), [("class", "note")])
    }
    html.raw("</div></li>\n")
  }

  private func write(_ fact: Fact, _ html: inout HTML) {
    html.raw("<li><details><summary>")
    html.element("time", fact.time.map { Format.clock($0) } ?? "—")
    html.raw("<span class=\"text\">")
    html.text(fact.text)
    html.raw("</span><span class=\"sources\">")
    for source in fact.sources { html.element("span", page.phrases.source(source), [("class", "chip")]) }
    html.raw("</span></summary><ul class=\"places\">\n")
    for reference in fact.evidence.prefix(12) { page.evidence(reference, &html) }
    html.raw("</ul>")
    if fact.evidence.count > 12 {
      html.element("p", page.fill(.more, Format.count(fact.evidence.count - 12)), [("class", "note")])
    }
    html.raw("</details></li>\n")
  }
}
