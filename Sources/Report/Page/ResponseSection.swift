import Timeline

/// What to do, in order, ready to paste.
struct ResponseSection {
  let page: ReportPage

  func write(_ html: inout HTML) {
    page.heading("response", .response, &html)
    let actions = page.report.incident.response
    if actions.isEmpty {
      html.element("p", page.phrases.label(.noResponse), [("class", "empty")])
    } else {
      html.element("p", page.phrases.label(.replaceNothing), [("class", "note")])
      html.raw("<ol class=\"actions\">\n")
      for action in actions { write(action, &html) }
      html.raw("</ol>\n")
    }
    html.raw("</section>\n")
  }

  private func write(_ action: ResponseAction, _ html: inout HTML) {
    html.raw("<li><details><summary><span class=\"group\">")
    html.text(page.phrases.group(action.group))
    html.raw("</span><strong>")
    html.text(page.phrases.text(action.title))
    html.raw("</strong><span class=\"breaks\">")
    html.text(page.phrases.text(action.breaks))
    html.raw("</span></summary>\n")
    for command in action.commands {
      page.command(command.text, &html)
      if let dryRun = command.dryRun {
        html.element("p", page.phrases.label(.dryRun), [("class", "small")])
        page.command(dryRun, &html)
      }
    }
    html.raw("</details></li>\n")
  }
}
