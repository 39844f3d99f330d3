import Evidence
import Timeline

/// Three sentences that a tired reader can act on, and the facts behind them.
struct VerdictSection {
  let page: ReportPage

  func write(_ html: inout HTML) {
    let incident = page.report.incident
    html.open("section", [("id", "verdict"), ("class", incident.severity?.rawValue ?? "informational")])
    html.raw("<p class=\"kicker\">")
    if let severity = incident.severity { page.severity(severity, &html) }
    if let first = incident.first, let last = incident.last {
      let from = Format.date(first) + " " + Format.clock(first)
      let until = (Format.date(first) == Format.date(last) ? "" : Format.date(last) + " ") + Format.clock(last)
      html.text(" \(from) – \(until) UTC")
      let seconds = (Double(last.nanoseconds) - Double(first.nanoseconds)) / 1e9
      html.text(" · " + Format.duration(seconds))
    }
    html.raw("</p>\n<h1>")
    html.text(incident.verdict.first.map { page.phrases.text($0) } ?? "")
    html.raw("</h1>\n")
    for sentence in incident.verdict.dropFirst() { html.element("p", page.phrases.text(sentence), [("class", "lead")]) }
    facts(incident, &html)
    html.raw("</section>\n")
  }

  private func facts(_ incident: Incident, _ html: inout HTML) {
    var facts: [(Label, String)] = []
    let host = incident.host
    let names = [host.instance, host.hostname].compactMap { $0 } + host.addresses.prefix(4)
    if !names.isEmpty { facts.append((.host, names.joined(separator: " · "))) }
    let account = [host.account, host.region].compactMap { $0 }
    if !account.isEmpty { facts.append((.account, account.joined(separator: " · "))) }
    if let role = host.role { facts.append((.role, role)) }
    if !incident.attackers.isEmpty {
      facts.append((.attacker, incident.attackers.prefix(6).joined(separator: " · ")))
    }
    html.raw("<dl class=\"facts\">")
    for (label, value) in facts {
      html.raw("<div>")
      html.element("dt", page.phrases.label(label))
      html.element("dd", value)
      html.raw("</div>")
    }
    html.raw("<div>")
    html.element("dt", page.phrases.label(.findings))
    html.raw("<dd class=\"tally\">")
    for severity in Severity.allCases.reversed() {
      let count = incident.findings.filter { $0.severity == severity }.count
      if count > 0 {
        html.element(
          "span", "\(Format.count(count)) \(page.phrases.severity(severity))", [("class", "dot \(severity.rawValue)")])
      }
    }
    html.raw("</dd></div></dl>\n")
  }
}
