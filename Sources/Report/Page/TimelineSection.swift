import Timeline

/// The frame of the drawn timeline and of its list; the script fills both.
struct TimelineSection {
  let page: ReportPage

  func write(_ html: inout HTML) {
    page.heading("timeline", .timeline, &html)
    let report = page.report
    let left = report.eventCount - report.rows.count
    html.raw("<p class=\"note\">")
    html.text(
      left > 0
        ? page.fill(.carriesSome, Format.count(report.rows.count), Format.count(left))
        : page.fill(.carriesAll, Format.count(report.rows.count)))
    let untimed = report.index.total - report.eventCount
    if untimed > 0 { html.text(" " + page.fill(.untimed, Format.count(untimed))) }
    html.raw("</p>\n<noscript><p class=\"note\">")
    html.text(page.phrases.label(.needsScript))
    html.raw("</p></noscript>\n<div class=\"tools\">")
    button("fit-incident", .fitIncident, &html)
    button("fit-all", .fitAll, &html)
    button("zoom-in", .zoomIn, &html)
    button("zoom-out", .zoomOut, &html)
    html.raw("<span class=\"gap\"></span>")
    html.raw("<select id=\"lane\"")
    html.attribute("aria-label", page.phrases.label(.source))
    html.raw("></select>")
    check("only-evidence", .onlyEvidence, &html)
    check("only-story", .onlyStory, &html)
    check("only-visible", .onlyVisible, &html)
    html.raw("</div>\n<div class=\"chart\"><canvas id=\"overview\" height=\"34\" aria-hidden=\"true\"></canvas>")
    html.raw("<canvas id=\"lanes\" tabindex=\"0\" role=\"img\"")
    html.attribute("aria-label", page.phrases.label(.timeline) + ". " + page.phrases.label(.keys))
    html.raw("></canvas><div id=\"tip\" hidden></div></div>\n<p class=\"small\">")
    html.text(page.phrases.label(.keys))
    html.raw("</p>\n<div class=\"rows\"><div class=\"row head\">")
    for label in [Label.time, .source, .message] { html.element("span", page.phrases.label(label)) }
    html.raw("</div><div id=\"list\" tabindex=\"0\" role=\"listbox\"")
    html.attribute("aria-label", page.phrases.label(.timeline))
    html.raw("><div id=\"space\"></div></div></div>\n<p id=\"shown\" class=\"small\" aria-live=\"polite\"></p>\n")
    html.raw("<div id=\"detail\" class=\"detail\"><p class=\"note\">")
    html.text(page.phrases.label(.nothingSelected))
    html.raw("</p></div></section>\n")
  }

  private func button(_ id: StaticString, _ label: Label, _ html: inout HTML) {
    html.raw("<button type=\"button\" id=\"")
    html.raw(id)
    html.raw("\">")
    html.text(page.phrases.label(label))
    html.raw("</button>")
  }

  private func check(_ id: StaticString, _ label: Label, _ html: inout HTML) {
    html.raw("<label class=\"check\"><input type=\"checkbox\" id=\"")
    html.raw(id)
    html.raw("\">")
    html.text(page.phrases.label(label))
    html.raw("</label>")
  }
}
